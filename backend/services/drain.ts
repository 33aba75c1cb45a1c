import { type Clock, sleep } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { PUZZLES_MAX, RETRY_MAX_MS, retryDelayMs, THROTTLED_MAX_MS } from '../domain/steps.ts';
import type { Lease } from '../store/outbox.ts';
import type { OutboxEntry, OutboxQueue } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import type { Hub, Signal } from './hub.ts';

/**
 * What a try says about its receiver: `answered` it listens · `silent` nothing came that can be believed ·
 * `throttled` it wants to be asked less, and may say for how long.
 */
export type Verdict = 'answered' | 'silent' | 'throttled' | { throttledForMs: number };

/** What a try did, already committed. */
export interface Tried {
  verdict: Verdict;
  /** Whom it concerns hears of it once the entry is free again: they may want its next question at once. */
  signals: readonly Signal[];
}

/** Carries out the entries of one queue. What a try brought is committed by `run` before it resolves. */
export interface Worker {
  queue: OutboxQueue;
  /** Entries under way at once; more would only queue at the receiver. */
  parallel: number;
  run(entry: OutboxEntry, signal: AbortSignal): Promise<Tried>;
}

/** An entry under way is left alone by everybody else for so long: longer than any try may take. */
export const LEASE_MS = 60_000;
/** So many silent tries in a row mean that the receiver cannot be reached, and then one at a time looks. */
const SILENT_MAX = 3;
/** The disk refused to keep an answer: asked again after this. */
const DISK_PAUSE_MS = 5_000;
/** How often a drain is counted down. */
const STATUS_MS = 1_000;
/** No pause of ours is longer: a later due time was written by a clock that was ahead. */
const PAUSE_MAX_MS = Math.max(RETRY_MAX_MS, THROTTLED_MAX_MS) + 60_000;

/** What was due so long ago at a start is a backlog: whoever waited for it has gone. */
const FORGOTTEN_MS = 60_000;
/** Of what can wait, a queue takes up so much at once, and then rests so many times as long as that took: */
const WAITING_AT_ONCE = 1;
/** a backlog leaves most of the till's time, and of its disk's, to whoever stands at the counter. */
const REST = 4;
/** The clock is looked at this often while something is to come, so that no change of it makes a question late. */
const LOOK_MS = 1_000;
/** A smaller change of the clock is the slewing of one that is set right slowly. */
const STEP_MS = 2_000;

interface Lane {
  worker: Worker;
  /** Leased, and carried out until its end has been heard of: nobody leases them again meanwhile. */
  under: Set<number>;
  /** Silent or throttled tries in a row. */
  silent: number;
  /** Monotonic time until which the receiver is spared; 0: not at all. */
  holdUntilMs: number;
  throttled: boolean;
}

interface Leased {
  lane: Lane;
  entries: OutboxEntry[];
}

/**
 * Drains the outbox: leases what is due, a few at a time and the longest waiting first, and hands it to
 * its queue's worker. A receiver that is silent is probed by one entry at growing pauses instead of being
 * asked about everything; when it answers again the rest follows at once. Nothing that matters is in
 * memory: whatever happens to the process, the entries are there, and a lease that nobody holds runs out.
 */
export type Drain = ReturnType<typeof createDrain>;

