import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { delayAfter, hasDeadline } from '../domain/steps.ts';
import type { Step, Trade } from '../domain/trade.ts';
import type { Answered, Provider } from '../providers/provider.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';
import type { Outcome, Settle, Settled } from './settle.ts';
import type { Wallets } from './wallets.ts';

/** What is known of a watched trade beyond its row; lost with the process, and then learnt anew. */
interface Watched {
  trade: Trade;
  /** Monotonic time of the next step; Infinity while one is under way. */
  dueMs: number;
  /** Steps in a row that brought nothing new: the basis of back-off. */
  attempts: number;
  asking: boolean;
  nextAskAtMs: number | null;
  lastCheckedAtMs: number | null;
  /** The last outcome of each step, so that only news is kept. */
  lastOutcomes: Map<Step, string>;
}

/** Questions under way at once; more would only queue at the wallets. */
const ASKING_MAX = 16;
/** The wall clock is looked at this often, so that a jump of it cannot make a deadline late. */
const TICK_MS = 1_000;

/**
 * Watches every trade that still needs its wallet: takes its next step when due, one at a time per trade,
 * and lets its deadline pass. What must survive a restart is in the trade's row (`next_step`,
 * `expires_at_ms`); `start` reads it back.
 */
export type Watch = ReturnType<typeof createWatch>;

export function createWatch(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  store: Store;
  settle: Settle;
  wallets: Wallets;
  hub: Hub;
}) {
  const { clock, random, log, store, settle, wallets, hub } = deps;
  const watched = new Map<string, Watched>();
  const aborted = new AbortController();
  const under = new Set<Promise<void>>();
  let cancelTimer: (() => void) | null = null;
  let isTicking = false;
  let stopped = false;

  /** Takes in trades whose row changed; forgets the finished ones. */
  function follow(trades: readonly Trade[]): void {
    for (const trade of trades) {
      const known = watched.get(trade.tradeNo);
      if (trade.nextStep === null) {
        watched.delete(trade.tradeNo);
      } else if (!known) {
        watched.set(trade.tradeNo, {
          trade,
          dueMs: clock.monotonicMs(),
          attempts: 0,
          asking: false,
          nextAskAtMs: clock.nowMs(),
          lastCheckedAtMs: null,
          lastOutcomes: new Map(),
        });
      } else {
        const moved = known.trade.state !== trade.state;
        known.trade = trade;
        if (moved) {
          known.attempts = 0;
          // A new state asks at once; a question under way sets the time itself when it ends.
          if (!known.asking) known.dueMs = clock.monotonicMs();
        }
      }
    }
    arm();
  }

  function announce(settled: Settled): void {
    follow(settled.changed);
    if (settled.changed.length > 0) hub.tell({ kind: 'committed' });
  }

  function arm(): void {
    cancelTimer?.();
    cancelTimer = null;
    if (stopped || watched.size === 0) return;
    let next = TICK_MS;
    if (under.size < ASKING_MAX) {
      const now = clock.monotonicMs();
      for (const entry of watched.values()) if (!entry.asking) next = Math.min(next, entry.dueMs - now);
    }
    if (next > 0) cancelTimer = clock.after(next, tick);
    else tickSoon();
  }

  /** What is due now does not wait for a timer: those have a millisecond at least, and a customer waits. */
  function tickSoon(): void {
    if (isTicking) return;
    isTicking = true;
    queueMicrotask(() => {
      isTicking = false;
      tick();
    });
  }

  function tick(): void {
    cancelTimer?.();
    cancelTimer = null;
    if (stopped) return;
    passDeadlines();
    const now = clock.monotonicMs();
    const due = [...watched.values()].filter((entry) => !entry.asking && entry.dueMs <= now);
    // A customer waits for a code: getting one goes before everything, then oldest first.
    due.sort(
      (a, b) =>
        Number(b.trade.nextStep === 'open') - Number(a.trade.nextStep === 'open') || a.dueMs - b.dueMs,
    );
    for (const entry of due.slice(0, ASKING_MAX - under.size)) begin(entry);
    arm();
  }

  function passDeadlines(): void {
    const nowMs = clock.nowMs();
    for (const { trade } of [...watched.values()]) {
      if (!hasDeadline(trade.state) || trade.expiresAtMs > nowMs) continue;
      try {
        announce(settle.decide(trade.tradeNo, 'deadline_passed', nowMs));
      } catch (error) {
        // Kept: the next tick tries again. The code itself is dead at the wallet by its own clock.
        log.error({ tradeNo: trade.tradeNo, err: error }, 'deadline not written');
      }
    }
  }

  function begin(entry: Watched): void {
    entry.asking = true;
    entry.dueMs = Number.POSITIVE_INFINITY;
    const work = ask(entry).finally(() => {
      under.delete(work);
      entry.asking = false;
      arm();
    });
    under.add(work);
  }

  async function ask(entry: Watched): Promise<void> {
    const { trade } = entry;
    const step = trade.nextStep;
    const provider = wallets.provider(trade.channel);
    if (step === null || !provider) {
      // The channel was taken out of the configuration; looked at again after a restart.
      entry.dueMs = clock.monotonicMs() + TICK_MS * 60;
      return;
    }
    const askedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const answered = await take(provider, step, trade, { nowMs: askedAtMs, signal: aborted.signal });
    if (stopped) return;
    // From here to the end nothing waits: whoever moves this trade next may set its time again.
    entry.asking = false;
    const nowMs = clock.nowMs();
    try {
      const durationMs = Math.floor(clock.monotonicMs() - startedMs);
      const exchange = isNews(entry, step, answered.outcome)
        ? {
            tradeNo: trade.tradeNo,
            step,
            askedAtMs,
            durationMs,
            outcome: outcomeWord(answered.outcome),
            ...wire(answered),
          }
        : null;
      const settled = settle.outcome(trade.tradeNo, step, answered.outcome, nowMs, exchange);
      entry.trade = settled.trade;
      schedule(entry, answered.outcome, trade.state);
      if (wallets.observe(trade.channel, answered, nowMs)) hub.tell({ kind: 'status' });
      announce(settled);
    } catch (error) {
      // The disk refused: the answer is asked for again rather than guessed from memory.
      log.error({ tradeNo: trade.tradeNo, step, err: error }, 'outcome not written');
      entry.attempts += 1;
      entry.dueMs = clock.monotonicMs() + TICK_MS * 5;
    }
    hub.tell({ kind: 'checked', tradeNo: trade.tradeNo });
  }

  function schedule(entry: Watched, outcome: Outcome, stateBefore: Trade['state']): void {
    const { trade } = entry;
    const nowMs = clock.nowMs();
    if (outcome.kind !== 'unknown') entry.lastCheckedAtMs = nowMs;
    entry.attempts = trade.state !== stateBefore ? 0 : entry.attempts + 1;
    if ((trade.state === 'awaiting_payment' || trade.state === 'paying') && outcome.kind !== 'unknown')
      entry.attempts = 0;
    const [jitter = 0] = random.bytes(1);
    const delayMs = delayAfter(trade, outcome, {
      attempts: entry.attempts,
      ageMs: nowMs - trade.createdAtMs,
      jitter: jitter / 256,
    });
    entry.dueMs = clock.monotonicMs() + delayMs;
    entry.nextAskAtMs = nowMs + delayMs;
  }

  return {
    /** Takes up every unfinished trade of the store. */
    start(): void {
      const nowMs = clock.nowMs();
      for (const trade of store.trades.unfinished()) {
        // Written, and perhaps sent, by a process that is gone: nobody knows, so it is looked up first.
        const wasOpening = trade.state === 'created' && trade.nextStep === 'open';
        follow([wasOpening ? settle.outcome(trade.tradeNo, 'open', INTERRUPTED, nowMs, null).trade : trade]);
      }
    },
    /** Ends every question under way without believing or writing what it brings. */
    async stop(): Promise<void> {
      stopped = true;
      cancelTimer?.();
      aborted.abort();
      await Promise.allSettled([...under]);
    },
    follow,
    announce,
    /** Asks about these trades now instead of when they are due. */
    hurry(tradeNos: readonly string[]): void {
      for (const tradeNo of tradeNos) {
        const entry = watched.get(tradeNo);
        if (entry && !entry.asking) entry.dueMs = clock.monotonicMs();
      }
      arm();
    },
    /** Unix ms of the last genuine answer and of the next question; null when there is none. */
    times(tradeNo: string): { lastCheckedAtMs: number | null; nextAskAtMs: number | null; attempts: number } {
      const entry = watched.get(tradeNo);
      return {
        lastCheckedAtMs: entry?.lastCheckedAtMs ?? null,
        nextAskAtMs: entry?.nextAskAtMs ?? null,
        attempts: entry?.attempts ?? 0,
      };
    },
    get size(): number {
      return watched.size;
    },
  };
}

