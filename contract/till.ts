import { z } from 'zod';
import { Instant } from './money.ts';
import { Push } from './relay.ts';
import { Channel } from './trade.ts';

/** One ability of the till, with its age: what can be done, since when, and why not. */
export const Ability = z.object({
  ok: z.boolean(),
  since: Instant,
  /** Empty when ok. */
  reason: z
    .enum([
      'network',
      'wallet_down',
      'misconfigured',
      'signature',
      'throttled',
      'clock',
      'storage_full',
      'storage_readonly',
      'storage_damaged',
      'restoring',
      'locks',
      'backup_missing',
      'backup_full',
      'backup_readonly',
      'backup_damaged',
      'backup_failed',
    ])
    .nullable(),
});
export type Ability = z.infer<typeof Ability>;

export const ChannelStatus = z.object({
  channel: Channel,
  charging: Ability,
  /** The last answer of this wallet whose signature was good. */
  lastAnswerAt: Instant.nullable(),
});
export type ChannelStatus = z.infer<typeof ChannelStatus>;

/** What is still to be said to wallets and to the shop's systems, and what waits for a person. */
export const OutboxStatus = z.object({
  /** Entries whose last question went unanswered: what drains when the network is back. */
  unanswered: z.int(),
  /** Since when the oldest of them waits. */
  oldestAt: Instant.nullable(),
  /** When the next of them is asked. */
  nextAt: Instant.nullable(),
  /** Entries that the machine gave up on: a person decides. */
  parked: z.int(),
  /** Late and surplus payments of which a person decides whether they go back. */
  refundsDue: z.int(),
  /** Refunds that the till is sending, or whose outcome it is asking for. */
  refunding: z.int(),
});
export type OutboxStatus = z.infer<typeof OutboxStatus>;
/** How the backups are. Trouble with them does not keep the till from charging. */
export const BackupStatus = Ability.extend({
  /** When the newest sound backup was begun; null when there is none. */
  lastGoodAt: Instant.nullable(),
  /** The backups lie on the disk that holds the data, and do not outlive it. */
  sameDisk: z.boolean(),
  /** How long the oldest charge that is not yet in the journal beside the backups has waited, milliseconds. */
  journalLagMs: z.int(),
});
export type BackupStatus = z.infer<typeof BackupStatus>;

export const TillStatus = z.object({
  charging: Ability,
  seesPayments: Ability,
  /** Payments are pushed here; otherwise they are seen by asking. */
  push: Push,
  storage: Ability,
  /** Null where nothing is kept. */
  backup: BackupStatus.nullable(),
  channels: z.array(ChannelStatus),
  outbox: OutboxStatus,
  /**
   * This machine's clock less the wallets', milliseconds; null until a wallet has answered. The till
   * itself goes by the wallets' time.
   */
  clockSkewMs: z.int().nullable(),
});
export type TillStatus = z.infer<typeof TillStatus>;

export const Till = z.object({
  tillId: z.string(),
  shopName: z.string(),
  /** Where the store's days begin and end, an IANA name. */
  timeZone: z.string(),
  mode: z.enum(['sandbox', 'live']),
  version: z.string(),
  channels: z.array(Channel),
  /** How long a code is shown, milliseconds. */
  chargeTtlMs: z.int(),
  amountMaxFen: z.int(),
  /** The sandbox customer's phone; null in live mode. */
  phoneUrl: z.string().nullable(),
});
export type Till = z.infer<typeof Till>;

export const DaySummary = z.object({
  /** The store's accounting day, `yyyy-MM-dd` in the store's time zone. */
  day: z.iso.date(),
  paidFen: z.int(),
  paidCount: z.int(),
  byChannel: z.array(z.object({ channel: Channel, paidFen: z.int(), paidCount: z.int() })),
});
export type DaySummary = z.infer<typeof DaySummary>;
