import { type Channel, type ChannelModel, type ConfirmChannel, connect, type Options } from 'amqplib';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { MailboxAway } from '../mailbox.ts';

const HEARTBEAT_SECONDS = 10;
const CONNECT_MS_MAX = 5_000;
const BACKOFF_MS = { first: 200, most: 5_000 };

export interface Rabbit {
  /** A channel for `use`, closed afterwards. Rejects with {@link MailboxAway} while the broker is away. */
  withChannel<T>(use: (channel: Channel) => Promise<T>): Promise<T>;
  /** A channel that the caller closes. */
  openChannel(): Promise<Channel>;
  /**
   * Publishes to an exchange, or with `''` to the queue named `key`. Resolves `taken` once the broker has made
   * it durable, `refused` when a queue is full. Rejects with {@link MailboxAway} when it may not be durable.
   */
  publish(
    exchange: string,
    key: string,
    content: Uint8Array,
    options: Options.Publish,
  ): Promise<'taken' | 'refused'>;
  isUp(): boolean;
  close(): Promise<void>;
}

/** The broker has no queue of that name. */
export class NoQueue extends MailboxAway {}

/**
 * One connection to the broker, made again with growing pauses when it is lost. `up` runs after each connect
 * and must succeed; `down` after each loss. Rejects when the first connect fails.
 */
export async function connectRabbit(deps: {
  url: string;
  clock: Clock;
  random: Random;
  log: Log;
  up(connection: ChannelModel): Promise<void>;
  down(): void;
}): Promise<Rabbit> {
  const { clock, log } = deps;
  let current: { connection: ChannelModel; publisher: ConfirmChannel } | null = null;
  let closed = false;
  let cancelRetry = () => {};
  let serial = 0;
  /** What the broker sent back because no queue took it, by number. */
  const unrouted = new Set<string>();

  async function start(): Promise<void> {
    const connection = await connect(withHeartbeat(deps.url), { timeout: CONNECT_MS_MAX, noDelay: true });
    connection.on('error', (error) => log.warn({ err: error }, 'the connection to RabbitMQ failed'));
    connection.on('close', () => lost(connection));
    try {
      const publisher = await connection.createConfirmChannel();
      publisher.on('error', (error) => log.warn({ err: error }, 'the publishing channel failed'));
      // Without its publisher a connection is of no use: a new one is made.
      publisher.on('close', () => void connection.close().catch(() => {}));
      publisher.on('return', (message) => unrouted.add(String(message.properties.correlationId)));
      await deps.up(connection);
      current = { connection, publisher };
    } catch (error) {
      connection.close().catch(() => {});
      throw error;
    }
  }

  function lost(connection: ChannelModel): void {
    if (current?.connection !== connection) return;
    current = null;
    deps.down();
    if (!closed) retry(BACKOFF_MS.first);
  }

  function retry(pauseMs: number): void {
    const jitter = 0.5 + (deps.random.bytes(1)[0] ?? 0) / 255;
    cancelRetry = clock.after(pauseMs * jitter, () => {
      start().then(
        () => log.info({}, 'connected to RabbitMQ again'),
        (error: unknown) => {
          log.warn({ err: error }, 'RabbitMQ is away');
          if (!closed) retry(Math.min(BACKOFF_MS.most, pauseMs * 2));
        },
      );
    });
  }

  async function openChannel(): Promise<Channel> {
    if (!current) throw new MailboxAway('RabbitMQ is away.');
    try {
      const channel = await current.connection.createChannel();
      // Its operations reject as well; this only keeps the event from being nobody's.
      channel.on('error', (error) => log.debug({ err: error }, 'a channel failed'));
      return channel;
    } catch (error) {
      throw new MailboxAway('RabbitMQ is away.', { cause: error });
    }
  }

  await start();
  return {
    openChannel,
    async withChannel(use) {
      const channel = await openChannel();
      let failed = false;
      try {
        return await use(channel);
      } catch (error) {
        // The broker closes a channel on which something failed.
        failed = true;
        throw error;
      } finally {
        if (!failed) await channel.close().catch(() => {});
        else channel.close().catch(() => {});
      }
    },

    publish(exchange, key, content, options) {
      const publisher = current?.publisher;
      if (!publisher) return Promise.reject(new MailboxAway('RabbitMQ is away.'));
      serial += 1;
      const correlationId = String(serial);
      return new Promise((resolve, reject) => {
        const confirmed = (error: unknown) => {
          // The broker sends a message back before it confirms it.
          if (unrouted.delete(correlationId)) reject(new NoQueue(`There is no queue ${key}.`));
          else if (!error) resolve('taken');
          // The library's one word for the broker's refusal; anything else is a lost channel.
          else if (error instanceof Error && error.message === 'message nacked') resolve('refused');
          else reject(new MailboxAway('RabbitMQ went away.', { cause: error }));
        };
        const all = { persistent: true, mandatory: exchange === '', correlationId, ...options };
        try {
          publisher.publish(exchange, key, Buffer.from(content), all, confirmed);
        } catch (error) {
          reject(new MailboxAway('RabbitMQ is away.', { cause: error }));
        }
      });
    },

    isUp: () => current !== null,

    async close() {
      closed = true;
      cancelRetry();
      await current?.connection.close().catch(() => {});
    },
  };
}

function withHeartbeat(url: string): string {
  const parsed = new URL(url);
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', String(HEARTBEAT_SECONDS));
  return parsed.href;
}
