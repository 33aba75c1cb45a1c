import type { Step, Trade, TradeEvent, TradeState } from './trade.ts';

/**
 * What is asked of the wallet next, and when: the adaptive polling, the closing dance and the repeats of
 * an unanswered question, as pure functions of the trade and of what just happened.
 */

const SECOND = 1_000;

/** The first look comes when a practised customer may have paid; then every 2 s for half a minute, then every 5 s. */
const POLL_FIRST_MS = 2_500;
/** A look that the cashier asked for just before the first one does not bring a second at once. */
const POLL_LEAST_MS = 500;
const POLL_FAST_MS = 2 * SECOND;
const POLL_FAST_UNTIL_MS = 30 * SECOND;
const POLL_SLOW_MS = 5 * SECOND;

/** A repeat of an unanswered question: 1 s, doubled each time up to 30 s; throttled: from 5 s up to a minute. */
const RETRY_FIRST_MS = SECOND;
export const RETRY_MAX_MS = 30 * SECOND;
const THROTTLED_FIRST_MS = 5 * SECOND;
export const THROTTLED_MAX_MS = 60 * SECOND;
/** After evidence that contradicts us nothing is urgent: a person decides. */
const INCIDENT_MS = 60 * SECOND;

/** Pause before the next poll of a trade whose code has been shown for `ageMs`. */
export function pollDelayMs(ageMs: number): number {
  if (ageMs < POLL_FIRST_MS) return Math.max(POLL_LEAST_MS, POLL_FIRST_MS - Math.max(0, ageMs));
  return ageMs < POLL_FAST_UNTIL_MS ? POLL_FAST_MS : POLL_SLOW_MS;
}

/**
 * Pause before repeating an unanswered question for the `attempt`th time (from 1). `jitter` in [0, 1)
 * spreads tills that lost the same network: the pause is between half and the whole of the step.
 */
export function retryDelayMs(attempt: number, throttled: boolean, jitter: number): number {
  const first = throttled ? THROTTLED_FIRST_MS : RETRY_FIRST_MS;
  const most = throttled ? THROTTLED_MAX_MS : RETRY_MAX_MS;
  const step = Math.min(most, first * 2 ** Math.min(attempt - 1, 16));
  return Math.round(step / 2 + (step / 2) * jitter);
}

/**
 * The step that follows an event, given the trade as it now is.
 * Closing always looks before it closes and looks again afterwards: a payment can land in between.
 */
export function stepAfter(
  trade: Pick<Trade, 'state' | 'codeUrl'>,
  event: TradeEvent,
  asked: Step | null,
): Step | null {
  switch (trade.state) {
    case 'created':
      // An unanswered `open` is looked up first; only a trade that is not paid is opened again.
      return event === 'unpaid_seen' ? 'open' : 'query';
    case 'awaiting_payment':
    case 'paying':
      return 'query';
    case 'closing':
      if (event === 'unpaid_seen' || event === 'paying_seen')
        return trade.codeUrl === null ? 'cancel' : 'close';
      if (event === 'no_answer' && asked !== null && asked !== 'open') return asked;
      return 'query';
    case 'paid':
    case 'closed':
    case 'failed':
      return null;
  }
}

/** After so many answers in a row that cannot be understood or believed, asking again is no use: a person looks. */
export const PUZZLES_MAX = 40;
/** Evidence that contradicts the trade is asked about this often before a person must decide. */
const INCIDENTS_MAX = 10;

/**
 * Whether an unknown outcome is a puzzle: an answer that came and cannot be understood or believed.
 * Silence, trouble at the wallet and throttling are none, however long they last: they end by themselves.
 */
export function isPuzzle(outcome: { kind: string; cause?: string }): boolean {
  return outcome.kind === 'unknown' && (outcome.cause === 'unlisted' || outcome.cause === 'not_genuine');
}

/** Why an entry stops being asked by the machine after so many puzzles in a row; null while it goes on. */
export function parkedAfter(puzzles: number, isContradicted: boolean): 'incident' | 'not_understood' | null {
  if (isContradicted && puzzles >= INCIDENTS_MAX) return 'incident';
  return puzzles >= PUZZLES_MAX ? 'not_understood' : null;
}

/** What the pause before the next step depends on. */
export interface Pace {
  /** Steps in a row that brought nothing new, this one included. */
  attempts: number;
  /** Since the trade was written. */
  ageMs: number;
  /** In [0, 1). */
  jitter: number;
  /** The outcome was genuine and about something else: a person is told, and nothing is urgent. */
  contradicted: boolean;
}

/** Closing may look, close and look again without a pause; after that it slows down. */
const CLOSING_AT_ONCE = 3;

/** Pause before the trade's next step, after `outcome` left it as it is now. */
export function delayAfter(
  trade: Pick<Trade, 'state'>,
  next: Step,
  outcome: { kind: string; cause?: string },
  pace: Pace,
): number {
  if (pace.contradicted) return INCIDENT_MS;
  if (outcome.kind === 'unknown') {
    const pause = retryDelayMs(Math.max(1, pace.attempts), outcome.cause === 'throttled', pace.jitter);
    const isShown = trade.state === 'awaiting_payment' || trade.state === 'paying';
    return isShown ? Math.max(pause, pollDelayMs(pace.ageMs)) : pause;
  }
  switch (trade.state) {
    case 'awaiting_payment':
    case 'paying':
      return pollDelayMs(pace.ageMs);
    case 'created':
      return next === 'open' ? 0 : retryDelayMs(Math.max(1, pace.attempts), false, pace.jitter);
    case 'closing': {
      const rounds = pace.attempts - CLOSING_AT_ONCE;
      return rounds < 0 ? 0 : Math.min(POLL_SLOW_MS, retryDelayMs(rounds + 1, false, pace.jitter));
    }
    case 'paid':
    case 'closed':
    case 'failed':
      return 0;
  }
}

/** A customer waits while a code is shown or being obtained: such questions go before all others. */
export function isUrgent(state: TradeState): boolean {
  return state === 'created' || state === 'awaiting_payment' || state === 'paying';
}
