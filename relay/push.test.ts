import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { SimClock } from '../ports/sim-clock.ts';
import {
  CLOSE,
  HEARTBEAT_MS,
  HELLO_TIMEOUT_MS,
  RELAY_PROTOCOL,
  SILENCE_MAX_MS,
  signHello,
  TILL_FRAME_BYTES_MAX,
} from '../wire/relay.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';
import { ADMIN_TOKEN, connect, connectRaw, enrol, newKeys, type TestTill } from './test-till.ts';

let relay: TestRelay;
let open: TestTill[];
const keys = newKeys();
const otherKeys = newKeys();

beforeEach(async () => {
  open = [];
});
afterEach(async () => {
  for (const each of open) each.drop();
  await relay.stop();
});

async function start(change: Parameters<typeof startTestRelay>[0] = {}): Promise<void> {
  relay = await startTestRelay(change);
  await enrol(relay.origin, 'a', keys);
  await enrol(relay.origin, 'b', otherKeys);
}

let serial = 0;
async function notify(till: string, text = `{"id":"EV-${++serial}"}`): Promise<string> {
  const answer = await fetch(`${relay.origin}/notify/${till}/wechat`, { method: 'POST', body: text });
  expect(answer.status).toBe(204);
  return text;
}

const till = async (name = 'a', after: { epoch: string; seq: number } | null = null) => {
  const client = await connect(relay.origin, { till: name, keys: name === 'a' ? keys : otherKeys, after });
  open.push(client);
  return client;
};
const bare = (options?: { answerPings?: boolean }) => {
  const client = connectRaw(relay.origin, options);
  open.push(client);
  return client;
};
const bodies = (client: TestTill) =>
  client.deliveries().map(({ body }) => Buffer.from(body, 'base64').toString());

async function until(hoped: () => Promise<boolean>): Promise<void> {
  while (!(await hoped())) await new Promise((resolve) => setImmediate(resolve));
}
const waiting = async (name = 'a') => (await relay.mailbox.backlog(name)).waiting;

