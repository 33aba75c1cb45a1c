import type { Clock } from '../ports/clock.ts';
import { MINUTE, SECOND } from '../ports/clock.ts';

/** A child process, whatever starts it. `exited` resolves once, also when it never came up. */
export interface Child {
  exited: Promise<{ code: number | null }>;
  /** Asks it to end, and ends it by force when it does not within a bound. */
  stop(): Promise<void>;
}

const RESTART_DELAY_FIRST_MS = 250;
export const RESTART_DELAY_MAX_MS = 15 * SECOND;
/** A child that lived this long has earned a quick restart again. */
export const STEADY_MS = MINUTE;
/** So many crashes in a row without a steady run: restarting does not help. */
export const RESTARTS_MAX = 8;

export interface SuperviseOptions {
  clock: Clock;
  /** Starts the child; called again after each crash. */
  start(restarts: number): Child;
  /** Exit codes that a restart cannot mend (unusable settings, a data folder that cannot be written …). */
  isFinal(code: number | null): boolean;
  onCrash(code: number | null, nextDelayMs: number): void;
  /** The child will not be started again. */
  onGiveUp(code: number | null): void;
}

/** Waits before the `crashes`-th restart in a row (1, 2, …): doubling, bounded. */
export function restartDelayMs(crashes: number): number {
  return Math.min(RESTART_DELAY_MAX_MS, RESTART_DELAY_FIRST_MS * 2 ** (crashes - 1));
}

/** Keeps a child running until stopped: a crash is followed by a restart with back-off, a bounded number of times. */
export function supervise(options: SuperviseOptions): { child(): Child | null; stop(): Promise<void> } {
  let child: Child | null = null;
  let crashes = 0;
  let restarts = 0;
  let stopping = false;
  let cancelRestart = () => {};

  const run = () => {
    const startedAtMs = options.clock.monotonicMs();
    const current = options.start(restarts);
    child = current;
    void current.exited.then(({ code }) => {
      child = null;
      if (stopping) return;
      if (options.clock.monotonicMs() - startedAtMs >= STEADY_MS) crashes = 0;
      crashes += 1;
      if (options.isFinal(code) || crashes > RESTARTS_MAX) {
        options.onGiveUp(code);
        return;
      }
      restarts += 1;
      const delayMs = restartDelayMs(crashes);
      options.onCrash(code, delayMs);
      cancelRestart = options.clock.after(delayMs, run);
    });
  };
  run();

  return {
    child: () => child,
    async stop() {
      stopping = true;
      cancelRestart();
      await child?.stop();
    },
  };
}
