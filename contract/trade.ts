import { z } from 'zod';
import { AmountFen, Instant } from './money.ts';
import { KnownRefundNo, RefundState } from './refund-state.ts';

export const CHANNELS = ['alipay', 'wechat'] as const;
export const Channel = z.enum(CHANNELS);
export type Channel = z.infer<typeof Channel>;

export const TRADE_STATES = [
  'created',
  'awaiting_payment',
  'paying',
  'closing',
  'paid',
  'closed',
  'failed',
] as const;
export const TradeState = z.enum(TRADE_STATES);
export type TradeState = z.infer<typeof TradeState>;

export const TradeNo = z.string().regex(/^[A-Za-z0-9_]{6,32}$/);

/** Why nobody knows yet: what was asked, since when, how often, and when it is asked again. */
export const Unknown = z.object({
  asking: z.enum(['create', 'query', 'close']),
  since: Instant,
  attempts: z.int().min(0),
  nextAskAt: Instant.nullable(),
});

export const Refusal = z.object({
  /** A word of ours that screens translate. */
  reason: z.enum([
    'not_configured',
    'merchant_rejected',
    'signature_rejected',
    'invalid_parameter',
    'amount_exceeds_limit',
    'forbidden_word',
    'order_number_used',
    'other',
  ]),
  /** The wallet's own code and words, for whoever calls support. */
  providerCode: z.string(),
  providerMessage: z.string(),
});

export const Trade = z.object({
  tradeNo: TradeNo,
  orderNo: z.string(),
  chargeId: z.string(),
  channel: Channel,
  state: TradeState,
  amountFen: AmountFen,
  /** What the QR code holds; present only while the customer may scan it. */
  codeUrl: z.string().nullable(),
  providerTradeNo: z.string().nullable(),
  /** Masked by the wallet, e.g. `138****0000`. */
  payer: z.string().nullable(),
  createdAt: Instant,
  expiresAt: Instant,
  paidAt: Instant.nullable(),
  /** When the wallet confirmed that it can never be paid. */
  closedAt: Instant.nullable(),
  /** While closing: the moment after which the code can no longer be paid, where the wallet cannot close it before. */
  payableUntil: Instant.nullable(),
  lastCheckedAt: Instant.nullable(),
  nextCheckAt: Instant.nullable(),
  unknown: Unknown.nullable(),
  refusal: Refusal.nullable(),
  /** Paid after it was closing or closed. */
  late: z.boolean(),
  /** A second payment of an order that was already paid. */
  surplus: z.boolean(),
  /** Evidence that contradicts us; a manager must look. */
  incident: z.enum(['amount_mismatch', 'merchant_mismatch']).nullable(),
  /**
   * A late or surplus payment that is to be given back: `automatic` it is on its way · `manager` a person
   * decides. Null when nothing is owed.
   */
  refundDue: z.enum(['automatic', 'manager']).nullable(),
  /** Given back by now, by the wallet's evidence. */
  refundedFen: z.int().min(0),
  /** Of refunds that are queued, under way, or whose outcome is unknown. */
  refundingFen: z.int().min(0),
  /** What can still be given back. */
  refundableFen: z.int().min(0),
  /** A person ended the asking about this trade, with a reason; a payment that turns up later still counts. */
  setAside: z.object({ at: Instant, reason: z.string() }).nullable(),
});
export type Trade = z.infer<typeof Trade>;

/** One line of a trade's history: a state change or an exchange with the wallet, of it or of one of its refunds. */
export const TimelineEntry = z.object({
  at: Instant,
  kind: z.enum(['state', 'exchange', 'incident', 'decision', 'refund']),
  fromState: TradeState.nullable(),
  toState: TradeState.nullable(),
  /** A word of ours for what happened, e.g. `code_obtained`, `paid_seen`, `query`. */
  what: z.string(),
  /** Of what concerns a refund: which one, and how its state changed. */
  refund: z
    .object({
      refundNo: KnownRefundNo,
      amountFen: AmountFen,
      fromState: RefundState.nullable(),
      toState: RefundState.nullable(),
    })
    .nullable(),
  /** Of a decision: the person's reason. */
  reason: z.string().nullable(),
  /** Whose doing it was, and who approved it, by name; null of what the till or a wallet did by itself. */
  by: z.object({ name: z.string(), approvedBy: z.string().nullable() }).nullable(),
  /** Of an exchange with the wallet. */
  exchange: z
    .object({
      outcome: z.string(),
      durationMs: z.int(),
      httpStatus: z.int().nullable(),
      providerCode: z.string().nullable(),
      requestId: z.string().nullable(),
      /** The wallet's answer as received, payer data masked, cut at 4,000 characters. */
      answer: z.string().nullable(),
    })
    .nullable(),
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;
