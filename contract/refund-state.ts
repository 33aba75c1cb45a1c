import { z } from 'zod';

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

/**
 * `queued` written, not sent yet · `asked` sent, no believable answer yet · `processing` the wallet is paying it
 * out · `abnormal` the wallet cannot hand it over, a person must act there · `succeeded` · `closed` the wallet ended
 * it, nothing went back · `refused` the wallet would not do it · `withdrawn` taken back before it was sent.
 */
export const RefundState = z.enum(REFUND_STATES);
export type RefundState = z.infer<typeof RefundState>;

/** As wallets have them: one that was made elsewhere has a number of another kind. */
export const KnownRefundNo = z.string().min(1).max(64);

export const RefundNo = z
  .string()
  .regex(/^[A-Za-z0-9_-]{6,64}$/)
  .meta({
    description: "The refund's number: 6 to 64 letters, digits, _ or -.",
    examples: ['R20261121-8831-1'],
  });
