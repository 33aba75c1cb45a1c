import { mkdtempSync, rmSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, connect, connectRaw, enrol, newKeys } from '../../relay/test-till.ts';
import { CLOSE, enrolRequest, RELAY_PROTOCOL, signHello } from '../../wire/relay.ts';
import { type ServiceProcess, startService } from '../soak/service-process.ts';
import { barrage, request, residentBytes, spoiledRequests, whole } from './hostile-http.ts';
import { bent, runsOf, spoiled } from './mutate.ts';

/** What all the nonsense of a run may leave behind. */
const GROWTH_MAX = 120 * 1024 * 1024;

let dir: string;
let relay: ServiceProcess;
let port: number;
const keys = newKeys();
/** A till of whom no input speaks. */
const SOUND = 'sound-7k2fq9';
const soundKeys = newKeys();
let turns = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-fuzz-'));
  relay = await startService(
    'relay/main.ts',
    // The limits are tested elsewhere: here nothing shall be turned away before it is read.
    ['--data', dir, '--till-rate-per-second', '100000'],
    { MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN },
  );
  port = Number(new URL(relay.origin).port);
  await enrol(relay.origin, 'a', keys);
  await enrol(relay.origin, SOUND, soundKeys);
});
afterAll(async () => {
  await relay.kill();
  rmSync(dir, { recursive: true, force: true });
});

/** Nobody has noticed: it lives, is well, has kept its size, and brings a till a notification. */
async function expectUnharmed(bytesBefore: number): Promise<void> {
  expect(relay.fault()).toBeNull();
  expect(relay.isRunning()).toBe(true);
  expect((await fetch(`${relay.origin}/healthz`)).status).toBe(200);
  expect((await residentBytes(relay.origin)) - bytesBefore).toBeLessThan(GROWTH_MAX);
  turns += 1;
  const client = await connect(relay.origin, { till: SOUND, keys: soundKeys });
  const posted = await fetch(`${relay.origin}/notify/${SOUND}/alipay`, {
    method: 'POST',
    body: `notify_id=${turns}`,
  });
  expect(posted.status).toBe(200);
  const { seq, body } = await client.until('delivery');
  expect(Buffer.from(body, 'base64').toString()).toBe(`notify_id=${turns}`);
  client.send({ type: 'ack', seq });
  client.socket.close(1000);
  await client.closed;
}

