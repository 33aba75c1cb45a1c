import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { enrolAt } from '../../backend/relay/enrol.ts';
import { ServiceError } from '../../backend/services/errors.ts';
import { systemClock } from '../../ports/clock.ts';
import { wsSocket } from '../../ports/socket-ws.ts';
import { enrolRequest, RELAY_FRAME_BYTES_MAX, RELAY_PROTOCOL } from '../../wire/relay.ts';
import { relayedWorld } from '../fakes/relayed-world.ts';
import { EPOCH, RELAY_NAME } from '../fakes/scripted-relay.ts';
import { paidNotification } from '../fakes/wallet-notifications.ts';
import { tradesOf } from '../fakes/world.ts';
import { bent, runsOf, spoiled } from './mutate.ts';

/** Longer than every back-off of the connection. */
const BACK_MS = 31_000;

const FRAMES = [
  { type: 'challenge', protocol: RELAY_PROTOCOL, relay: RELAY_NAME, nonce: 'A'.repeat(43) },
  { type: 'welcome', till: 'T0MW', epoch: EPOCH, window: 32 },
  {
    ...{ type: 'delivery', seq: 1, id: 'x', channel: 'wechat', receivedMs: 1_795_305_600_000 },
    ...{
      headers: { 'content-type': 'application/json', 'wechatpay-serial': '5F' },
      body: 'eyJpZCI6IkVWLTEifQ==',
    },
  },
  {
    ...{ type: 'delivery', seq: 2, id: 'y', channel: 'alipay', receivedMs: 0, headers: {} },
    body: 'YT1iJnNpZ249QQ==',
  },
  { ...{ type: 'delivery', seq: 3, id: 'z', channel: 'test', receivedMs: 0, headers: {} }, body: 'AAAA' },
  { type: 'ping' },
  { type: 'pong' },
];
const frames = fc.oneof(
  fc.constantFrom(...FRAMES.map((each) => JSON.stringify(each))),
  spoiled(FRAMES.map((each) => JSON.stringify(each))).map((bytes) => bytes.toString('utf8')),
  fc.oneof(...FRAMES.map(bent)).map((each) => JSON.stringify(each) ?? ''),
);

test('frames of a relay that lies: the till believes none, and is served by an honest one right afterwards', async () => {
  const { relay, clock, till, charge, identity, deliver, backend } = await relayedWorld();
  await charge();
  await clock.advance(1_000);
  const trades = async () => tradesOf(await till.order('A1'));
  let ends = 0;
  for (const [greets, said] of fc.sample(
    fc.tuple(fc.boolean(), fc.array(frames, { maxLength: 12 })),
    runsOf(150),
  )) {
    // Half of them begin as an honest relay does.
    relay.meet = greets
      ? null
      : (line) => {
          for (const text of said) line.send(text);
        };
    relay.line.end(null);
    await clock.advance(0);
    const lines = relay.lines.length;
    for (let waited = 0; relay.lines.length === lines && waited < BACK_MS; waited += 1_000)
      await clock.advance(1_000);
    expect(relay.lines.length).toBeGreaterThan(lines);
    if (greets) for (const text of said) relay.line.send(text);
    await clock.advance(0);
    if (relay.line.endedByTill !== null) ends += 1;
    for (const frame of relay.line.said) if (frame.type === 'hello') expect(frame.till).toBe('T0MW');
  }
  expect(ends).toBeGreaterThan(50);
  for (const { paidAt, incident } of await trades()) expect([paidAt, incident]).toEqual([null, null]);

  relay.meet = null;
  relay.line.end(null);
  await clock.advance(BACK_MS);
  const [trade] = await trades();
  if (!trade) throw new Error('no trade');
  expect(await deliver(paidNotification(identity, trade, clock.nowMs()))).toBe('ack');
  expect((await trades()).find(({ channel }) => channel === trade.channel)?.state).toBe('paid');
  await backend.stop();
});

