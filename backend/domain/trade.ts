import type { Evidence } from './evidence.ts';
import type { Fen } from './money.ts';

/** A wallet protocol. A further wallet is a further word here and a folder under `providers/`. */
export type Channel = 'alipay' | 'wechat';

export const TRADE_STATES = [
  'created',
  'awaiting_payment',
  'paying',
  'closing',
  'paid',
  'closed',
  'failed',
] as const;
export type TradeState = (typeof TRADE_STATES)[number];

/** States in which the customer may still pay, as far as we know. A charge has at most one such trade per channel. */
const LIVE_STATES = ['created', 'awaiting_payment', 'paying', 'closing'] as const;

/** What can happen to a trade. The `…Seen` ones are the wallet's verified word. */
export const TRADE_EVENTS = [
  'code_obtained',
  'refused',
  'unpaid_seen',
  'paying_seen',
  'paid_seen',
  'closed_seen',
  'deadline_passed',
  'cancel_requested',
  'other_trade_paid',
  'paid_elsewhere',
  'no_answer',
] as const;
export type TradeEvent = (typeof TRADE_EVENTS)[number];

interface Transition {
  to: TradeState;
  why: string;
}

const stay = (to: TradeState, why: string): Transition => ({ to, why });

const PAID_BEATS_ALL = 'The wallet holds the money; its evidence beats every other state.';
const PAID_STAYS = 'Paid is final; refunds are counted beside the trade.';
const CLOSED_STAYS =
  'Never payable again by the wallet’s own word; only payment evidence could say otherwise.';
const FAILED_STAYS = 'Refused for good: there was never anything to pay.';
const CLOSING_STAYS = 'Only the wallet’s evidence ends closing.';
const STOP = 'No longer shown; payable until the wallet confirms the contrary.';
const UNKNOWN_STAYS = 'Unknown is not failed: it is asked again under the same number.';

/** Every state × every event, each cell decided, each with its reason. */
export const TRADE_TRANSITIONS: Record<TradeState, Record<TradeEvent, Transition>> = {
  created: {
    code_obtained: { to: 'awaiting_payment', why: 'There is something to scan.' },
    refused: { to: 'failed', why: 'The wallet refused it for good; nothing was ever payable.' },
    unpaid_seen: stay('created', 'It may exist there, but nobody has its code yet.'),
    paying_seen: { to: 'paying', why: 'The customer is at it, although the code’s answer never reached us.' },
    paid_seen: { to: 'paid', why: PAID_BEATS_ALL },
    closed_seen: { to: 'closed', why: 'The wallet says that it can never be paid.' },
    deadline_passed: { to: 'closing', why: STOP },
    cancel_requested: { to: 'closing', why: STOP },
    other_trade_paid: { to: 'closing', why: STOP },
    paid_elsewhere: { to: 'closing', why: STOP },
    no_answer: stay('created', UNKNOWN_STAYS),
  },
  awaiting_payment: {
    code_obtained: stay(
      'awaiting_payment',
      'A repeat of the same request gives the same trade a code again.',
    ),
    refused: stay('awaiting_payment', 'A code of this trade is about; a refused repeat does not kill it.'),
    unpaid_seen: stay('awaiting_payment', 'Not paid yet; may lag behind the payment by seconds.'),
    paying_seen: { to: 'paying', why: 'The customer is at it.' },
    paid_seen: { to: 'paid', why: PAID_BEATS_ALL },
    closed_seen: { to: 'closed', why: 'The wallet says that it can never be paid.' },
    deadline_passed: { to: 'closing', why: STOP },
    cancel_requested: { to: 'closing', why: STOP },
    other_trade_paid: { to: 'closing', why: STOP },
    paid_elsewhere: { to: 'closing', why: STOP },
    no_answer: stay('awaiting_payment', UNKNOWN_STAYS),
  },
  paying: {
    code_obtained: stay('paying', 'The customer is already past the code.'),
    refused: stay('paying', 'The trade exists; a refused repeat does not kill it.'),
    unpaid_seen: { to: 'awaiting_payment', why: 'The customer turned back; the code is still good.' },
    paying_seen: stay('paying', 'Still at it.'),
    paid_seen: { to: 'paid', why: PAID_BEATS_ALL },
    closed_seen: { to: 'closed', why: 'The wallet says that it can never be paid.' },
    deadline_passed: { to: 'closing', why: STOP },
    cancel_requested: { to: 'closing', why: STOP },
    other_trade_paid: { to: 'closing', why: STOP },
    paid_elsewhere: { to: 'closing', why: STOP },
    no_answer: stay('paying', UNKNOWN_STAYS),
  },
  closing: {
    code_obtained: stay('closing', 'The code came too late to be shown.'),
    refused: { to: 'failed', why: 'The wallet refused it for good; nothing was ever payable.' },
    unpaid_seen: stay('closing', CLOSING_STAYS),
    paying_seen: stay('closing', CLOSING_STAYS),
    paid_seen: { to: 'paid', why: PAID_BEATS_ALL },
    closed_seen: { to: 'closed', why: 'The wallet confirmed that it can never be paid.' },
    deadline_passed: stay('closing', CLOSING_STAYS),
    cancel_requested: stay('closing', CLOSING_STAYS),
    other_trade_paid: stay('closing', CLOSING_STAYS),
    paid_elsewhere: stay('closing', CLOSING_STAYS),
    no_answer: stay('closing', UNKNOWN_STAYS),
  },
  paid: row('paid', PAID_STAYS),
  closed: { ...row('closed', CLOSED_STAYS), paid_seen: { to: 'paid', why: PAID_BEATS_ALL } },
  failed: { ...row('failed', FAILED_STAYS), paid_seen: { to: 'paid', why: PAID_BEATS_ALL } },
};

