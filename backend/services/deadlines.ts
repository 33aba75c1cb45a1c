import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';
import type { Settle } from './settle.ts';

/** The clock is looked at this often while a deadline is to come, so that no jump of it makes one late. */
const LOOK_MS = 1_000;
/** Deadlines that pass in one transaction: after a long absence requests are answered in between. */
const BATCH = 20;

/**
 * Lets the deadline of every trade pass once. The timers are the trades' own rows (`expires_at_ms`): they
 * survive a restart, and only the transition that they cause ends them.
 */
export function createDeadlines(deps: { clock: Clock; log: Log; store: Store; settle: Settle; hub: Hub }) {
  const { clock, log, store, settle, hub } = deps;
  let cancelTimer = () => {};
  let stopListening = () => {};
  let armedForMs = Number.POSITIVE_INFINITY;
  let running = false;
  /** Monotonic time until which a look pauses that has just worked: as long as it worked. */
  let restUntilMs = 0;

  function look(): void {
    armedForMs = Number.POSITIVE_INFINITY;
    try {
      const sinceMs = clock.monotonicMs();
      const changed = settle.passDeadlines(clock.nowMs(), BATCH);
      restUntilMs = clock.monotonicMs() + (clock.monotonicMs() - sinceMs);
      if (changed.length > 0) hub.tell({ kind: 'committed' });
      arm();
    } catch (error) {
      // Kept: the next look tries again. The code itself is dead at the wallet by its own clock.
      log.error({ err: error }, 'deadline not written');
      armFor(LOOK_MS);
    }
  }

  function arm(): void {
    if (!running) return;
    const deadlineMs = store.trades.nextDeadlineMs();
    if (deadlineMs === null) return;
    const rest = restUntilMs - clock.monotonicMs();
    armFor(Math.min(LOOK_MS, Math.max(0, rest, deadlineMs - clock.nowMs())));
  }

  function armFor(delayMs: number): void {
    if (!running) return;
    const atMs = clock.monotonicMs() + delayMs;
    if (atMs >= armedForMs) return;
    cancelTimer();
    armedForMs = atMs;
    cancelTimer = clock.after(delayMs, look);
  }

  return {
    start(): void {
      running = true;
      stopListening = hub.followCommits(arm);
      arm();
    },
    stop(): void {
      running = false;
      stopListening();
      cancelTimer();
    },
  };
}