test('answers of a relay that lies to an enrolment: used only when they are whole, else a clear error', async () => {
  const keys = generateKeyPairSync('ed25519');
  const request = enrolRequest({ till: 'a', code: 'K7QF-2M9X-HTRC' }, keys);
  const sound = {
    till: 'a',
    relay: 'relay.example',
    pushUrl: 'wss://relay.example/till',
    notifyUrl: 'https://relay.example/notify/a/{channel}',
  };
  const bodies = fc.oneof(
    spoiled([JSON.stringify(sound)]),
    bent(sound).map((value) => Buffer.from(JSON.stringify(value) ?? '')),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(200, 200, 200, 201, 204, 302, 403, 429, 500),
      bodies,
      async (status, body) => {
        const http = { send: async () => ({ status, headers: {}, body }), close: async () => {} };
        try {
          const enrolled = await enrolAt({ origin: 'https://relay.example', path: '' }, request, {
            http: http as never,
            isLive: true,
          });
          expect(enrolled.till).toBe('a');
          expect(new URL(enrolled.notifyUrl.replace('{channel}', 'wechat')).protocol).toBe('https:');
          expect(enrolled.pushUrl).toMatch(/^wss:|^ws:\/\/(127|localhost|\[::1\])/i);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
      },
    ),
    runsOf(800),
  );
});

/** A frame as a server sends it: unmasked. */
function frame(head: number, payload: string | Uint8Array): Buffer {
  const bytes = Buffer.from(payload as string);
  const length =
    bytes.length < 126
      ? Buffer.from([bytes.length])
      : Buffer.from([126, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([Buffer.from([head]), length, bytes]);
}
const BYTES = [
  Buffer.concat([frame(0x81, JSON.stringify(FRAMES[0])), frame(0x89, 'x'), frame(0x81, '{"type":"ping"}')]),
  Buffer.concat([
    frame(0x01, 'a beginning'),
    frame(0x80, 'and its end'),
    frame(0x88, Buffer.from([0x11, 0x33])),
  ]),
  Buffer.concat([frame(0x82, 'binary'), frame(0x8a, ''), frame(0x83, 'an opcode of nobody')]),
  // Says that it is as long as nothing is.
  Buffer.concat([Buffer.from([0x81, 0x7f, 0x7f, 255, 255, 255, 255, 255, 255, 255]), Buffer.alloc(64)]),
  // Compressed, which nobody has agreed to.
  Buffer.concat([Buffer.from([0xc1, 0x05]), Buffer.alloc(5)]),
];
const HANDSHAKE =
  'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-accept: ACCEPT\r\n\r\n';

test('bytes of a relay that are no frames, or no handshake: the till’s socket ends once, and holds no more than a frame', async () => {
  const inputs = fc.sample(
    fc.oneof(
      fc.record({ handshake: fc.constant(HANDSHAKE), bytes: spoiled(BYTES) }),
      fc.record({
        handshake: spoiled([HANDSHAKE]).map((each) => each.toString('latin1')),
        bytes: fc.constantFrom(...BYTES),
      }),
    ),
    runsOf(400),
  );
  const left = [...inputs];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (request) => {
      const key = /sec-websocket-key: (\S+)/i.exec(request.toString('latin1'))?.[1];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const { handshake, bytes } = left.pop() ?? { handshake: '', bytes: Buffer.alloc(0) };
      socket.write(Buffer.from(handshake.replace('ACCEPT', accept), 'latin1'));
      socket.end(bytes);
    });
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `ws://127.0.0.1:${(server.address() as { port: number }).port}/till`;
  const open = wsSocket(systemClock());
  const limits = { frameBytesMax: RELAY_FRAME_BYTES_MAX, connectMs: 5_000 };
  let texts = 0;
  const ends: (number | null)[] = [];
  for (let first = 0; first < inputs.length; first += 16) {
    const count = Math.min(16, inputs.length - first);
    await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<void>((resolve) => {
            open(url, limits, {
              received(text) {
                texts += 1;
                expect(text.length).toBeLessThanOrEqual(RELAY_FRAME_BYTES_MAX);
              },
              closed(code) {
                ends.push(code);
                resolve();
              },
            });
          }),
      ),
    );
  }
  expect(ends).toHaveLength(inputs.length);
  expect(texts).toBeGreaterThan(10);
});
