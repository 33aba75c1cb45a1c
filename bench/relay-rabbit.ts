import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { systemClock } from '../ports/clock.ts';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { MAILBOX_LIMITS } from '../relay/mailbox.ts';
import { openRabbit } from '../relay/rabbit/open.ts';
import { createNames } from '../relay/rabbit/topology.ts';
import { ratio, ratioLine } from './measure.ts';
import { another, IN_FLIGHT, paid } from './relay-posts.ts';

const BROKER = process.env.MIANFU_TEST_RABBIT ?? 'amqp://guest:guest@127.0.0.1:5672';

/** Storing notifications in RabbitMQ, beside a bare publish of the same bytes to a quorum queue with its confirm. */
export async function run(): Promise<void> {
  const prefix = `mianfu-bench-${randomBytes(6).toString('hex')}`;
  const names = createNames(prefix);
  const bareQueue = `${prefix}.bare`;
  const most = 1_000_000_000;
  const ours = await openRabbit({
    url: BROKER,
    prefix,
    clock: systemClock(),
    random: systemRandom(),
    log: silentLog(),
    limits: { ...MAILBOX_LIMITS, waitingMax: most, waitingBytesMax: most },
  });
  const connection = await connect(BROKER, { noDelay: true });
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(bareQueue, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
  const sample = paid('T1');
  const notification = {
    till: 'a',
    channel: 'wechat' as const,
    source: '127.0.0.1',
    headers: sample.headers,
  };

  const put = async () => {
    const { id, body } = another(sample);
    const receivedMs = Date.now();
    const result = await ours.mailbox.put({ ...notification, id, receivedMs, body: Buffer.from(body) });
    if (result !== 'stored') throw new Error(`The mailbox says ${result}.`);
  };
  const publish = () =>
    new Promise<void>((resolve, reject) => {
      const { headers } = sample;
      const body = Buffer.from(another(sample).body);
      channel.sendToQueue(bareQueue, body, { persistent: true, headers }, (error) =>
        error ? reject(error) : resolve(),
      );
    });
  try {
    console.log('Storing in RabbitMQ, rate against a peer (more is better):');
    for (const inFlight of [1, IN_FLIGHT]) {
      const value = await ratio(put, publish, { rounds: 9, roundMs: 400, inFlight });
      console.log(ratioLine(`mailbox, ${inFlight} in flight, against publish with confirm`, value));
    }
  } finally {
    await ours.close();
    for (const queue of [bareQueue, names.mailbox('a'), names.dead('a'), names.journal])
      await channel.deleteQueue(queue);
    await channel.deleteExchange(names.control);
    await connection.close();
  }
}
