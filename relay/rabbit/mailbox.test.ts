import { randomBytes } from 'node:crypto';
import { connect } from 'amqplib';
import { expect, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { enrolRequest } from '../../wire/relay.ts';
import { CONFORMANCE_LIMITS, collect, mailboxConformance, sample } from '../conformance.ts';
import { createRegistry } from '../registry.ts';
import { newKeys } from '../test-till.ts';
import { openRabbit } from './open.ts';
import { createNames } from './topology.ts';

const URL_OF_BROKER = process.env.MIANFU_TEST_RABBIT ?? 'amqp://guest:guest@127.0.0.1:5672';

async function make(limits = CONFORMANCE_LIMITS) {
  const prefix = `mianfu-test-${randomBytes(6).toString('hex')}`;
  const clock = systemClock();
  const node = () =>
    openRabbit({ url: URL_OF_BROKER, prefix, clock, random: systemRandom(), log: silentLog(), limits });
  const nodes = [await node()];
  const first = nodes[0] as Awaited<ReturnType<typeof node>>;
  return {
    mailbox: first.mailbox,
    nowMs: () => clock.nowMs(),
    node: async () => {
      const further = await node();
      nodes.push(further);
      return further;
    },
    first,
    async another() {
      const further = await node();
      nodes.push(further);
      return further.mailbox;
    },
    pass: async () => {},
    async close() {
      for (const each of nodes) await each.close();
      await removeAll(prefix);
    },
  };
}

async function removeAll(prefix: string): Promise<void> {
  const names = createNames(prefix);
  const connection = await connect(URL_OF_BROKER);
  const channel = await connection.createChannel();
  for (const till of ['till-1', 'till-2']) {
    await channel.deleteQueue(names.mailbox(till));
    await channel.deleteQueue(names.dead(till));
  }
  await channel.deleteQueue(names.journal);
  await channel.deleteExchange(names.control);
  await connection.close();
}

mailboxConformance('RabbitMQ', make);

test('a till that connects to another node takes over there, in order', async () => {
  const bench = await make();
  const other = await bench.another();
  const sent = Array.from({ length: 6 }, () => sample('till-1'));
  for (const notification of sent) await bench.mailbox.put(notification);
  const old = collect(await bench.mailbox.open('till-1', null));
  await old.first(4);
  const inbox = await other.open('till-1', null);
  const seen = collect(inbox);
  expect(await old.ended).toBe('taken_over');
  for (let count = 1; count <= sent.length; count++) inbox.ack((await seen.first(count)).at(-1)?.seq ?? 0);
  expect(seen.got.map(({ notification }) => notification.id)).toEqual(sent.map(({ id }) => id));
  await bench.close();
});

test('a notification that is posted to one node and repeated at another is one delivery', async () => {
  const bench = await make();
  const other = await bench.another();
  const sent = sample('till-1');
  expect(await bench.mailbox.put(sent)).toBe('stored');
  // Nodes hear each other in order: what ends this inbox was said after the notification was.
  const inbox = collect(await other.open('till-2', null));
  await bench.mailbox.open('till-2', null);
  expect(await inbox.ended).toBe('taken_over');
  expect(await other.put(sent)).toBe('repeated');
  await bench.close();
});

test('every node knows every till, also one that starts later', async () => {
  const bench = await make();
  const second = await bench.node();
  const shared = { clock: systemClock(), random: systemRandom() };
  const here = await createRegistry({ ...shared, journal: bench.first.journal });
  const there = await createRegistry({ ...shared, journal: second.journal });
  const revoked = new Promise((resolve) => there.onRevoked(resolve));
  const { code } = await here.invite('till-1');
  const keys = newKeys();
  expect(await here.enrol(enrolRequest({ till: 'till-1', code }, keys))).toBe(true);
  const third = await createRegistry({ ...shared, journal: (await bench.node()).journal });
  expect(third.find('till-1')?.key.equals(keys.publicKey)).toBe(true);
  expect(await third.revoke('till-1')).toBe(true);
  expect(await revoked).toBe('till-1');
  expect(there.find('till-1')).toBeUndefined();
  await bench.close();
});
