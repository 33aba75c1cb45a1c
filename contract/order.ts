import { z } from 'zod';
import { AmountFen, Instant } from './money.ts';
import { Channel, Trade } from './trade.ts';

export const OrderNo = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,32}$/)
  .meta({
    description: "The merchant's own number: 1 to 32 letters, digits, _ or -.",
    examples: ['A20261121-8831'],
  });

/**
 * What the customer reads in the wallet. At most 127 bytes of UTF-8 (WeChat's `description`), no
 * control characters, and no emoji: wallets refuse or mangle them.
 */
export const SUBJECT_MAX_BYTES = 127;
export const Subject = z
  .string()
  .trim()
  .min(1)
  .refine((text) => new TextEncoder().encode(text).length <= SUBJECT_MAX_BYTES, { message: 'too_long' })
  .refine((text) => !/\p{Cc}|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u.test(text), { message: 'control_character' })
  .refine((text) => !/\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(text), { message: 'emoji' });

export const ORDER_STATES = ['open', 'paid', 'cancelled'] as const;

/**
 * What a charge as a whole looks like, derived from its trades:
 * `creating` no code yet · `waiting` a code can be scanned · `checking` an answer is missing and nothing
 * can be scanned · `closing` no longer shown, not yet confirmed dead · `paid` · `closed` nobody paid ·
 * `failed` every wallet refused · `set_aside` a person ended the asking before the wallet had confirmed.
 */
export const ChargeState = z.enum([
  'creating',
  'waiting',
  'checking',
  'closing',
  'paid',
  'closed',
  'failed',
  'set_aside',
]);
export type ChargeState = z.infer<typeof ChargeState>;

export const Charge = z.object({
  chargeId: z.string(),
  orderNo: z.string(),
  state: ChargeState,
  amountFen: AmountFen,
  subject: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  trades: z.array(Trade),
});
export type Charge = z.infer<typeof Charge>;

export const Order = z.object({
  orderNo: z.string(),
  amountFen: AmountFen,
  subject: z.string(),
  note: z.string().nullable(),
  state: z.enum(ORDER_STATES),
  /** Who made it: typed at the till, or sent ahead by a shop's or dispatch system. */
  source: z.enum(['till', 'integrator']),
  createdAt: Instant,
  paidAt: Instant.nullable(),
  /** The live charge, or the last one; null when it was never charged. */
  charge: Charge.nullable(),
});
export type Order = z.infer<typeof Order>;

export const CreateOrderInput = z.object({
  orderNo: OrderNo,
  amountFen: AmountFen,
  subject: Subject,
  note: z.string().trim().max(200).optional(),
});

export const CreateChargeInput = z.object({
  /** Absent: the till makes one. */
  orderNo: OrderNo.optional(),
  /** May be absent for an order that was sent ahead; when given it must equal the order's. */
  amountFen: AmountFen.optional(),
  subject: Subject.optional(),
  /** Absent: every channel that is configured. */
  channels: z.array(Channel).min(1).optional(),
});