function row(state: TradeState, why: string): Record<TradeEvent, Transition> {
  return Object.fromEntries(TRADE_EVENTS.map((event) => [event, stay(state, why)])) as Record<
    TradeEvent,
    Transition
  >;
}

/** A trade as it is kept. Times are milliseconds since the epoch. */
export interface Trade {
  tradeNo: string;
  orderNo: string;
  chargeId: string;
  channel: Channel;
  state: TradeState;
  amountFen: Fen;
  subject: string;
  createdAtMs: number;
  expiresAtMs: number;
  codeUrl: string | null;
  /** When its code was obtained. */
  codeAtMs: number | null;
  providerTradeNo: string | null;
  payer: string | null;
  paidAtMs: number | null;
  closedAtMs: number | null;
  /** While closing: until when the wallet cannot stop it from being paid. */
  payableUntilMs: number | null;
  late: boolean;
  surplus: boolean;
  incident: Incident | null;
  refusal: { reason: string; code: string; message: string } | null;
  /** A late or surplus payment that is to be given back: by rule, or by a manager's decision. */
  refundDue: 'automatic' | 'manager' | null;
  /** A person ended the asking. A payment that turns up later still counts. */
  setAside: { atMs: number; reason: string } | null;
  /** Since when, and about what, an answer is missing. */
  unknown: { asking: 'create' | 'query' | 'close'; sinceMs: number } | null;
}

/** What is known of a trade before its wallet is asked for the first time. */
type NewTrade = Pick<
  Trade,
  'tradeNo' | 'orderNo' | 'chargeId' | 'channel' | 'amountFen' | 'subject' | 'createdAtMs' | 'expiresAtMs'
>;

/** A trade of which its wallet knows nothing yet. */
export function newTrade(known: NewTrade): Trade {
  return {
    ...known,
    state: 'created',
    codeUrl: null,
    codeAtMs: null,
    providerTradeNo: null,
    payer: null,
    paidAtMs: null,
    closedAtMs: null,
    payableUntilMs: null,
    late: false,
    surplus: false,
    incident: null,
    refusal: null,
    unknown: null,
    refundDue: null,
    setAside: null,
  };
}

export type Incident = 'amount_mismatch' | 'merchant_mismatch';

/** `open` get the code · `query` ask how it stands · `close` make it unpayable · `cancel` undo one whose code nobody saw. */
export type Step = 'open' | 'query' | 'close' | 'cancel';

export function isLive(state: TradeState): boolean {
  return (LIVE_STATES as readonly string[]).includes(state);
}

/** True while the customer may still pay, as far as we know, and somebody is still asking about it. */
export function isPending(trade: Pick<Trade, 'state' | 'setAside'>): boolean {
  return isLive(trade.state) && trade.setAside === null;
}

/**
 * What the wallet's evidence says to the state machine, or why it may not: evidence of another amount is
 * an incident, never money.
 */
export function readEvidence(trade: Trade, evidence: Evidence): TradeEvent | { incident: Incident } {
  const isPayment = evidence.status === 'paid' || evidence.status === 'refunded';
  if (isPayment && evidence.amountFen !== trade.amountFen) return { incident: 'amount_mismatch' };
  switch (evidence.status) {
    case 'paid':
    case 'refunded':
      return 'paid_seen';
    case 'paying':
      return 'paying_seen';
    case 'unpaid':
      return 'unpaid_seen';
    case 'closed':
      return 'closed_seen';
  }
}

/** True when payment evidence in this state came after we stopped asking for the money. */
export function isLatePayment({ state, setAside }: Pick<Trade, 'state' | 'setAside'>): boolean {
  return state === 'closing' || state === 'closed' || state === 'failed' || setAside !== null;
}