describe('deliveries', () => {
  test('come at once, in order, and are forgotten when they are acknowledged', async () => {
    await start();
    const client = await till();
    const sent = [await notify('a'), await notify('a'), await notify('a')];
    await client.until('delivery', () => client.deliveries().length === 3);
    expect(bodies(client)).toEqual(sent);
    expect(await waiting()).toBe(3);
    for (const { seq } of client.deliveries()) client.send({ type: 'ack', seq });
    await until(async () => (await waiting()) === 0);
    const again = await till();
    await notify('a', '{"id":"last"}');
    await again.until('delivery');
    expect(bodies(again)).toEqual(['{"id":"last"}']);
  });

  test('wait while the till is away, also through a restart of the relay', async () => {
    await start();
    const sent = [await notify('a'), await notify('a')];
    await relay.restart();
    const client = await till();
    await client.until('delivery', () => client.deliveries().length === 2);
    expect(bodies(client)).toEqual(sent);
  });

  test('without an answer come again on the next connection, with the same id', async () => {
    await start();
    const client = await till();
    await notify('a');
    const first = await client.until('delivery');
    client.drop();
    const again = await (await till()).until('delivery');
    expect(again).toEqual(first);
  });

  test('up to the last that the till names do not come again', async () => {
    await start();
    const client = await till();
    const { epoch } = await client.until('welcome');
    const sent = [await notify('a'), await notify('a')];
    await client.until('delivery', () => client.deliveries().length === 2);
    const [first] = client.deliveries();
    client.drop();
    const again = await till('a', { epoch, seq: first?.seq ?? 0 });
    await again.until('delivery');
    expect(bodies(again)).toEqual([sent[1]]);
  });

  test('are no more than the window at once', async () => {
    await start({ limits: { window: 2 }, window: 2 });
    const client = await till();
    expect((await client.until('welcome')).window).toBe(2);
    for (let each = 0; each < 5; each++) await notify('a');
    await client.until('delivery', () => client.deliveries().length === 2);
    client.send({ type: 'ping' });
    await client.until('pong');
    expect(client.deliveries()).toHaveLength(2);
    client.send({ type: 'ack', seq: client.deliveries()[0]?.seq ?? 0 });
    await client.until('delivery', () => client.deliveries().length === 3);
  });

  test('that the till rejects are parked, and the next one comes', async () => {
    await start({ limits: { window: 1 } });
    const client = await till();
    await notify('a');
    const next = await notify('a');
    const { seq } = await client.until('delivery');
    client.send({ type: 'reject', seq, reason: 'the signature is not the wallet’s' });
    await client.until('delivery', () => client.deliveries().length === 2);
    expect(bodies(client)[1]).toBe(next);
    const [letter] = await relay.mailbox.deadLetters('a', 10);
    expect(letter?.reason).toBe('the signature is not the wallet’s');
    const metrics = await relay.metrics();
    expect(metrics).toContain('mianfu_relay_rejected_total 1');
    expect(metrics).toContain('mianfu_relay_dead_letters 1');
  });

  test('never reach another till, and cannot be acknowledged by it', async () => {
    await start();
    const mine = await till('a');
    const other = await till('b');
    const sent = [await notify('a'), await notify('a')];
    await mine.until('delivery', () => mine.deliveries().length === 2);
    for (const { seq } of mine.deliveries()) {
      other.send({ type: 'ack', seq });
      other.send({ type: 'reject', seq, reason: 'not mine' });
    }
    other.send({ type: 'ping' });
    await other.until('pong');
    expect(other.deliveries()).toEqual([]);
    expect(await waiting('a')).toBe(2);
    expect(await relay.mailbox.deadLetters('a', 10)).toEqual([]);
    const own = await notify('b');
    await other.until('delivery');
    expect(bodies(other)).toEqual([own]);
    mine.drop();
    const again = await till('a');
    await again.until('delivery', () => again.deliveries().length === 2);
    expect(bodies(again)).toEqual(sent);
  });
});

