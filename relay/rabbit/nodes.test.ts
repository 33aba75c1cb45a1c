import { randomBytes } from 'node:crypto';
import { connect as connectTcp, createServer, type Server, type Socket } from 'node:net';
import { connect as connectBroker } from 'amqplib';
import { Registry as Metrics } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { readSettings } from '../../ports/settings.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { runRelay } from '../run.ts';
import { ADMIN_TOKEN, connect, enrol, newKeys, type TestTill } from '../test-till.ts';
import { createNames } from './topology.ts';

const BROKER = process.env.MIANFU_TEST_RABBIT ?? 'amqp://guest:guest@127.0.0.1:5672';

let prefix: string;
let wire: Awaited<ReturnType<typeof startWire>>;
let nodes: { origin: string; stop(): Promise<void> }[];
const keys = newKeys();
const PUBLIC = ['--public-url', 'https://relay.example.com'];

beforeEach(async () => {
  prefix = `mianfu-test-${randomBytes(6).toString('hex')}`;
  wire = await startWire();
  nodes = [];
});
afterEach(async () => {
  for (const node of nodes) await node.stop();
  wire.close();
  const names = createNames(prefix);
  const broker = await connectBroker(BROKER);
  const channel = await broker.createChannel();
  for (const queue of [names.mailbox('a'), names.dead('a'), names.journal]) await channel.deleteQueue(queue);
  await channel.deleteExchange(names.control);
  await broker.close();
});

/** A node of the relay, as its settings make it. */
async function node(broker = BROKER): Promise<string> {
  const args = ['--rabbit', broker, '--rabbit-prefix', prefix, '--relay-admin-token', ADMIN_TOKEN, ...PUBLIC];
  const settings = readSettings('relay', args, {});
  if (settings === 'help') throw new Error('Settings were asked for.');
  const running = await runRelay(settings, {
    clock: systemClock(),
    random: systemRandom(),
    endOfTurn: systemEndOfTurn,
    log: silentLog(),
    metrics: new Metrics(),
  });
  nodes.push(running);
  return running.origin;
}

/** The way to the broker, which can be cut. */
async function startWire() {
  const { hostname, port } = new URL(BROKER);
  let through = true;
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    if (!through) {
      near.destroy();
      return;
    }
    const far = connectTcp(Number(port || 5672), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {});
      one.on('close', () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(BROKER);
  url.hostname = '127.0.0.1';
  url.port = String(typeof address === 'object' && address ? address.port : 0);
  const cut = () => {
    through = false;
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: url.href,
    cut,
    mend: () => {
      through = true;
    },
    close() {
      cut();
      server.close();
    },
  };
}

const post = (origin: string, id: string) =>
  fetch(`${origin}/notify/a/alipay`, { method: 'POST', body: `notify_id=${id}` });
const ids = (till: TestTill) =>
  till.deliveries().map(({ body }) => Buffer.from(body, 'base64').toString().replace('notify_id=', ''));

async function until<T>(ask: () => Promise<T>, hoped: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (hoped(answer)) return answer;
  }
}

test('a till is enrolled at one node, posted to at another, and served by a third', async () => {
  const [one, two, three] = [await node(), await node(), await node()];
  await enrol(one, 'a', keys);
  expect(
    (
      await until(
        () => post(two, '1'),
        ({ status }) => status !== 404,
      )
    ).status,
  ).toBe(200);
  const till = await connect(three, { till: 'a', keys });
  await till.until('delivery');
  expect(ids(till)).toEqual(['1']);
  const moved = await connect(one, { till: 'a', keys });
  await till.closed;
  await moved.until('delivery');
  expect(ids(moved)).toEqual(['1']);
  moved.drop();
});

test('while the broker is away nothing is promised; afterwards nothing is missing', async () => {
  const origin = await node(wire.url);
  await enrol(origin, 'a', keys);
  expect((await post(origin, '1')).status).toBe(200);
  const before = await connect(origin, { till: 'a', keys });
  await before.until('delivery');

  wire.cut();
  await before.closed;
  const refused = await post(origin, '2');
  expect(refused.status).toBe(503);
  expect(await refused.text()).toBe('failure');
  expect((await fetch(`${origin}/healthz`)).status).toBe(503);
  await expect(connect(origin, { till: 'a', keys })).rejects.toThrow(/4503/);

  wire.mend();
  await until(
    () => fetch(`${origin}/healthz`),
    ({ status }) => status === 200,
  );
  expect((await post(origin, '2')).status).toBe(200);
  expect((await post(origin, '1')).status).toBe(200);
  const after = await connect(origin, { till: 'a', keys });
  await after.until('delivery', () => after.deliveries().length === 2);
  expect(ids(after)).toEqual(['1', '2']);
  after.drop();
});

test('a revocation at one node ends the connection at another', async () => {
  const [one, two] = [await node(), await node()];
  await enrol(one, 'a', keys);
  const till = await until(
    () => connect(two, { till: 'a', keys }).catch(() => null),
    (connected) => connected !== null,
  );
  const revoked = await fetch(`${one}/admin/tills/a/revoke`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  expect(revoked.status).toBe(204);
  await till?.closed;
  await until(
    () => post(two, '1'),
    ({ status }) => status === 404,
  );
});
