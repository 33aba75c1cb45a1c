import { hash } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { type Mailbox, MailboxAway, type MailboxLimits, type Notification } from '../mailbox.ts';
import { otherBytesId } from '../notification-id.ts';
import { NoQueue, type Rabbit } from './connection.ts';
import type { Control } from './control.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createRabbitInbox, type RabbitInbox } from './inbox.ts';
import { messageOf } from './messages.ts';
import { createRemembered } from './remembered.ts';
import { deadQueue, mailboxQueue, type Names } from './topology.ts';

/** The broker refuses a queue that exists with other limits. */
const PRECONDITION_FAILED = 406;
const NOT_FOUND = 404;

export interface RabbitMailbox extends Mailbox {
  hear(control: Control): void;
  /** The connection is gone. */
  down(): void;
}

/**
 * Mailboxes as quorum queues, for any number of nodes that keep nothing themselves. A till may be connected to
 * any of them. Limits are the broker's, about exact; changed ones hold for tills that are enrolled afterwards.
 */
export function createRabbitMailbox(deps: {
  rabbit: Rabbit;
  names: Names;
  clock: Clock;
  random: Random;
  log: Log;
  limits: MailboxLimits;
}): RabbitMailbox {
  const { rabbit, names, clock, log, limits } = deps;
  const inboxes = new Map<string, RabbitInbox>();
  const remembered = createRemembered(clock);
  const underWay = new Map<string, { digest: string; result: Promise<'stored' | 'repeated' | 'full'> }>();
  const prepared = new Set<string>();
  /** Since when, as far as this node has seen, something has been waiting. */
  const waitingSince = new Map<string, number>();
  const dead = createDeadLetters(rabbit, limits.deadMax + 100);

  async function prepare(till: string): Promise<void> {
    if (prepared.has(till)) return;
    await declare(names.dead(till), deadQueue(limits));
    await declare(names.mailbox(till), mailboxQueue(names, till, limits));
    prepared.add(till);
  }

  async function declare(queue: string, options: ReturnType<typeof deadQueue>): Promise<void> {
    try {
      await rabbit.withChannel((channel) => channel.assertQueue(queue, options));
    } catch (error) {
      if (codeOf(error) !== PRECONDITION_FAILED) throw asAway(error);
      log.warn({ queue }, 'a mailbox keeps the limits that it was made with');
    }
  }

  async function tell(control: Control): Promise<void> {
    await rabbit.publish(names.control, '', Buffer.from(JSON.stringify(control)), { persistent: false });
  }

  /** For what is only a saving: if it gets lost, something is delivered twice. */
  function tellLater(control: Control): void {
    tell(control).catch((error: unknown) => log.debug({ err: error }, 'the other nodes were not told'));
  }

  /** As it came, or under a name of its own when other bytes that no till has judged have its id. */
  function named(notification: Notification, digest: string): Notification {
    const { till, id, body } = notification;
    const other = underWay.get(placeOf(notification));
    const isTaken = other ? other.digest !== digest : remembered.hasOther(till, id, digest);
    return isTaken ? { ...notification, id: otherBytesId(id, body) } : notification;
  }

  async function store(notification: Notification, digest: string): Promise<'stored' | 'full'> {
    const { till, id } = notification;
    await prepare(till);
    const send = () => rabbit.publish('', names.mailbox(till), notification.body, messageOf(notification));
    let result: 'taken' | 'refused';
    try {
      result = await send();
    } catch (error) {
      if (!(error instanceof NoQueue)) throw error;
      // Somebody removed it since.
      prepared.delete(till);
      await prepare(till);
      result = await send();
    }
    if (result === 'refused') return 'full';
    remembered.add(till, id, digest);
    if (!waitingSince.has(till)) waitingSince.set(till, notification.receivedMs);
    tellLater({ kind: 'seen', till, id, digest });
    return 'stored';
  }

  async function bury(notification: Notification, reason: string): Promise<void> {
    const { till, id } = notification;
    const result = await rabbit.publish(
      '',
      names.dead(till),
      notification.body,
      messageOf(notification, reason),
    );
    if (result === 'refused') throw new MailboxAway('The dead letters cannot be written.');
    remembered.remove(till, id);
    tellLater({ kind: 'unseen', till, id });
  }

  async function count(queue: string): Promise<number> {
    try {
      return await rabbit.withChannel(async (channel) => (await channel.checkQueue(queue)).messageCount);
    } catch (error) {
      if (codeOf(error) === NOT_FOUND) return 0;
      throw asAway(error);
    }
  }

  return {
    prepare,

    async put(posted) {
      const digest = digestOf(posted.body);
      const notification = named(posted, digest);
      if (remembered.has(notification.till, notification.id)) return 'repeated';
      const place = placeOf(notification);
      const other = underWay.get(place);
      if (other) {
        const result = await other.result;
        return result === 'stored' ? 'repeated' : result;
      }
      const result = store(notification, digest).finally(() => underWay.delete(place));
      underWay.set(place, { digest, result });
      return await result;
    },

    async open(till) {
      await prepare(till);
      const channel = await rabbit.openChannel();
      const token = randomText(deps.random, ALPHANUMERIC, 22);
      inboxes.get(till)?.end('taken_over');
      const inbox = createRabbitInbox({
        token,
        channel,
        queue: names.mailbox(till),
        log,
        bury,
        acked: ({ id }) => remembered.judged(till, id),
        closed() {
          if (inboxes.get(till) === inbox) inboxes.delete(till);
        },
      });
      inboxes.set(till, inbox);
      try {
        await channel.prefetch(limits.window);
        await tell({ kind: 'open', till, token });
      } catch (error) {
        inbox.close();
        throw asAway(error);
      }
      return inbox;
    },

    async backlog(till) {
      const here = inboxes.get(till)?.open() ?? { count: 0, oldestMs: null };
      const [ready, deadCount] = await Promise.all([count(names.mailbox(till)), count(names.dead(till))]);
      const waiting = ready + here.count;
      if (waiting === 0) waitingSince.delete(till);
      return { waiting, oldestMs: here.oldestMs ?? waitingSince.get(till) ?? null, dead: deadCount };
    },

    deadLetters: (till, limit) =>
      dead.newestFirst(names.dead(till), limit).catch((error: unknown) => {
        if (codeOf(error) === NOT_FOUND) return [];
        throw asAway(error);
      }),

    async replay(till, id) {
      await prepare(till);
      return await dead.raise(names.dead(till), id, async (notification) => {
        const at = { ...notification };
        const result = await rabbit.publish('', names.mailbox(till), at.body, messageOf(at));
        if (result === 'refused') throw new MailboxAway('The mailbox is full.');
        const digest = digestOf(at.body);
        remembered.add(till, at.id, digest);
        tellLater({ kind: 'seen', till, id: at.id, digest });
      });
    },

    async forget(till) {
      inboxes.get(till)?.end('taken_over');
      await tell({ kind: 'open', till, token: null });
      prepared.delete(till);
      waitingSince.delete(till);
      for (const queue of [names.mailbox(till), names.dead(till)]) {
        await rabbit
          .withChannel((channel) => channel.deleteQueue(queue))
          .catch((error: unknown) => {
            throw asAway(error);
          });
      }
    },

    // The broker lets old ones die by itself.
    sweep: async () => {},

    trouble: () => (rabbit.isUp() ? null : 'RabbitMQ is away.'),

    async close() {
      for (const inbox of [...inboxes.values()]) inbox.end('unavailable');
    },

    hear(control) {
      const { kind, till } = control;
      if (kind === 'seen') return remembered.add(till, control.id, control.digest);
      if (kind === 'unseen') return remembered.remove(till, control.id);
      const inbox = inboxes.get(till);
      if (inbox && inbox.token !== control.token) inbox.end('taken_over');
      if (control.token !== null) return;
      // Forgotten wholly: what was dropped with its mailbox is new when it comes again.
      prepared.delete(till);
      remembered.forget(till);
    },

    down() {
      prepared.clear();
      for (const inbox of [...inboxes.values()]) inbox.end('unavailable');
    },
  };
}

function placeOf({ till, id }: Notification): string {
  return `${till}\n${id}`;
}

function digestOf(body: Uint8Array): string {
  return hash('sha256', body, 'base64url');
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

function asAway(error: unknown): MailboxAway {
  return error instanceof MailboxAway ? error : new MailboxAway('RabbitMQ refused.', { cause: error });
}