const json = { 'content-type': 'application/json' };
const token = { authorization: `Bearer ${ADMIN_TOKEN}` };
const wechatHeaders = {
  ...json,
  'wechatpay-timestamp': '1795305600',
  'wechatpay-nonce': 'n1',
  'wechatpay-signature': 'QUFB'.repeat(80),
  'wechatpay-serial': 'PUB_KEY_ID_0114',
};
const NOTIFICATIONS = [
  request(
    'POST /notify/a/wechat',
    wechatHeaders,
    '{"id":"EV-1","event_type":"TRANSACTION.SUCCESS","resource":{}}',
  ),
  request(
    'POST /notify/a/alipay',
    { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    'notify_id=N1&out_trade_no=T1&trade_status=TRADE_SUCCESS&sign_type=RSA2&sign=QUFB&subject=%E6%8B%BF+1',
  ),
  request(
    'POST /notify/a/wechat_v2',
    { 'content-type': 'text/xml' },
    '<xml><appid><![CDATA[wx1]]></appid><out_trade_no>T1</out_trade_no><sign>AAAA</sign></xml>',
  ),
  request('POST /notify/a/test', { 'content-type': 'text/plain' }, 'marker'),
  Buffer.from(
    'POST /notify/a/test HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5;x=y\r\nhello\r\n3\r\nyou\r\n0\r\nt: 1\r\n\r\n',
  ),
  // Two in one, as a proxy that keeps its connections.
  Buffer.concat([
    request('POST /notify/a/test', { connection: 'keep-alive' }, 'one'),
    request('POST /notify/a/test', {}, 'two'),
  ]),
];
const OWN = [
  request('POST /enrol', json, JSON.stringify(enrolRequest({ till: 'b', code: 'K7QF-2M9X-HTRC' }, keys))),
  request('GET /admin/tills', token),
  request('GET /admin/tills/b', token),
  request('POST /admin/tills/b/code', token, ''),
  request('POST /admin/tills/b/revoke', token, ''),
  request('POST /admin/tills/b/replay', { ...token, ...json }, '{"id":null}'),
  request('GET /admin/tills', { authorization: 'Bearer no-such-token-0123' }),
  request('GET /operator'),
  request('GET /healthz'),
  request('GET /till', {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'x-forwarded-for': '10.9.8.7, 127.0.0.1',
  }),
];

test.each([
  ['notifications', NOTIFICATIONS, '204'],
  ['enrolment, the operator’s and all the rest', OWN, '200'],
])('spoiled requests, %s: answered or hung up on, and nothing else happens', async (_, corpus, expected) => {
  const before = await residentBytes(relay.origin);
  const { statuses, faults } = await barrage(port, spoiledRequests(corpus, 1_500));
  expect(faults).toEqual([]);
  // The nonsense came through to what reads it.
  expect(statuses.get(expected) ?? 0).toBeGreaterThan(100);
  expect(statuses.get('400') ?? 0).toBeGreaterThan(20);
  await expectUnharmed(before);
});

test('bent enrolments and commands of the operator are refused in words', async () => {
  const corpus = fc.oneof(
    bent(enrolRequest({ till: 'b', code: 'K7QF-2M9X-HTRC' }, keys)).map((body) => ({ path: '/enrol', body })),
    bent({ id: 'x' }).map((body) => ({ path: '/admin/tills/a/replay', body })),
  );
  const before = await residentBytes(relay.origin);
  let serial = 0;
  const inputs = fc.sample(corpus, runsOf(600)).map(({ path, body }) => {
    serial += 1;
    // Each from an address of its own: nobody is slowed down.
    const source = { 'x-forwarded-for': `10.1.${serial >> 8}.${serial & 255}` };
    return whole(request(`POST ${path}`, { ...json, ...token, ...source }, JSON.stringify(body)));
  });
  const { statuses, faults } = await barrage(port, inputs);
  expect(faults).toEqual([]);
  expect([...statuses.keys()].filter((status) => !['200', '400', '403', '413'].includes(status))).toEqual([]);
  expect(statuses.get('403') ?? 0).toBeGreaterThan(5);
  await expectUnharmed(before);
});

const FRAMES = [
  {
    type: 'hello',
    protocol: RELAY_PROTOCOL,
    till: 'a',
    signature: 'A'.repeat(86),
    after: { epoch: 'e', seq: 3 },
  },
  { type: 'ack', seq: 1 },
  { type: 'reject', seq: 2, reason: 'not_genuine' },
  { type: 'ping' },
  { type: 'pong' },
];
const texts = fc.oneof(
  spoiled(FRAMES.map((frame) => JSON.stringify(frame))).map((bytes) => bytes.toString('utf8')),
  fc.oneof(...FRAMES.map(bent)).map((frame) => JSON.stringify(frame) ?? ''),
);

test('frames of a till that has lost its mind, before and after its hello: taken, or the connection ends for it', async () => {
  const before = await residentBytes(relay.origin);
  const codes = new Map<number, number>();
  for (const conversation of fc.sample(
    fc.tuple(fc.boolean(), fc.array(texts, { minLength: 1, maxLength: 12 })),
    runsOf(120),
  )) {
    const [greets, said] = conversation;
    const client = connectRaw(relay.origin);
    const { relay: name, nonce } = await client.until('challenge');
    if (greets) {
      const signature = signHello({ relay: name, till: 'a', nonce }, keys.privateKey);
      client.send({ type: 'hello', protocol: RELAY_PROTOCOL, till: 'a', signature, after: null });
      await client.until('welcome');
    }
    for (const text of said) if (client.socket.readyState === client.socket.OPEN) client.send(text);
    client.socket.close(1000);
    const { code } = await client.closed;
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  // Its own ends, and that the frame was malformed, too large, no UTF-8, or proved no key.
  const known = [1000, 1005, 1006, 1007, 1009, CLOSE.protocol, CLOSE.refused];
  expect([...codes.keys()].filter((code) => !known.includes(code))).toEqual([]);
  expect(codes.get(CLOSE.protocol) ?? 0).toBeGreaterThan(10);
  await expectUnharmed(before);
});

/** A frame as a client sends it: masked, with a mask of zeros. */
function frame(
  opcode: number,
  payload: string | Uint8Array,
  length = Buffer.from(payload as string).length,
): Buffer {
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), Buffer.from(payload as string)]);
}
const UPGRADE = request('GET /till', {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
});
const BYTES = [
  Buffer.concat([frame(1, JSON.stringify(FRAMES[0])), frame(9, 'x'), frame(1, '{"type":"ping"}')]),
  Buffer.concat([frame(0, 'a continuation of nothing'), frame(8, Buffer.from([3, 232]))]),
  Buffer.concat([frame(2, 'binary'), frame(10, ''), frame(3, 'an opcode of nobody')]),
  // Says that it is as long as nothing is.
  Buffer.concat([Buffer.from([0x81, 0xff, 0x7f, 255, 255, 255, 255, 255, 255, 255]), Buffer.alloc(64)]),
  // Compressed, which nobody has agreed to.
  Buffer.concat([Buffer.from([0xc1, 0x85]), Buffer.alloc(9)]),
];

test('bytes that are no frames: the connection ends, and takes nothing with it', async () => {
  const before = await residentBytes(relay.origin);
  const inputs = fc.sample(spoiled(BYTES), runsOf(400));
  for (let first = 0; first < inputs.length; first += 16) {
    await Promise.all(
      inputs.slice(first, first + 16).map(
        (bytes) =>
          new Promise<void>((resolve) => {
            const socket = connectTcp(port, '127.0.0.1');
            socket.on('error', () => {});
            socket.on('close', () => resolve());
            socket.resume();
            socket.once('data', () => socket.write(bytes, () => socket.end()));
            socket.write(UPGRADE);
          }),
      ),
    );
  }
  await expectUnharmed(before);
});
