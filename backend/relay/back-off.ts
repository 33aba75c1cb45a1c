import { MINUTE, SECOND } from '../../ports/clock.ts';

const FIRST_MS = 2 * SECOND;
const MOST_MS = 30 * SECOND;
/** Two processes that hold one key would else take the connection from each other for ever. */
const TAKEN_OVER_MS = 2 * MINUTE;

/**
 * How long to wait before the next try after `attempts` failed ones; `jitter` in [0, 1) spreads the tills
 * of a relay that was restarted over the whole range.
 */
export function reconnectDelayMs(attempts: number, jitter: number): number {
  return spread(Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(attempts, 10)), jitter);
}

/** How long to leave the connection to whoever took it. */
export function takenOverDelayMs(jitter: number): number {
  return TAKEN_OVER_MS + spread(TAKEN_OVER_MS, jitter);
}

function spread(mostMs: number, jitter: number): number {
  return Math.floor(mostMs * (0.1 + 0.9 * jitter));
}
