import type { ChannelModel } from 'amqplib';
import { z } from 'zod';
import type { Log } from '../../ports/log.ts';

/** What nodes tell each other and need not keep. */
const Control = z.discriminatedUnion('kind', [
  /** A till has connected anew: every other inbox of it ends. Token null: all of them. */
  z.strictObject({ kind: z.literal('open'), till: z.string(), token: z.string().nullable() }),
  /** `digest`: of its bytes. */
  z.strictObject({ kind: z.literal('seen'), till: z.string(), id: z.string(), digest: z.string() }),
  z.strictObject({ kind: z.literal('unseen'), till: z.string(), id: z.string() }),
]);
export type Control = z.infer<typeof Control>;

/** Listens to what the nodes tell each other, this one included. */
export async function listenToControl(
  connection: ChannelModel,
  exchange: string,
  log: Log,
  hear: (control: Control) => void,
): Promise<void> {
  const channel = await connection.createChannel();
  channel.on('error', (error) => log.warn({ err: error }, 'the control channel failed'));
  // A node that cannot hear the others makes its connection anew.
  channel.on('close', () => void connection.close().catch(() => {}));
  await channel.assertExchange(exchange, 'fanout', { durable: true });
  const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
  await channel.bindQueue(queue, exchange, '');
  await channel.consume(
    queue,
    (message) => {
      if (!message) return void connection.close().catch(() => {});
      const parsed = Control.safeParse(readJson(message.content));
      if (parsed.success) hear(parsed.data);
      else log.warn({}, 'a control message of another version was not understood');
    },
    { noAck: true },
  );
}

function readJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString());
  } catch {
    return null;
  }
}
