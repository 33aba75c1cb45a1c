import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { EPOCH, RELAY_NAME, ScriptedRelay } from '../../test/fakes/scripted-relay.ts';
import { CLOSE, RELAY_PROTOCOL } from '../../wire/relay.ts';
import { reconnectDelayMs, takenOverDelayMs } from './back-off.ts';
import { createConnection } from './connection.ts';
import { publicKeyOf } from './keys.ts';
import type { Answer, DeliveryFrame, Position } from './session.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const ACK: Answer = { kind: 'ack' };

/** A connection to a scripted relay on a simulated clock; deliveries are answered when the test says so. */
async function connected(
  change: { after?: Position; take?: (delivery: DeliveryFrame) => Promise<Answer> } = {},
) {
  const clock = new SimClock(1_800_000_000_000);
  const relay = new ScriptedRelay();
  relay.enrol(publicKeyOf(privateKey));
  const taken: { seq: number; answer(answer: Answer): void }[] = [];
  const reached: Position[] = [];
  const world = { canKeep: true };
  const connection = createConnection({
    clock,
    random: { bytes: (length) => new Uint8Array(length).fill(255) },
    log: silentLog(),
    openSocket: relay.openSocket,
    enrolment: {
      url: 'https://relay.example',
      till: 'T0MW',
      relay: RELAY_NAME,
      pushUrl: 'wss://relay.example/till',
      notifyUrl: 'https://relay.example/notify/T0MW/{channel}',
      publicKey: publicKeyOf(privateKey),
      enrolledAtMs: 0,
      after: change.after ?? null,
    },
    key: privateKey,
    take:
      change.take ??
      (({ seq }) => new Promise((resolve) => taken.push({ seq, answer: (answer) => resolve(answer) }))),
    reached: (position) => reached.push(position),
    canKeep: () => world.canKeep,
    changed() {},
  });
  connection.start();
  await clock.advance(0);
  /** Answers the delivery that was taken in under this number, and lets the answer arrive. */
  async function answer(seq: number, what: Answer): Promise<void> {
    const index = taken.findIndex((each) => each.seq === seq);
    taken.splice(index, 1)[0]?.answer(what);
    await clock.advance(0);
  }
  return { clock, relay, connection, taken, reached, answer, world };
}

test('the till proves its key against the relay’s challenge, and is connected once it is welcomed', async () => {
  const { relay, connection, clock } = await connected();
  expect(relay.said('hello')).toMatchObject([{ till: 'T0MW', protocol: RELAY_PROTOCOL, after: null }]);
  expect(connection.state()).toEqual({ kind: 'connected', sinceMs: clock.nowMs() });
});

test('a delivery is acknowledged only after the till’s own commit', async () => {
  const { relay, clock, answer } = await connected();
  relay.line.deliver(1, 'one');
  await clock.advance(1_000);
  expect(relay.said('ack')).toEqual([]);
  await answer(1, ACK);
  expect(relay.said('ack')).toEqual([{ type: 'ack', seq: 1 }]);
});

test('one that the till cannot use is rejected with its reason, and holds up none behind it', async () => {
  const { relay, clock, answer } = await connected();
  for (const seq of [1, 2, 3]) relay.line.deliver(seq, `${seq}`);
  await clock.advance(0);
  await answer(3, ACK);
  await answer(1, { kind: 'reject', reason: 'not_ours' });
  await answer(2, ACK);
  expect(relay.line.said.filter(({ type }) => type !== 'hello' && type !== 'ping')).toEqual([
    { type: 'ack', seq: 3 },
    { type: 'reject', seq: 1, reason: 'not_ours' },
    { type: 'ack', seq: 2 },
  ]);
});

test('a delivery that is sent twice while it is taken in is taken in once', async () => {
  const { relay, clock, taken } = await connected();
  relay.line.deliver(1, 'one');
  relay.line.deliver(1, 'one');
  await clock.advance(0);
  expect(taken).toHaveLength(1);
});

