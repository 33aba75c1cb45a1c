import type { Channel, ConsumeMessage } from 'amqplib';
import type { Log } from '../../ports/log.ts';
import type { Inbox, InboxEnd, Notification } from '../mailbox.ts';
import { notificationOf } from './messages.ts';

export interface RabbitInbox extends Inbox {
  /** Which of two inboxes of a till this is, among all nodes. */
  readonly token: string;
  /** Unanswered deliveries. */
  open(): { count: number; oldestMs: number | null };
  end(why?: InboxEnd): void;
}

/** One till's window onto its queue: a channel of its own, whose prefetch is the window. */
export function createRabbitInbox(deps: {
  token: string;
  channel: Channel;
  queue: string;
  log: Log;
  /** Makes it a dead letter; resolves once that is durable. */
  bury(notification: Notification, reason: string): Promise<void>;
  acked(notification: Notification): void;
  closed(): void;
}): RabbitInbox {
  const { channel, log } = deps;
  const open = new Map<number, { message: ConsumeMessage; notification: Notification }>();
  let lastSeq = 0;
  let over = false;
  let receiver: Parameters<Inbox['start']>[0] | null = null;

  channel.on('close', () => end('unavailable'));

  function take(message: ConsumeMessage | null): void {
    if (message === null) {
      // The broker ended the consumer: the queue is gone.
      end('unavailable');
      return;
    }
    if (over || !receiver) return;
    let notification: Notification;
    try {
      notification = notificationOf(message);
    } catch (error) {
      log.error({ err: error, queue: deps.queue }, 'a message that is none of ours was set aside');
      channel.nack(message, false, false);
      return;
    }
    lastSeq += 1;
    open.set(lastSeq, { message, notification });
    receiver.deliver({ seq: lastSeq, notification });
  }

  function end(why?: InboxEnd): void {
    if (over) return;
    over = true;
    open.clear();
    // What is unanswered goes back with the channel. One that is closed already has given it back.
    channel.close().catch(() => {});
    if (why) receiver?.ended(why);
    deps.closed();
  }

  return {
    token: deps.token,
    epoch: deps.token,
    start(to) {
      receiver = to;
      channel.consume(deps.queue, take).catch((error: unknown) => {
        log.warn({ err: error }, 'a mailbox could not be read');
        end('unavailable');
      });
    },
    ack(seq) {
      const found = open.get(seq);
      if (over || !found) return;
      open.delete(seq);
      channel.ack(found.message);
      deps.acked(found.notification);
    },
    reject(seq, reason) {
      const found = open.get(seq);
      if (over || !found) return;
      open.delete(seq);
      deps.bury(found.notification, reason).then(
        () => {
          if (!over) channel.ack(found.message);
        },
        (error: unknown) => {
          // It stays with the broker, and comes again.
          log.warn({ err: error }, 'a dead letter could not be written');
          end('unavailable');
        },
      );
    },
    close: () => end(),
    end,
    open() {
      const times = [...open.values()].map(({ notification }) => notification.receivedMs);
      return { count: open.size, oldestMs: times.length === 0 ? null : Math.min(...times) };
    },
  };
}