const INTERRUPTED: Outcome = {
  kind: 'unknown',
  cause: 'no_answer',
  code: '',
  message: 'The till was restarted.',
};

/** A poll or a repeated close that says what the last one said is no news; silence always is. */
function isNews(entry: Watched, step: Step, outcome: Outcome): boolean {
  const word = outcomeWord(outcome);
  const repeated = entry.lastOutcomes.get(step) === word;
  entry.lastOutcomes.set(step, word);
  return !repeated || outcome.kind === 'unknown';
}

function wire({ exchange }: Answered<Outcome>) {
  const { httpStatus, providerCode, requestId, answer } = exchange;
  return { httpStatus, providerCode, requestId, answer };
}

function take(
  provider: Provider,
  step: Step,
  trade: Trade,
  at: { nowMs: number; signal: AbortSignal },
): Promise<Answered<Outcome>> {
  const request = {
    tradeNo: trade.tradeNo,
    amountFen: trade.amountFen,
    createdAtMs: trade.createdAtMs,
    expiresAtMs: trade.expiresAtMs,
  };
  switch (step) {
    case 'open':
      return provider.open({ ...request, subject: trade.subject }, at);
    case 'query':
      return provider.query(request, at);
    case 'close':
      return provider.close(request, at);
    case 'cancel':
      return provider.cancel(request, at);
  }
}

function outcomeWord(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'evidence':
      return `evidence:${outcome.evidence.providerStatus}`;
    case 'unknown':
      return `unknown:${outcome.cause}`;
    case 'mismatch':
      return `mismatch:${outcome.field}`;
    default:
      return outcome.kind;
  }
}