test('what the disk refused is not acknowledged, and comes again on the next connection', async () => {
  const { relay, clock, answer, connection, world } = await connected();
  relay.line.deliver(1, 'one');
  await clock.advance(0);
  world.canKeep = false;
  await answer(1, { kind: 'not_kept' });
  expect(relay.said('ack')).toEqual([]);
  expect(connection.state()).toMatchObject({ kind: 'away', reason: 'not_kept' });
  // While the disk is full nothing is asked for: each try would count against the delivery.
  await clock.advance(120_000);
  expect(relay.lines).toHaveLength(1);
  world.canKeep = true;
  await clock.advance(31_000);
  expect(relay.lines).toHaveLength(2);
  relay.line.deliver(1, 'one');
  await clock.advance(0);
  await answer(1, ACK);
  expect(relay.said('ack')).toEqual([{ type: 'ack', seq: 1 }]);
});

test('a reconnect resumes behind the last delivery before which everything is settled', async () => {
  const { relay, clock, answer, reached } = await connected({ after: { epoch: EPOCH, seq: 7 } });
  expect(relay.said('hello')[0]?.after).toEqual({ epoch: EPOCH, seq: 7 });
  for (const seq of [8, 9, 10]) relay.line.deliver(seq, `${seq}`);
  await clock.advance(0);
  await answer(8, { kind: 'reject', reason: 'not_genuine' });
  await answer(10, ACK);
  expect(reached).toEqual([{ epoch: EPOCH, seq: 8 }]);
  relay.line.end(null);
  await clock.advance(2_000);
  expect(relay.said('hello')[0]?.after).toEqual({ epoch: EPOCH, seq: 8 });
});

test('an answer that comes after its connection ended is not sent on the next one', async () => {
  const { relay, clock, answer } = await connected();
  relay.line.deliver(1, 'one');
  await clock.advance(0);
  relay.line.end(null);
  await clock.advance(2_000);
  await answer(1, ACK);
  expect(relay.lines).toHaveLength(2);
  expect(relay.said('ack')).toEqual([]);
});

test('a line that looks alive and is dead is found within seconds, and replaced', async () => {
  const { relay, clock, connection } = await connected();
  relay.isFrozen = true;
  await clock.advance(15_000);
  expect(connection.state()).toMatchObject({ kind: 'away', reason: 'away' });
  expect(relay.lines[0]?.endedByTill).toBe(CLOSE.silent);
  relay.isFrozen = false;
  await clock.advance(20_000);
  expect(connection.state().kind).toBe('connected');
});

test('a quiet line is kept alive by heartbeats from both sides', async () => {
  const { relay, clock, connection } = await connected();
  relay.line.send({ type: 'ping' });
  await clock.advance(600_000);
  expect(relay.said('pong')).toHaveLength(1);
  expect(relay.said('ping').length).toBeGreaterThan(100);
  expect(relay.lines).toHaveLength(1);
  expect(connection.state().kind).toBe('connected');
});

test.each(['refused', 'revoked'] as const)(
  'a till that was %s says so and does not call again',
  async (why) => {
    const { relay, clock, connection } = await connected();
    relay.line.end(why);
    await clock.advance(3_600_000);
    expect(connection.state()).toMatchObject({ kind: 'ended', reason: why });
    expect(relay.lines).toHaveLength(1);
  },
);

test('a connection that another process took over is left to it for minutes, then asked for again', async () => {
  const { relay, clock, connection } = await connected();
  relay.line.end('takenOver');
  await clock.advance(takenOverDelayMs(0) - 1);
  expect(connection.state()).toMatchObject({ kind: 'away', reason: 'taken_over' });
  expect(relay.lines).toHaveLength(1);
  await clock.advance(180_000);
  expect(relay.lines).toHaveLength(2);
});

test('no other relay gets a signature', async () => {
  const { relay, clock, connection } = await connected();
  relay.meet = (line) =>
    line.send({
      type: 'challenge',
      protocol: RELAY_PROTOCOL,
      relay: 'other.example',
      nonce: 'A'.repeat(43),
    });
  relay.line.end(null);
  await clock.advance(2_000);
  expect(relay.lines).toHaveLength(2);
  expect(relay.line.said).toEqual([]);
  expect(connection.state()).toMatchObject({ kind: 'away', reason: 'wrong_relay' });
});