describe('proving the key', () => {
  async function hello(change: { till?: string; relay?: string; nonce?: string; with?: typeof keys }) {
    const client = bare();
    const challenge = await client.until('challenge');
    const text = { relay: challenge.relay, till: change.till ?? 'a', nonce: challenge.nonce, ...change };
    const signature = signHello(text, (change.with ?? keys).privateKey);
    client.send({ type: 'hello', protocol: RELAY_PROTOCOL, till: text.till, signature, after: null });
    return client;
  }

  test.each<[string, Parameters<typeof hello>[0]]>([
    ['of another till', { with: otherKeys }],
    ['under the name of another till', { till: 'b' }],
    ['of an unknown till', { till: 'nobody' }],
    ['for another relay', { relay: 'relay.example.com' }],
    ['for another challenge', { nonce: 'A'.repeat(43) }],
  ])('a signature %s is refused, without saying why', async (_, change) => {
    await start();
    await notify('a');
    const client = await hello(change);
    expect(await client.closed).toEqual({ code: CLOSE.refused, reason: 'refused' });
    expect(client.frames.map(({ type }) => type)).toEqual(['challenge']);
  });

  test('a recorded hello is worth nothing on another connection', async () => {
    await start();
    const first = bare();
    const { relay: name, nonce } = await first.until('challenge');
    const signature = signHello({ relay: name, till: 'a', nonce }, keys.privateKey);
    const recorded = { type: 'hello', protocol: RELAY_PROTOCOL, till: 'a', signature, after: null } as const;
    first.send(recorded);
    await first.until('welcome');
    const second = bare();
    expect((await second.until('challenge')).nonce).not.toBe(nonce);
    second.send(recorded);
    expect((await second.closed).code).toBe(CLOSE.refused);
  });

  test('a revoked till is cut off and not let in again', async () => {
    await start();
    const client = await till();
    await notify('a');
    await client.until('delivery');
    const revoked = await fetch(`${relay.origin}/admin/tills/a/revoke`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    expect(revoked.status).toBe(204);
    expect((await client.closed).code).toBe(CLOSE.revoked);
    expect((await (await hello({})).closed).code).toBe(CLOSE.refused);
    const post = await fetch(`${relay.origin}/notify/a/wechat`, { method: 'POST', body: '{}' });
    expect(post.status).toBe(404);
  });

  test('a new key ends the connection of the old one and keeps what waits', async () => {
    await start();
    const sent = await notify('a');
    const client = await till();
    const fresh = newKeys();
    await enrol(relay.origin, 'a', fresh);
    expect((await client.closed).code).toBe(CLOSE.revoked);
    const again = await connect(relay.origin, { till: 'a', keys: fresh });
    open.push(again);
    await again.until('delivery');
    expect(bodies(again)).toEqual([sent]);
    expect((await (await hello({})).closed).code).toBe(CLOSE.refused);
  });
});

describe('a connection', () => {
  test('of the same till takes over, and the older one hears so', async () => {
    await start();
    const first = await till();
    const sent = await notify('a');
    await first.until('delivery');
    const second = await till();
    expect((await first.closed).code).toBe(CLOSE.takenOver);
    await second.until('delivery');
    expect(bodies(second)).toEqual([sent]);
    second.send({ type: 'ack', seq: second.deliveries()[0]?.seq ?? 0 });
    await until(async () => (await waiting()) === 0);
    expect(await relay.metrics()).toContain('mianfu_relay_connected_tills 1');
  });

  test('of a hundred at once leaves one, and nothing is lost or given to two', async () => {
    await start({ limits: { returnsMax: 1_000 } });
    const sent = [];
    for (let each = 0; each < 10; each++) sent.push(await notify('a'));
    const clients = Array.from({ length: 100 }, () => bare());
    for (const client of clients) {
      void client.until('challenge').then(({ relay: name, nonce }) => {
        const signature = signHello({ relay: name, till: 'a', nonce }, keys.privateKey);
        client.send({ type: 'hello', protocol: RELAY_PROTOCOL, till: 'a', signature, after: null });
      });
    }
    const gone = new Set<TestTill>();
    for (const client of clients) void client.closed.then(() => gone.add(client));
    await until(async () => gone.size === 99);
    const last = clients.find((client) => !gone.has(client));
    await last?.until('delivery', () => last.deliveries().length === 10);
    expect(last && bodies(last)).toEqual(sent);
  });

  test.each<[string, string]>([
    ['no JSON', 'hello'],
    ['an unknown type', '{"type":"subscribe"}'],
    ['a frame too many members', '{"type":"ping","till":"b"}'],
    ['an ack without a hello', '{"type":"ack","seq":1}'],
    ['a ping without a hello', '{"type":"ping"}'],
    ['a hello of another protocol', '{"type":"hello","protocol":2}'],
    ['null', 'null'],
    ['deep nesting', '['.repeat(4_000)],
  ])('that begins with %s is ended', async (_, text) => {
    await start();
    const client = bare();
    await client.until('challenge');
    client.send(text);
    expect((await client.closed).code).toBe(CLOSE.protocol);
  });

  test.each<[string, (client: TestTill) => void, number]>([
    ['says hello twice', (c) => c.send('{"type":"hello"}'), CLOSE.protocol],
    ['acknowledges nonsense', (c) => c.send('{"type":"ack","seq":-1}'), CLOSE.protocol],
    ['sends bytes', (c) => c.socket.send(Buffer.from('{"type":"ping"}')), CLOSE.protocol],
    ['sends too large a frame', (c) => c.send(' '.repeat(TILL_FRAME_BYTES_MAX + 1)), 1009],
  ])('that %s is ended, and what was under way stays', async (_, act, code) => {
    await start();
    const client = await till();
    await notify('a');
    await client.until('delivery');
    act(client);
    expect((await client.closed).code).toBe(code);
    await (await till()).until('delivery');
  });

  test('to another address is not upgraded', async () => {
    await start();
    const socket = new WebSocket(`${relay.origin.replace('http', 'ws')}/other`);
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toContain('404');
  });

  test('that writes and never reads is torn down, with no more held for it than a window', async () => {
    const sim = new SimClock(1_800_000_000_000);
    await start({ clock: sim, window: 1 });
    const client = await till();
    client.freeze();
    const connected = async () => (await relay.metrics()).includes('mianfu_relay_connected_tills 1');
    // Fewer than a till may write between two heartbeats, for as long as it likes.
    for (let beat = 0; beat < 60 && (await connected()); beat++) {
      for (let count = 0; count < 15_000; count++) client.send({ type: 'ping' });
      await expect.poll(() => client.socket.bufferedAmount).toBe(0);
      await sim.advance(HEARTBEAT_MS);
    }
    expect(await connected()).toBe(false);
  });

  test('that is turned away is over, though the other side keeps its half open', async () => {
    await start();
    const socket = connectTcp({ port: Number(new URL(relay.origin).port), allowHalfOpen: true });
    const isOver = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    const upgrade = 'connection: upgrade\r\nupgrade: websocket\r\n';
    socket.write(`GET /other HTTP/1.1\r\nhost: x\r\n${upgrade}\r\n`);
    await new Promise((resolve) => socket.resume().once('end', resolve));
    // What nobody holds any more is answered with a reset.
    const writing = setInterval(() => socket.write('x'), 10);
    await isOver;
    clearInterval(writing);
  });

  test('beyond the bound is turned away, and let in when others have left', async () => {
    await start({ push: { greetingMax: 2 } });
    const [first, second] = [bare(), bare()];
    await Promise.all([first.until('challenge'), second.until('challenge')]);
    await expect(bare().until('challenge')).rejects.toThrow();
    first.drop();
    await until(() =>
      bare()
        .until('challenge')
        .then(
          () => true,
          () => false,
        ),
    );
  });
});

describe('life', () => {
  const clock = () => new SimClock(1_800_000_000_000);

  /** Lets time pass in heartbeats, waiting each time until the pings of the living have been answered. */
  async function pass(sim: SimClock, ms: number, living: TestTill[]): Promise<void> {
    for (let gone = 0; gone < ms; gone += HEARTBEAT_MS) {
      await sim.advance(HEARTBEAT_MS);
      for (const client of living) {
        const pongs = client.frames.filter(({ type }) => type === 'pong').length;
        client.send({ type: 'ping' });
        await client.until('pong', () => client.frames.filter(({ type }) => type === 'pong').length > pongs);
      }
    }
  }

  test('a connection that says no hello is ended', async () => {
    const sim = clock();
    await start({ clock: sim });
    const client = bare();
    await client.until('challenge');
    await sim.advance(HELLO_TIMEOUT_MS + 1);
    expect((await client.closed).code).toBe(CLOSE.silent);
  });

  test('a half-open connection is found within seconds; a living one stays', async () => {
    const sim = clock();
    await start({ clock: sim });
    const dead = await till('a');
    const living = await till('b');
    await notify('a');
    dead.freeze();
    await pass(sim, SILENCE_MAX_MS + 2 * HEARTBEAT_MS, [living]);
    expect(await relay.metrics()).toContain('mianfu_relay_connected_tills 1');
    await (await till('a')).until('delivery');
    expect(living.frames.filter(({ type }) => type === 'ping').length).toBeGreaterThan(2);
  });

  test('a relay that ends tells its tills to come again', async () => {
    await start();
    const client = await till();
    await relay.restart();
    expect((await client.closed).code).toBe(CLOSE.unavailable);
    await till();
  });
});
