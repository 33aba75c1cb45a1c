import type { Fen } from './money.ts';
import { readNumber } from './numbers.ts';
import type { Channel, Incident } from './trade.ts';

/**
 * `queued` written, nothing heard of it yet · `asked` may have reached the wallet; also where an unknown outcome
 * waits · `processing` the wallet has taken it and pays it out · `abnormal` the wallet could not hand the money
 * to the customer, a person must act there · `succeeded` · `closed` the wallet ended it, nothing went back ·
 * `refused` the wallet would not do it, nothing went back · `withdrawn` a person took it back before it was sent.
 */
export const REFUND_STATES = [
  'queued',
  'asked',
  'processing',
  'abnormal',
  'succeeded',
  'closed',
  'refused',
  'withdrawn',
] as const;
export type RefundState = (typeof REFUND_STATES)[number];

/** What can happen to a refund. The `…_seen` ones and `refused` are the wallet's verified word. */
export const REFUND_EVENTS = [
  'withdraw_requested',
  'unsent',
  'no_answer',
  'accepted',
  'held',
  'unseen',
  'refused',
  'processing_seen',
  'abnormal_seen',
  'succeeded_seen',
  'closed_seen',
] as const;
export type RefundEvent = (typeof REFUND_EVENTS)[number];

interface Transition {
  to: RefundState;
  why: string;
}

const SUCCESS_BEATS_ALL = 'The wallet has given the money back; its evidence beats every other state.';
const WALLET_ENDED = 'The wallet ended it: nothing went back under this number.';
const NEEDS_A_PERSON = 'The wallet holds the money and cannot hand it over; only a person can help there.';
const PAYING_OUT = 'The wallet has taken it and is paying it out.';
const UNKNOWN_STAYS = 'Unknown is not failed: it is looked up, and repeated under the same number.';
const MAY_BE_SENT = 'It may have reached the wallet: it cannot be taken back any more.';
const TAKEN_STAYS = 'The wallet has taken it; only its own word about this number changes that.';
const SUCCEEDED_STAYS = 'The money is with the customer; nothing takes that back.';
const ENDED_STAYS = 'Ended by the wallet’s own word; only its later evidence could say otherwise.';
const WITHDRAWN_STAYS = 'Taken back before anything was sent.';
const LATER_WORD = 'The wallet’s later word counts: money may be on its way, so its part is held again.';

const stay = (to: RefundState, why: string): Transition => ({ to, why });

/** Evidence about the number itself, the same from every state that is not `succeeded`. */
const SEEN = {
  processing_seen: { to: 'processing', why: PAYING_OUT },
  abnormal_seen: { to: 'abnormal', why: NEEDS_A_PERSON },
  succeeded_seen: { to: 'succeeded', why: SUCCESS_BEATS_ALL },
  closed_seen: { to: 'closed', why: WALLET_ENDED },
} as const satisfies Partial<Record<RefundEvent, Transition>>;

const SEEN_AGAIN = {
  processing_seen: { to: 'processing', why: LATER_WORD },
  abnormal_seen: { to: 'abnormal', why: LATER_WORD },
  succeeded_seen: { to: 'succeeded', why: SUCCESS_BEATS_ALL },
} as const satisfies Partial<Record<RefundEvent, Transition>>;

/** Every state × every event, each cell decided, each with its reason. */
export const REFUND_TRANSITIONS: Record<RefundState, Record<RefundEvent, Transition>> = {
  queued: {
    withdraw_requested: { to: 'withdrawn', why: 'Nothing was sent, so nothing can go back.' },
    unsent: stay('queued', 'Nothing left this machine.'),
    no_answer: { to: 'asked', why: 'Silence follows a question: it may have arrived.' },
    accepted: { to: 'asked', why: 'The wallet heard of it; what came of it is asked.' },
    held: { to: 'asked', why: 'The wallet heard of it and waits for the merchant.' },
    unseen: stay('queued', 'The wallet does not know it: it is still to be sent.'),
    refused: { to: 'refused', why: 'The wallet refused it for good; nothing went back.' },
    ...SEEN,
  },
  asked: {
    withdraw_requested: stay('asked', MAY_BE_SENT),
    unsent: stay('asked', 'This request never left; an earlier one may have arrived.'),
    no_answer: stay('asked', UNKNOWN_STAYS),
    accepted: stay('asked', 'The wallet took the question; what came of it is asked.'),
    held: stay('asked', 'The wallet would do it but for the merchant’s account; the same number later.'),
    unseen: stay('asked', 'It never arrived: the same number is sent again.'),
    refused: { to: 'refused', why: 'The wallet refused it for good; nothing went back.' },
    ...SEEN,
  },
  processing: { ...row('processing', TAKEN_STAYS), ...SEEN },
  abnormal: { ...row('abnormal', TAKEN_STAYS), ...SEEN },
  succeeded: row('succeeded', SUCCEEDED_STAYS),
  closed: { ...row('closed', ENDED_STAYS), ...SEEN_AGAIN },
  refused: { ...row('refused', ENDED_STAYS), ...SEEN_AGAIN },
  withdrawn: { ...row('withdrawn', WITHDRAWN_STAYS), ...SEEN_AGAIN },
};