test.each([
  ['no JSON', '{'],
  ['an unknown frame', '{"type":"paid"}'],
  ['a frame with more in it', '{"type":"ping","extra":1}'],
  ['a welcome twice', '{"type":"welcome","till":"T0MW","epoch":"e","window":1}'],
  [
    'a delivery that is no base64',
    '{"type":"delivery","seq":1,"id":"x","channel":"test","receivedMs":0,"headers":{},"body":"%"}',
  ],
  [
    'a delivery without a number',
    '{"type":"delivery","seq":0,"id":"x","channel":"test","receivedMs":0,"headers":{},"body":""}',
  ],
])('nonsense ends the connection and nothing else: %s', async (_, text) => {
  const { relay, clock, connection, taken } = await connected();
  relay.line.send(text);
  await clock.advance(0);
  expect(relay.line.endedByTill).toBe(CLOSE.protocol);
  expect(taken).toEqual([]);
  await clock.advance(2_000);
  expect(connection.state().kind).toBe('connected');
});

test('a flood beyond the agreed window ends the connection with bounded work', async () => {
  const { relay, clock, taken } = await connected();
  for (let seq = 1; seq <= 10_000; seq++) relay.line.deliver(seq, 'x');
  await clock.advance(0);
  expect(taken).toHaveLength(relay.window);
  expect(relay.lines[0]?.endedByTill).toBe(CLOSE.protocol);
});

test('a relay that never welcomes does not keep the till waiting for ever', async () => {
  const { relay, clock } = await connected();
  relay.welcomes = false;
  relay.line.end(null);
  await clock.advance(60_000);
  expect(relay.lines.length).toBeGreaterThan(3);
  expect(relay.lines[1]?.endedByTill).toBe(CLOSE.silent);
});

test('a relay that is away is asked for ever more rarely, at last every half minute at most', async () => {
  const { relay, clock, connection } = await connected();
  const sinceMs = clock.nowMs() + 1_000;
  await clock.advance(1_000);
  relay.isDown = true;
  relay.line.end(null);
  await clock.advance(600_000);
  // It is away since it went.
  expect(connection.state()).toEqual({ kind: 'away', sinceMs, reason: 'away' });
  relay.isDown = false;
  await clock.advance(30_000);
  expect(connection.state().kind).toBe('connected');
});

test('a relay that lets in and throws out at once is not called in a tight circle', async () => {
  const { relay, clock } = await connected();
  for (let second = 0; second < 120; second++) {
    relay.line.end('unavailable');
    await clock.advance(1_000);
  }
  expect(relay.lines.length).toBeLessThan(12);
});

test('after a stop nobody is called and nothing is answered', async () => {
  const { relay, clock, connection, answer } = await connected();
  relay.line.deliver(1, 'one');
  await clock.advance(0);
  connection.stop();
  await answer(1, ACK);
  await clock.advance(600_000);
  expect(relay.lines).toHaveLength(1);
  expect(relay.said('ack')).toEqual([]);
});

test('a thousand tills of a relay that was restarted come back spread out, all within half a minute', () => {
  for (const attempts of [0, 3, 9, 1_000]) {
    const delays = Array.from({ length: 1_000 }, (_, till) => reconnectDelayMs(attempts, till / 1_000));
    const bySlice = new Map<number, number>();
    const slice = (attempts === 0 ? 2_000 : reconnectDelayMs(attempts, 1)) / 10;
    for (const delay of delays) {
      const nth = Math.floor(delay / slice);
      bySlice.set(nth, (bySlice.get(nth) ?? 0) + 1);
    }
    expect(Math.max(...delays)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...delays)).toBeGreaterThan(100);
    expect(Math.max(...bySlice.values())).toBeLessThan(130);
  }
});
