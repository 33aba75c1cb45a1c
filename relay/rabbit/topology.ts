import type { Options } from 'amqplib';
import type { MailboxLimits } from '../mailbox.ts';

/** Names on the broker. A prefix of its own keeps several relays on one broker apart. */
export function createNames(prefix: string) {
  return {
    mailbox: (till: string) => `${prefix}.mailbox.${till}`,
    dead: (till: string) => `${prefix}.dead.${till}`,
    /** Fanout: what nodes tell each other and need not keep. */
    control: `${prefix}.control`,
    /** Stream: who was invited, enrolled, revoked. */
    journal: `${prefix}.journal`,
  };
}
export type Names = ReturnType<typeof createNames>;

/** Peeking returns a letter to its queue: that must never use up its life. */
const PEEKS_MAX = 1_000_000_000;

/**
 * A till's mailbox: replicated; one consumer at a time, so that a second connection takes over in order;
 * refuses rather than drops when full; what dies goes to its dead letters, and only then leaves.
 */
export function mailboxQueue(names: Names, till: string, limits: MailboxLimits): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-single-active-consumer': true,
      'x-max-length': limits.waitingMax,
      'x-max-length-bytes': limits.waitingBytesMax,
      'x-overflow': 'reject-publish',
      'x-message-ttl': limits.keepMs,
      'x-delivery-limit': limits.returnsMax,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': names.dead(till),
      'x-dead-letter-strategy': 'at-least-once',
    },
  };
}

/** A till's dead letters: the oldest make room. */
export function deadQueue(limits: MailboxLimits): Options.AssertQueue {
  return {
    durable: true,
    arguments: {
      'x-queue-type': 'quorum',
      'x-max-length': limits.deadMax,
      'x-message-ttl': limits.keepMs,
      'x-delivery-limit': PEEKS_MAX,
    },
  };
}