function row(state: RefundState, why: string): Record<RefundEvent, Transition> {
  return Object.fromEntries(REFUND_EVENTS.map((event) => [event, stay(state, why)])) as Record<
    RefundEvent,
    Transition
  >;
}

/** A refund as it is kept. Times are milliseconds since the epoch. */
export interface Refund {
  refundNo: string;
  tradeNo: string;
  orderNo: string;
  channel: Channel;
  amountFen: Fen;
  /** In the words of whoever asked; the wallet shows it to the customer. */
  reason: string;
  /** `asked` a person or the shop's system wanted it · `late`, `surplus` the payment was one that goes back. */
  why: 'asked' | 'late' | 'surplus';
  origin: RefundOrigin;
  state: RefundState;
  /** The wallet's own number, where it has one. */
  providerRefundNo: string | null;
  requestedAtMs: number;
  /** How often it may have reached the wallet; 0 while it can be withdrawn. */
  sends: number;
  lastSentAtMs: number | null;
  /** By the wallet's time, where it says so. */
  succeededAtMs: number | null;
  /** When this till learned how it ended; null while it has not. */
  endedAtMs: number | null;
  unknownSinceMs: number | null;
  /** The wallet would do it, but the merchant's account has too little money. */
  held: 'balance' | null;
  /** Why the wallet refused it; while `asked`, a refusal that a query has still to confirm. */
  refusal: { reason: string; code: string; message: string } | null;
  incident: RefundIncident | null;
  /** A person ended the asking; its part stays held. */
  setAside: { atMs: number; reason: string } | null;
}

/**
 * Whence a refund is known: `here` this till asked for it · `lost` the wallet told of it under a number of this till's,
 * which a restore forgot · `elsewhere` under any other number: made by hand at the wallet's own site, or by the shop's
 * system before a restore. What was found at the wallet is never sent.
 */
export type RefundOrigin = 'here' | 'lost' | 'elsewhere';

/** As the till's windows make them. */
const OF_A_WINDOW = /^R[0-9a-f]{32}$/;

/** Whence a refund is that this till does not know. */
export function originOf(refundNo: string, tillId: string): Exclude<RefundOrigin, 'here'> {
  return readNumber(refundNo)?.tillId === tillId || OF_A_WINDOW.test(refundNo) ? 'lost' : 'elsewhere';
}

/** `exceeds_paid`: the wallet says that more went back than was paid here. */
export type RefundIncident = Incident | 'exceeds_paid';

/**
 * A verified statement by the wallet about one refund, made by a provider from bytes whose signature it has
 * checked. `amountFen` is null where the answer has none.
 */
export interface RefundEvidence {
  tradeNo: string;
  refundNo: string;
  status: 'processing' | 'succeeded' | 'closed' | 'abnormal';
  amountFen: Fen | null;
  providerRefundNo: string | null;
  /** When the wallet says that the money went back, milliseconds since the epoch. */
  succeededAtMs: number | null;
  /** The wallet's own status word, for the timeline. */
  providerStatus: string;
}

/** A person may take it back only while nothing can have been sent. */
export function mayWithdraw({ state, sends }: Pick<Refund, 'state' | 'sends'>): boolean {
  return state === 'queued' && sends === 0;
}

/** States in which the refund's part of the payment is given back, or may still be. */
export function holdsItsPart(state: RefundState): boolean {
  return state !== 'closed' && state !== 'refused' && state !== 'withdrawn';
}

/** States in which nothing more is expected. */
export function isEnded(state: RefundState): boolean {
  return state === 'succeeded' || !holdsItsPart(state);
}

/** What the wallet's evidence says to the state machine, or why it may not. */
export function readRefundEvidence(
  refund: Pick<Refund, 'amountFen'>,
  evidence: RefundEvidence,
): RefundEvent | { incident: RefundIncident } {
  if (evidence.amountFen !== null && evidence.amountFen !== refund.amountFen)
    return { incident: 'amount_mismatch' };
  return `${evidence.status}_seen`;
}
