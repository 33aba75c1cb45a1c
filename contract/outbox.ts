import { z } from 'zod';
import { AmountFen, Instant } from './money.ts';
import { Approval } from './people.ts';
import { Channel } from './trade.ts';

/**
 * One durable intent: `open`, `query`, `close`, `cancel` are questions to a wallet about a trade ·
 * `refund` and `refund_query` about money to give back · `refund_find` about a refund that the wallet has told of and
 * this till does not know · `give_back` whether a late or surplus payment goes
 * back, for a person to decide · `tell` a message to the shop's systems.
 */
export const OutboxKind = z.enum([
  'open',
  'query',
  'close',
  'cancel',
  'refund',
  'refund_query',
  'refund_find',
  'give_back',
  'tell',
]);
export type OutboxKind = z.infer<typeof OutboxKind>;

/** `due` the machine carries on · `parked` it waits for a person · `set_aside` a person ended it. */
export const OutboxState = z.enum(['due', 'parked', 'set_aside']);

/**
 * Why an entry waits for a person: `not_understood` the wallet's answers could not be understood or
 * believed, too often · `incident` the wallet's evidence contradicts the trade or refund · `refund_late` and
 * `refund_surplus` a payment that no rule gives back by itself · `refund_abnormal` the wallet cannot hand a refund
 * to the customer · `refund_unnamed` money went back that is not known here, and the wallet says not under which number ·
 * `refund_unfit` a refund that is not known here contradicts what is · `refused_by_receiver` the shop's system does not take the message.
 */
export const ParkedWhy = z.enum([
  'not_understood',
  'incident',
  'refund_late',
  'refund_surplus',
  'refund_abnormal',
  'refund_unnamed',
  'refund_unfit',
  'refused_by_receiver',
]);
export type ParkedWhy = z.infer<typeof ParkedWhy>;

export const OutboxEntry = z.object({
  entryId: z.int(),
  kind: OutboxKind,
  state: OutboxState,
  why: ParkedWhy.nullable(),
  /** Whether the machine can do something about it by trying again. */
  canRetry: z.boolean(),
  orderNo: z.string(),
  tradeNo: z.string().nullable(),
  refundNo: z.string().nullable(),
  channel: Channel.nullable(),
  amountFen: AmountFen.nullable(),
  subject: z.string().nullable(),
  createdAt: Instant,
  /** When it is tried next; null while it waits for a person. */
  dueAt: Instant.nullable(),
  attempts: z.int(),
  /** The last outcome in a word of ours, e.g. `unknown:not_genuine`. */
  lastOutcome: z.string().nullable(),
  lastAttemptAt: Instant.nullable(),
  /** Who ended it by hand, in their words, and when. */
  setAside: z.object({ at: Instant, reason: z.string() }).nullable(),
});
export type OutboxEntry = z.infer<typeof OutboxEntry>;

export const SetAsideInput = z.object({
  entryId: z.coerce.number().int().positive(),
  /** Why a person ended it, e.g. what the wallet's merchant platform shows. */
  reason: z.string().trim().min(3).max(200),
  approval: Approval.optional(),
});
