import type { Clock } from '../../ports/clock.ts';
import { MINUTE, SECOND } from '../../ports/clock.ts';
import { fen } from '../domain/money.ts';
import type { Channel } from '../domain/trade.ts';
import type { Answered, Provider, QueryOutcome } from '../providers/provider.ts';
import type { Hub } from './hub.ts';
import type { Wallets } from './wallets.ts';

/** No till ever gives this number out: numbers go on with the date. */
const GREETING = 'GREETING';
/** A wallet that was not heard for so long is greeted, so that its health and our clock stay known. */
const QUIET_MS = 10 * MINUTE;
/** A wallet that does not answer is greeted this often, so that the screen recovers while nobody charges. */
const SILENT_MS = 15 * SECOND;
/** The first charge waits for the first greetings only so long. */
const READY_MS = 2 * SECOND;

export function isGreeting(tradeNo: string): boolean {
  return tradeNo.endsWith(GREETING);
}

/**
 * Greets the wallets: asks about a trade that cannot exist. Any believable answer tells that the wallet can
 * be reached, that our keys are good, and what time it is: before the first customer stands at the counter,
 * and again whenever nothing else has asked for a while.
 */
export function createGreet(deps: {
  clock: Clock;
  hub: Hub;
  wallets: Wallets;
  tillId: string;
  /** Notes an answer; true when the status changed. */
  observe(channel: Channel, answered: Answered<QueryOutcome>, sentMs: number): boolean;
}) {
  const { clock, hub, wallets, observe } = deps;
  const aborted = new AbortController();
  const running = new Set<Promise<void>>();
  /** Monotonic time of the last greeting, by channel. */
  const greetedMs = new Map<Channel, number>();
  let cancelTimer = () => {};
  let onReady = () => {};
  const ready = new Promise<void>((resolve) => {
    onReady = resolve;
  });

  async function greet(provider: Provider): Promise<void> {
    const sentMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    greetedMs.set(provider.channel, sentMs);
    const request = {
      tradeNo: `${deps.tillId}${GREETING}`,
      amountFen: fen(1),
      createdAtMs: nowMs,
      expiresAtMs: nowMs,
    };
    const answered = await provider.query(request, { nowMs, signal: aborted.signal });
    if (aborted.signal.aborted) return;
    if (observe(provider.channel, answered, sentMs)) hub.tell({ kind: 'status' });
  }

  function greetThose(isDue: (channel: Channel) => boolean): Promise<unknown> {
    const due = wallets.channels.filter(isDue);
    return Promise.allSettled(
      due.flatMap((channel) => {
        const provider = wallets.provider(channel);
        if (!provider) return [];
        const work = greet(provider).finally(() => running.delete(work));
        running.add(work);
        return [work];
      }),
    );
  }

  function look(): void {
    const nowMs = clock.nowMs();
    void greetThose((channel) => {
      const wallet = wallets.health().find((each) => each.channel === channel);
      const sinceMs = clock.monotonicMs() - (greetedMs.get(channel) ?? Number.NEGATIVE_INFINITY);
      if (wallet?.ok === false) return sinceMs >= SILENT_MS;
      return sinceMs >= QUIET_MS && nowMs - (wallet?.lastAnswerMs ?? 0) >= QUIET_MS;
    });
    cancelTimer = clock.after(SILENT_MS, look);
  }

  return {
    start(): void {
      cancelTimer = clock.after(SILENT_MS, look);
      const cancelReady = clock.after(READY_MS, onReady);
      void greetThose(() => true).then(() => {
        cancelReady();
        onReady();
      });
    },
    async stop(): Promise<void> {
      aborted.abort();
      cancelTimer();
      onReady();
      await Promise.allSettled([...running]);
    },
    /** Resolves when every wallet was greeted once, or after 2 s: from then on the time is as right as it can be. */
    ready,
  };
}
