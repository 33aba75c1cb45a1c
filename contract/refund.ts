import { z } from 'zod';
import { AmountFen, Instant } from './money.ts';
import { Approval } from './people.ts';
import { KnownRefundNo, RefundNo, RefundState } from './refund-state.ts';
import { Channel, TradeNo } from './trade.ts';

/** Shown to the customer by the wallet: at most 80 bytes of UTF-8 (WeChat's `reason`), no control characters. */
export const REASON_MAX_BYTES = 80;
export const RefundReason = z
  .string()
  .trim()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= REASON_MAX_BYTES, { message: 'too_long' })
  .refine((text) => !/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u.test(text), { message: 'control_character' });

export const Refund = z.object({
  refundNo: KnownRefundNo,
  tradeNo: TradeNo,
  orderNo: z.string(),
  channel: Channel,
  amountFen: AmountFen,
  reason: z.string(),
  /** `asked` somebody wanted it · `late`, `surplus` the payment was one that goes back. */
  why: z.enum(['asked', 'late', 'surplus']),
  /**
   * `here` asked for at this till · `lost` told of by the wallet, under a number of this till's that a restore forgot ·
   * `elsewhere` told of by the wallet, under any other number: made by hand at the wallet's own site, for one. Of those
   * two no reason is known.
   */
  origin: z.enum(['here', 'lost', 'elsewhere']),
  state: RefundState,
  /** The wallet's own number, where it has one. */
  providerRefundNo: z.string().nullable(),
  requestedAt: Instant,
  /** When it was last sent to the wallet; null before. */
  sentAt: Instant.nullable(),
  succeededAt: Instant.nullable(),
  /** When this till learned how it ended. */
  endedAt: Instant.nullable(),
  /** Only while nothing was sent. */
  canWithdraw: z.boolean(),
  /** Since when an answer is missing. */
  unknownSince: Instant.nullable(),
  /** When the wallet is asked next; null when nothing is to be asked, or a person must act first. */
  nextAskAt: Instant.nullable(),
  attempts: z.int().min(0),
  /** `balance`: the merchant's account at the wallet has too little money; it is tried again once it has more. */
  held: z.enum(['balance']).nullable(),
  refusal: z
    .object({
      reason: z.enum([
        'merchant_rejected',
        'invalid_parameter',
        'exceeds_payment',
        'not_refundable',
        'account_unusable',
        'other',
      ]),
      providerCode: z.string(),
      providerMessage: z.string(),
    })
    .nullable(),
  /** Evidence that contradicts us; a manager must look. */
  incident: z.enum(['amount_mismatch', 'merchant_mismatch', 'exceeds_paid']).nullable(),
  /** A person ended the asking, with a reason; its part stays held. */
  setAside: z.object({ at: Instant, reason: z.string() }).nullable(),
});
export type Refund = z.infer<typeof Refund>;

export const CreateRefundInput = z.object({
  tradeNo: TradeNo,
  /** Absent: the till makes one. The same number again is the same refund. */
  refundNo: RefundNo.optional(),
  amountFen: AmountFen,
  reason: RefundReason,
  /** Asked for above the limit that the shop has set, counted with what was given back of the trade before. */
  approval: Approval.optional(),
});

export const GiveBackInput = z.object({
  tradeNo: TradeNo,
  /** Asked for above the limit that the shop has set, as for any other refund. */
  approval: Approval.optional(),
});

export const KeepInput = z.object({
  tradeNo: TradeNo,
  /** Why the payment is kept. */
  reason: z.string().trim().min(3).max(200),
  approval: Approval.optional(),
});
