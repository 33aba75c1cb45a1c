const MINUTE_MS = 60_000;
/** So many wrong ones in a row before nothing is looked at any more. */
const FREE = 5;
const LOCK_MAX_MS = 60 * MINUTE_MS;
/** Wrong ones are forgotten after a quiet day. */
export const FORGET_MS = 24 * 60 * MINUTE_MS;

/** Wrong PINs in a row, of one person or from one address. */
export interface Attempts {
  failures: number;
  lastAtMs: number;
  lockedUntilMs: number;
}

/** One more wrong one. From the fifth on it locks: 1 minute, then twice as long each time, up to an hour. */
export function afterFailure(before: Attempts | undefined, nowMs: number, free = FREE): Attempts {
  const isFresh = before === undefined || nowMs - before.lastAtMs > FORGET_MS;
  const failures = (isFresh ? 0 : before.failures) + 1;
  const lockMs = failures < free ? 0 : Math.min(LOCK_MAX_MS, MINUTE_MS * 2 ** Math.min(failures - free, 10));
  return { failures, lastAtMs: nowMs, lockedUntilMs: nowMs + lockMs };
}

/** Until when nothing is looked at; null when something is. A clock that was set back locks nobody for longer than a lock lasts. */
export function lockedUntilMs(attempts: Attempts | undefined, nowMs: number): number | null {
  if (attempts === undefined || attempts.lockedUntilMs <= nowMs) return null;
  return attempts.lockedUntilMs - nowMs > LOCK_MAX_MS ? null : attempts.lockedUntilMs;
}