export function createDrain(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  store: Store;
  hub: Hub;
  workers: readonly Worker[];
  /** Nobody else works on this data: leases found at start belong to the dead. */
  alone: boolean;
}) {
  const { clock, random, log, store, hub } = deps;
  const holder = Buffer.from(random.bytes(8)).toString('hex');
  const lanes = deps.workers.map(
    (worker): Lane => ({
      worker,
      under: new Set(),
      silent: 0,
      holdUntilMs: 0,
      throttled: false,
    }),
  );
  const aborted = new AbortController();
  const running = new Set<Promise<void>>();
  let cancelTimer = () => {};
  /** Monotonic time until which what can wait does. */
  let restUntilMs = 0;
  /** By how much the wall is ahead of the monotonic clock, as far as due times heed it. */
  let aheadMs = clock.nowMs() - clock.monotonicMs();
  let cancelStatus: (() => void) | null = null;
  let isTicking = false;
  let isLeasing = false;
  let started = false;
  let stopListening = () => {};

  /** Sets the timer for what is due next; what is due now does not wait for one. */
  function arm(): void {
    cancelTimer();
    if (!started || aborted.signal.aborted) return;
    let wait = Number.POSITIVE_INFINITY;
    try {
      for (const lane of lanes) wait = Math.min(wait, waitOf(lane));
      if (!deps.alone) wait = Math.min(wait, untilLeaseEnds());
    } catch (error) {
      log.error({ err: error }, 'outbox not readable');
      wait = DISK_PAUSE_MS;
    }
    if (wait <= 0) tickSoon();
    else if (Number.isFinite(wait)) cancelTimer = clock.after(Math.min(wait, LOOK_MS), tick);
  }

  /** How many entries may be under way: a receiver that is silent is probed by one. */
  function capacity(lane: Lane): number {
    return (lane.silent >= SILENT_MAX && !isHeld(lane) ? 1 : lane.worker.parallel) - lane.under.size;
  }

  function isHeld(lane: Lane): boolean {
    return lane.holdUntilMs > clock.monotonicMs();
  }

  /** Milliseconds until something of this lane may be leased; 0: now. Infinity: not before something changes. */
  function waitOf(lane: Lane): number {
    if (capacity(lane) <= 0) return Number.POSITIVE_INFINITY;
    const at = { nowMs: clock.nowMs(), underWay: lane.under };
    const until = (dueMs: number | null) =>
      dueMs === null ? Number.POSITIVE_INFINITY : Math.max(0, dueMs - at.nowMs);
    const { queue } = lane.worker;
    const next = Math.min(
      until(store.outbox.nextDueMs(queue, 0, at)),
      Math.max(restMs(), until(store.outbox.nextDueMs(queue, 1, at))),
    );
    if (!isHeld(lane)) return next;
    const held = Math.max(lane.holdUntilMs - clock.monotonicMs(), next);
    // A customer waits for a code: a first question goes out even while silence is being sat out.
    return lane.throttled ? held : Math.min(until(store.outbox.nextFreshMs(queue, at)), held);
  }

  function restMs(): number {
    return Math.max(0, restUntilMs - clock.monotonicMs());
  }

  /** Somebody else's lease may run out without a word. */
  function untilLeaseEnds(): number {
    const endMs = store.outbox.nextLeaseEndMs();
    return endMs === null ? Number.POSITIVE_INFINITY : Math.max(1_000, endMs - clock.nowMs());
  }

  function tickSoon(): void {
    if (isTicking) return;
    isTicking = true;
    queueMicrotask(() => {
      isTicking = false;
      tick();
    });
  }

  function tick(): void {
    cancelTimer();
    if (!started || isLeasing || aborted.signal.aborted) return;
    try {
      heedClock();
      if (lanes.some((lane) => waitOf(lane) <= 0)) keepRunning(takeUp());
      else arm();
    } catch (error) {
      notLeased(error);
    }
  }

  function notLeased(error: unknown): void {
    log.error({ err: error }, 'outbox not leased');
    cancelTimer = clock.after(DISK_PAUSE_MS, tick);
  }

  /** Leases what may be, in one commit with the answers of this turn, and begins it. */
  async function takeUp(): Promise<void> {
    isLeasing = true;
    let sinceMs = 0;
    let leased: Leased[] = [];
    try {
      await store.transactSoon(() => {
        sinceMs = clock.monotonicMs();
        // It is tried again when the disk refuses the works of the turn together.
        forget(leased);
        leased = aborted.signal.aborted ? [] : lanes.filter((lane) => waitOf(lane) <= 0).map(lease);
      });
    } catch (error) {
      forget(leased);
      isLeasing = false;
      if (!aborted.signal.aborted) notLeased(error);
      return;
    }
    isLeasing = false;
    if (aborted.signal.aborted) return;
    if (leased.some(({ entries }) => entries.some(({ priority }) => priority === 1)))
      restUntilMs = clock.monotonicMs() + REST * (clock.monotonicMs() - sinceMs);
    for (const { lane, entries } of leased) {
      for (const entry of entries) begin(lane, entry);
    }
    arm();
  }

  function forget(leased: readonly Leased[]): void {
    for (const { lane, entries } of leased) {
      for (const { entryId } of entries) lane.under.delete(entryId);
    }
  }

  /** Due times were written by the clock as it was. When it has been set back they lie too far ahead: all is due now. */
  function heedClock(): void {
    const stepMs = clock.nowMs() - clock.monotonicMs() - aheadMs;
    if (Math.abs(stepMs) <= STEP_MS) return;
    if (stepMs < 0) store.transact(() => store.outbox.bringNearer(clock.nowMs(), 0));
    aheadMs += stepMs;
  }

  function lease(lane: Lane): Leased {
    const at = {
      ...newLease(),
      nowMs: clock.nowMs(),
      underWay: lane.under,
      limit: capacity(lane),
      waitingMax: restMs() > 0 ? 0 : WAITING_AT_ONCE,
      freshOnly: isHeld(lane),
    };
    const entries = store.outbox.lease(lane.worker.queue, at);
    for (const { entryId } of entries) lane.under.add(entryId);
    return { lane, entries };
  }

  function newLease(): Lease {
    return { holder, untilMs: clock.nowMs() + LEASE_MS };
  }

  function begin(lane: Lane, entry: OutboxEntry): void {
    lane.under.add(entry.entryId);
    keepRunning(carryOut(lane, entry).finally(arm));
  }

  /** What `stop` waits for. */
  function keepRunning(work: Promise<void>): void {
    const kept = work.finally(() => running.delete(kept));
    running.add(kept);
  }

  async function carryOut(lane: Lane, entry: OutboxEntry): Promise<void> {
    try {
      const { verdict, signals } = await lane.worker.run(entry, aborted.signal);
      if (aborted.signal.aborted) return;
      // Here and not later: whoever hears the signals may begin its next question at once.
      lane.under.delete(entry.entryId);
      judge(lane, verdict);
      for (const signal of signals) hub.tell(signal);
      if (verdict !== 'answered' || entry.unansweredSinceMs !== null) statusSoon();
    } catch (error) {
      if (aborted.signal.aborted) return;
      log.error({ entryId: entry.entryId, kind: entry.kind, err: error }, 'outcome not written');
      await giveBack(entry);
      lane.under.delete(entry.entryId);
    }
  }

  /** The entry is free again without having been settled, as soon as the disk takes that. */
  async function giveBack(entry: OutboxEntry): Promise<void> {
    const paused = () =>
      sleep(clock, DISK_PAUSE_MS, aborted.signal).then(
        () => true,
        () => false,
      );
    while (await paused()) {
      try {
        store.transact(() => store.outbox.interrupted(entry.entryId, clock.nowMs(), PUZZLES_MAX));
        return;
      } catch (error) {
        log.error({ entryId: entry.entryId, err: error }, 'entry not given back');
      }
    }
  }

  /** The count of what is unanswered changes with every answer; a screen reads it once a second. */
  function statusSoon(): void {
    cancelStatus ??= clock.after(STATUS_MS, () => {
      cancelStatus = null;
      hub.tell({ kind: 'status' });
    });
  }

  function judge(lane: Lane, verdict: Verdict): void {
    if (verdict === 'answered') {
      lane.silent = 0;
      lane.holdUntilMs = 0;
      lane.throttled = false;
    } else {
      lane.silent += 1;
      const askedForMs = typeof verdict === 'object' ? verdict.throttledForMs : 0;
      lane.throttled = verdict !== 'silent';
      const [chance = 0] = random.bytes(1);
      const pauses = lane.throttled ? lane.silent : lane.silent - SILENT_MAX + 1;
      if (pauses > 0)
        lane.holdUntilMs =
          clock.monotonicMs() + Math.max(askedForMs, retryDelayMs(pauses, lane.throttled, chance / 256));
    }
  }

  return {
    /** Takes up whatever is unfinished. */
    start(): void {
      const nowMs = clock.nowMs();
      store.transact(() => {
        if (deps.alone) store.outbox.expireLeases();
        store.outbox.bringNearer(nowMs, PAUSE_MAX_MS);
        store.outbox.stopWaiting(nowMs - FORGOTTEN_MS);
      });
      started = true;
      stopListening = hub.followCommits(arm);
      arm();
    },
    /** Ends every try under way without believing or writing what it brings. */
    async stop(): Promise<void> {
      aborted.abort();
      cancelTimer();
      cancelStatus?.();
      stopListening();
      await Promise.allSettled([...running]);
    },
    /**
     * A lease for an entry that is about to be written, when it may be carried out as soon as it is
     * committed: it needs no commit of its own. Null when it has to wait its turn.
     */
    claim(queue: OutboxQueue): Lease | null {
      const lane = lanes.find(({ worker }) => worker.queue === queue);
      const isFree = lane !== undefined && started && !lane.throttled && capacity(lane) > 0;
      return isFree ? newLease() : null;
    },
    /** Carries out entries that were written with a claimed lease, once they are committed. */
    adopt(entryIds: readonly number[]): void {
      for (const entryId of entryIds) {
        const entry = store.outbox.byId(entryId);
        const lane = lanes.find(({ worker }) => worker.queue === entry?.queue);
        if (entry && lane && !aborted.signal.aborted) begin(lane, { ...entry, interrupted: false });
      }
    },
    /** Until when a queue's receiver is spared, as wall time; null when it is not. */
    heldUntilMs(queue: OutboxQueue): number | null {
      const lane = lanes.find(({ worker }) => worker.queue === queue);
      const held = lane ? lane.holdUntilMs - clock.monotonicMs() : 0;
      return held > 0 ? clock.nowMs() + held : null;
    },
    /** What is due, and not held back, is looked at now: something that nobody told of has changed. */
    wake: arm,
    /** The silence of every receiver is forgotten: the next try of each goes out at once. */
    hurry(queues: readonly OutboxQueue[]): void {
      for (const lane of lanes) {
        if (queues.includes(lane.worker.queue) && !lane.throttled) lane.holdUntilMs = 0;
      }
      arm();
    },
  };
}
