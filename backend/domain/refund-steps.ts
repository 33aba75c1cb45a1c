import type { Refund, RefundEvent } from './refund.ts';
import { retryDelayMs } from './steps.ts';

/** What the wallet is asked next about a refund, and when, as pure functions of the refund and of what just happened. */

/** `refund` ask for it, always under the same number · `refund_query` ask what came of it. */
export type RefundStep = 'refund' | 'refund_query';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/**
 * Only so long after it was sent does "no such refund" mean that it never arrived (protocol: Alipay, refund
 * query: at least 10 s).
 */
export const UNSEEN_COUNTS_MS = 10 * SECOND;
/** The merchant's account must be topped up by a person: 1 min, doubled up to this. */
const HELD_MAX_MS = 10 * MINUTE;

/** The next question; null when none is left. A refund is never asked for again before it was looked up. */
export function refundStepAfter(
  refund: Pick<Refund, 'state' | 'sends'>,
  event: RefundEvent,
): RefundStep | null {
  switch (refund.state) {
    case 'queued':
      return 'refund';
    case 'asked':
      return event === 'held' || event === 'unseen' ? 'refund' : 'refund_query';
    case 'processing':
    case 'abnormal':
      return 'refund_query';
    case 'succeeded':
    case 'closed':
    case 'refused':
    case 'withdrawn':
      return null;
  }
}

/**
 * Pause before looking at a refund that the wallet is paying out, `ageMs` after it was sent: each minute at
 * first, then every 5, 10, 20 and 30 minutes (protocol: WeChat Pay, refund query).
 */
export function payoutDelayMs(ageMs: number): number {
  if (ageMs < 5 * MINUTE) return MINUTE;
  if (ageMs < 10 * MINUTE) return 5 * MINUTE;
  if (ageMs < 20 * MINUTE) return 10 * MINUTE;
  return ageMs < 40 * MINUTE ? 20 * MINUTE : 30 * MINUTE;
}

/** What the pause before the next question depends on. */
export interface RefundPace {
  event: RefundEvent;
  /** Questions in a row that brought nothing new, this one included. */
  attempts: number;
  /** The wallet wants to be asked less. */
  throttled: boolean;
  /** In [0, 1). */
  jitter: number;
  nowMs: number;
}

/** Pause before the refund's next question. */
export function refundDelayMs(
  refund: Pick<Refund, 'state' | 'requestedAtMs' | 'lastSentAtMs'>,
  pace: RefundPace,
): number {
  const attempts = Math.max(1, pace.attempts);
  if (pace.event === 'no_answer' || pace.event === 'unsent')
    return retryDelayMs(attempts, pace.throttled, pace.jitter);
  if (refund.state === 'processing' || refund.state === 'abnormal')
    return payoutDelayMs(pace.nowMs - (refund.lastSentAtMs ?? refund.requestedAtMs));
  if (pace.event === 'held') return Math.min(HELD_MAX_MS, MINUTE * 2 ** (attempts - 1));
  return retryDelayMs(attempts, false, pace.jitter);
}

/** Milliseconds until "no such refund" would count; 0 when it does. */
export function untilUnseenCounts(refund: Pick<Refund, 'lastSentAtMs'>, nowMs: number): number {
  return Math.max(0, (refund.lastSentAtMs ?? 0) + UNSEEN_COUNTS_MS - nowMs);
}
