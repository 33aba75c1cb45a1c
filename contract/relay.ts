import { z } from 'zod';
import { Instant } from './money.ts';
import { ChangeReason } from './people.ts';

/** Why payments are not pushed to this till. It then sees them by asking: later, and as surely. */
export const PushReason = z.enum([
  'not_configured',
  'not_enrolled',
  /** The key is not in the data folder any more. */
  'key_missing',
  'away',
  /** The relay does not know this till’s key. */
  'refused',
  'revoked',
  /** Another process connects with the same key. */
  'taken_over',
  'wrong_relay',
  /** The till cannot write down what comes. */
  'storage',
]);
export type PushReason = z.infer<typeof PushReason>;

/** Whether payments are pushed to this till, since when, and why not. */
export const Push = z.object({
  ok: z.boolean(),
  since: Instant,
  /** Null when ok. */
  reason: PushReason.nullable(),
});
export type Push = z.infer<typeof Push>;

export const RelayStatus = z.object({
  push: Push,
  /** The relay’s address; null when none is set. */
  url: z.string().nullable(),
  /** This till’s name there: what the relay’s operator makes a code for. */
  till: z.string(),
  enrolledAt: Instant.nullable(),
  /** What the wallets of new trades are told; `{channel}` is replaced. */
  notifyUrl: z.string().nullable(),
  /** Since the till was started. */
  lastDeliveryAt: Instant.nullable(),
  /** Deliveries that this till could not use, since it was started. */
  rejected: z.int(),
});
export type RelayStatus = z.infer<typeof RelayStatus>;

export const EnrolInput = z.object({
  /** The relay’s address; may be left out where the till’s settings name it. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(200)
    .optional(),
  /** The operator’s one-time code. */
  code: z.string().trim().min(1).max(64),
  /** This till’s name there; its id unless said otherwise. */
  till: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/)
    .optional(),
  /** Why, in a person’s words: kept in the ledger. */
  reason: ChangeReason.optional(),
});
export type EnrolInput = z.infer<typeof EnrolInput>;

/** Which hop a test notification did not pass: till to relay, post to the address that wallets are told, relay to till. */
export const RelayTest = z.object({
  ok: z.boolean(),
  failedHop: z.enum(['connection', 'notify_address', 'delivery']).nullable(),
  /** What the notify address answered; null when it did not. */
  httpStatus: z.int().nullable(),
  /** From the post to its arrival here, milliseconds; null when it did not arrive. */
  tookMs: z.int().nullable(),
});
export type RelayTest = z.infer<typeof RelayTest>;
