import type { RelayChannel } from '../wire/relay.ts';

/** What a wallet posted, as it came. */
export interface Notification {
  /** The same for every retry of one notification (notification-id.ts). */
  id: string;
  till: string;
  channel: RelayChannel;
  /** Wall clock, ms. */
  receivedMs: number;
  /** The sender's address. */
  source: string;
  /** The headers that matter, names in lower case. */
  headers: Record<string, string>;
  body: Uint8Array;
}

/** A stored notification on its way to its till. */
export interface Outgoing {
  /** Rises from delivery to delivery within the inbox's epoch. */
  seq: number;
  notification: Notification;
}

/** A delivery that is not tried any more, without its bytes. */
export interface DeadLetter {
  id: string;
  channel: RelayChannel;
  receivedMs: number;
  bytes: number;
  /** The till's own words, or `expired`, or `undeliverable`: sent again and again and never answered. */
  reason: string;
}

export interface Backlog {
  /** Deliveries that are stored and neither acknowledged nor dead. */
  waiting: number;
  /** When the oldest of them came; null when there is none, or when a node cannot know. */
  oldestMs: number | null;
  dead: number;
}

/** Why an inbox ended without having been closed. */
export type InboxEnd = 'taken_over' | 'unavailable';

/** The one open end of a till's mailbox. */
export interface Inbox {
  /** Names the count of `seq`. */
  readonly epoch: string;
  /**
   * Begins to hand out deliveries, first in first out, never more than the window unanswered. `ended` is
   * called at most once, and nothing after it.
   */
  start(receiver: { deliver(delivery: Outgoing): void; ended(why: InboxEnd): void }): void;
  /** The till has committed it: it is forgotten. An unknown `seq` changes nothing; twice is as once. */
  ack(seq: number): void;
  /** The till cannot use it: it becomes a dead letter, and a later notification with its id is a new one. */
  reject(seq: number, reason: string): void;
  /** What is unanswered goes back to its place in the mailbox. Safe to call twice. */
  close(): void;
}

export interface MailboxLimits {
  /** Most unanswered deliveries of one till. */
  window: number;
  /** A mailbox refuses what would take it (about) past these. */
  waitingMax: number;
  waitingBytesMax: number;
  /** How long a delivery waits, and a dead letter is kept. */
  keepMs: number;
  /** Dead letters of one till; the oldest make room. */
  deadMax: number;
  /** After so many connections that ended without an answer to it, a delivery is dead. */
  returnsMax: number;
}

export const MAILBOX_LIMITS: MailboxLimits = {
  window: 32,
  waitingMax: 10_000,
  waitingBytesMax: 32 * 1024 * 1024,
  keepMs: 30 * 24 * 3_600_000,
  deadMax: 1_000,
  returnsMax: 50,
};

/** The mailboxes cannot be reached or written: nothing was promised. */
export class MailboxAway extends Error {
  override readonly name = 'MailboxAway';
}

/** Durable queues, one per till; `conformance.ts` is what each implementation keeps. */
export interface Mailbox {
  /** Makes room for a till. Safe to repeat. */
  prepare(till: string): Promise<void>;
  /**
   * Resolves once the notification is durable (`stored`), was so before (`repeated`), or is refused because
   * the till's mailbox is full. Rejects with {@link MailboxAway}; it may then be stored nevertheless.
   */
  put(notification: Notification): Promise<'stored' | 'repeated' | 'full'>;
  /**
   * Opens a till's inbox; the one that was open, here or at another node, ends as taken over. What `after`
   * names within its epoch counts as acknowledged.
   */
  open(till: string, after: { epoch: string; seq: number } | null): Promise<Inbox>;
  backlog(till: string): Promise<Backlog>;
  /** Newest first, at most `limit`. */
  deadLetters(till: string, limit: number): Promise<DeadLetter[]>;
  /** Puts dead letters back at the end of the mailbox: the one with this id, or all. Resolves with how many. */
  replay(till: string, id: string | null): Promise<number>;
  /** Ends the till's inbox and drops all that it had. */
  forget(till: string): Promise<void>;
  /** Carries out what time has made due. To be called every minute or so. */
  sweep(): Promise<void>;
  /** A sentence for the operator while mailboxes cannot be used; null when all is well. */
  trouble(): string | null;
  close(): Promise<void>;
}
