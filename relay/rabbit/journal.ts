import type { ChannelModel } from 'amqplib';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { MailboxAway } from '../mailbox.ts';
import type { Journal } from '../registry.ts';
import type { Rabbit } from './connection.ts';

/** A record that has not come back by then may or may not be in the journal. */
const APPEND_MS_MAX = 5_000;
const PREFETCH = 200;
const RECORD = 'record';
/** Ends a node's first reading; means nothing to anybody else. */
const MARK = 'mark';

export interface RabbitJournal extends Journal {
  /** Reads on from where it was; after each connect. */
  attach(connection: ChannelModel): Promise<void>;
}

/** The journal as a stream on the broker: kept, replicated, and read by every node in the same order. */
export function createRabbitJournal(deps: {
  stream: string;
  rabbit: () => Rabbit;
  clock: Clock;
  random: Random;
  log: Log;
}): RabbitJournal {
  const { stream, clock, log } = deps;
  let apply: ((record: string) => void) | null = null;
  let nextOffset: number | 'first' = 'first';
  const awaited = new Map<string, () => void>();

  async function attach(connection: ChannelModel): Promise<void> {
    const channel = await connection.createChannel();
    channel.on('error', (error) => log.warn({ err: error }, 'the journal’s channel failed'));
    channel.on('close', () => void connection.close().catch(() => {}));
    await channel.assertQueue(stream, { durable: true, arguments: { 'x-queue-type': 'stream' } });
    await channel.prefetch(PREFETCH);
    await channel.consume(
      stream,
      (message) => {
        if (!message) return void connection.close().catch(() => {});
        const offset = Number(message.properties.headers?.['x-stream-offset']);
        channel.ack(message);
        // The broker begins at the start of a chunk.
        if (nextOffset !== 'first' && offset < nextOffset) return;
        nextOffset = offset + 1;
        if (message.properties.type === RECORD) hear(message.content.toString());
        const done = awaited.get(String(message.properties.messageId));
        done?.();
      },
      { arguments: { 'x-stream-offset': nextOffset } },
    );
  }

  const unheard: string[] = [];
  let fault: unknown = null;
  function hear(record: string): void {
    if (!apply) {
      unheard.push(record);
      return;
    }
    try {
      apply(record);
    } catch (error) {
      fault ??= error;
      log.error({ err: error }, 'a record of the journal was not understood');
    }
  }

  async function write(type: string, record: string): Promise<void> {
    const messageId = randomText(deps.random, ALPHANUMERIC, 22);
    const back = new Promise<void>((resolve, reject) => {
      const cancel = clock.after(APPEND_MS_MAX, () => {
        awaited.delete(messageId);
        reject(new MailboxAway('The journal does not answer.'));
      });
      awaited.set(messageId, () => {
        awaited.delete(messageId);
        cancel();
        resolve();
      });
    });
    back.catch(() => {});
    await deps.rabbit().publish('', stream, Buffer.from(record), { type, messageId });
    await back;
  }

  return {
    attach,
    async follow(to) {
      await write(MARK, '');
      apply = to;
      for (const record of unheard.splice(0)) hear(record);
      if (fault) throw fault;
    },
    append: (record) => write(RECORD, record),
  };
}
