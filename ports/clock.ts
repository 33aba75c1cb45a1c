import { uptime } from 'node:os';

/**
 * Time as a port. Two clocks, never mixed: the wall for records and deadlines that other parties
 * share, the monotonic one for waiting and measuring.
 */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump in either direction. */
  nowMs(): number;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since the machine started, asleep or awake, where it can be known; whole seconds at least. */
  sinceBootMs(): number;
  /** Runs `task` once after `delayMs` (monotonic). Returns a function that cancels it; safe to call twice. */
  after(delayMs: number, task: () => void): () => void;
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sinceBootMs: () => uptime() * 1_000,
    after(delayMs, task) {
      const timer = setTimeout(task, Math.min(Math.max(0, delayMs), 2 ** 31 - 1));
      return () => clearTimeout(timer);
    },
  };
}

/** Resolves after `delayMs` on the given clock. Rejects with the signal's reason when it aborts first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
