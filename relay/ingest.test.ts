import { connect as connectTcp } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { NOTIFICATION_BYTES_MAX } from '../wire/relay.ts';
import { ADMISSION_LIMITS } from './admission.ts';
import { type Mailbox, MailboxAway } from './mailbox.ts';
import { startTestRelay, type TestRelay } from './test-relay.ts';
import { connect, enrol, newKeys } from './test-till.ts';

let relay: TestRelay;
const keys = newKeys();

afterEach(async () => {
  await relay.stop();
});

async function start(change: Parameters<typeof startTestRelay>[0] = {}): Promise<void> {
  relay = await startTestRelay(change);
  await enrol(relay.origin, 'a', keys);
}

const post = (path: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${relay.origin}${path}`, { method: 'POST', body, headers });

describe('the wallets’ own words', () => {
  test.each<[string, string, number, string | null, string]>([
    ['alipay', 'notify_id=1', 200, 'text/plain; charset=utf-8', 'success'],
    ['wechat', '{"id":"1"}', 204, null, ''],
    [
      'wechat_v2',
      '<xml></xml>',
      200,
      'text/xml; charset=utf-8',
      '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    ],
    ['test', 'hello', 204, null, ''],
  ])(
    '%s hears that it is taken, the first time and every other',
    async (channel, body, status, type, words) => {
      await start();
      for (let time = 0; time < 3; time++) {
        const answer = await post(`/notify/a/${channel}`, body);
        expect(answer.status).toBe(status);
        expect(answer.headers.get('content-type')).toBe(type);
        expect(await answer.text()).toBe(words);
      }
      expect((await relay.mailbox.backlog('a')).waiting).toBe(1);
      const metrics = await relay.metrics();
      expect(metrics).toContain(`mianfu_relay_received_total{channel="${channel}"} 3`);
      expect(metrics).toContain(`mianfu_relay_stored_total{channel="${channel}"} 1`);
      expect(metrics).toContain(`mianfu_relay_repeated_total{channel="${channel}"} 2`);
      expect(metrics).toContain('mianfu_relay_waiting 1');
      expect(metrics).toContain('mianfu_relay_connected_tills 0');
    },
  );

  test('good words come only after the commit', async () => {
    let commit = () => {};
    const held = new Promise<void>((resolve) => {
      commit = resolve;
    });
    const order: string[] = [];
    await start({
      wrap: (mailbox) => ({
        ...mailbox,
        async put(notification) {
          await held;
          order.push('committed');
          return await mailbox.put(notification);
        },
      }),
    });
    const answer = post('/notify/a/alipay', 'x=1').then((response) => {
      order.push('answered');
      return response;
    });
    // Whatever the relay answers without storing has long come back by the time of another answer.
    expect((await fetch(`${relay.origin}/healthz`)).status).toBe(200);
    expect(order).toEqual([]);
    commit();
    expect(await (await answer).text()).toBe('success');
    expect(order).toEqual(['committed', 'answered']);
  });

  test.each<[string, () => Promise<never>]>([
    ['away', () => Promise.reject(new MailboxAway('away'))],
    ['broken', () => Promise.reject(new TypeError('a bug'))],
  ])('a mailbox that is %s is never answered well', async (_, put) => {
    await start({ wrap: (mailbox: Mailbox) => ({ ...mailbox, put }) });
    const answer = await post('/notify/a/alipay', 'x=1');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toBe('failure');
    expect(await relay.metrics()).toContain('mianfu_relay_refused_total{reason="not_stored"} 1');
  });

  test('a full mailbox is not answered well', async () => {
    await start({ limits: { waitingMax: 1 } });
    expect((await post('/notify/a/wechat', '{"id":"1"}')).status).toBe(204);
    const answer = await post('/notify/a/wechat', '{"id":"2"}');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ code: 'FAIL', message: 'mailbox_full' });
    expect((await post('/notify/a/wechat', '{"id":"1"}')).status).toBe(204);
  });
});

describe('the bytes', () => {
  test.each([
    ['a form', 'application/x-www-form-urlencoded; charset=GBK', 'subject=%C4%C3%CC%FA+%25&a=1&&b='],
    ['JSON with odd blanks', 'application/json', '{ "id" : "1",\n\t"b":1.0, "b": 2 }'],
    ['broken JSON', 'application/json', '{"id":'],
    ['XML with a doctype', 'text/xml', '<!DOCTYPE a [<!ENTITY b "c">]><xml>&b;</xml>'],
    ['a type that nobody knows', 'x-strange/thing', 'abc'],
    ['a type that is none', ';;;', 'abc'],
    ['no type', '', 'abc'],
    ['a multipart form', 'multipart/form-data; boundary=x', '--x\r\n\r\nabc\r\n--x--'],
    ['what says that it is compressed', 'application/json', '{"id":"not really"}'],
  ])('arrive as they came: %s', async (what, type, text) => {
    await start();
    const bytes = Buffer.concat([Buffer.from(text), Buffer.from([0, 255, 254, 195, 40])]);
    const headers: Record<string, string> = {
      'Wechatpay-Serial': 'PUB_KEY_ID_0114',
      'Wechatpay-Signature': 'aGVsbG8=',
      'WECHATPAY-NONCE': 'n',
      'Wechatpay-Timestamp': '1800000000',
      'User-Agent': 'Mozilla/4.0',
      cookie: 'secret=1',
      authorization: 'Bearer secret',
      'x-forwarded-for': '198.51.100.1',
    };
    if (what.includes('compressed')) headers['content-encoding'] = 'gzip';
    headers['content-type'] = type;
    expect((await post('/notify/a/wechat', bytes, headers)).status).toBe(204);
    const till = await connect(relay.origin, { till: 'a', keys });
    const delivery = await till.until('delivery');
    expect(Buffer.from(delivery.body, 'base64').equals(bytes)).toBe(true);
    const { 'content-type': typeSeen, 'content-encoding': coding, ...rest } = delivery.headers;
    expect(typeSeen ?? '').toBe(type);
    expect(coding).toBe(what.includes('compressed') ? 'gzip' : undefined);
    expect(rest).toEqual({
      'wechatpay-serial': 'PUB_KEY_ID_0114',
      'wechatpay-signature': 'aGVsbG8=',
      'wechatpay-nonce': 'n',
      'wechatpay-timestamp': '1800000000',
      'user-agent': 'Mozilla/4.0',
    });
    expect(delivery.channel).toBe('wechat');
    till.drop();
  });

  test('may be as many as the bound, and not one more', async () => {
    await start();
    expect((await post('/notify/a/alipay', 'x'.repeat(NOTIFICATION_BYTES_MAX))).status).toBe(200);
    const till = await connect(relay.origin, { till: 'a', keys });
    expect(Buffer.from((await till.until('delivery')).body, 'base64')).toHaveLength(NOTIFICATION_BYTES_MAX);
    till.drop();
    const over = await post('/notify/a/alipay', 'x'.repeat(NOTIFICATION_BYTES_MAX + 1));
    expect(over.status).toBe(413);
    expect(await over.text()).toBe('failure');
    expect(await relay.metrics()).toContain('mianfu_relay_refused_total{reason="too_large"} 1');
  });
});

/** Writes raw HTTP; resolves with all that came back when the server ended the connection. */
function raw(text: string): Promise<string> {
  const { port } = new URL(relay.origin);
  return new Promise((resolve, reject) => {
    const socket = connectTcp(Number(port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('what is not taken', () => {
  test.each<[string, string, number]>([
    ['an unknown till', '/notify/b/alipay', 404],
    ['an unknown channel', '/notify/a/paypal', 404],
    ['no channel', '/notify/a', 404],
    ['a till’s name that is none', '/notify/..%2fa/alipay', 404],
    ['an endless name', `/notify/${'a'.repeat(2_000)}/alipay`, 414],
  ])('%s', async (_, path, status) => {
    await start();
    expect((await post(path, 'x=1')).status).toBe(status);
    expect((await relay.mailbox.backlog('a')).waiting).toBe(0);
  });

  test('an empty body', async () => {
    await start();
    expect((await post('/notify/a/alipay', '')).status).toBe(400);
  });

  test('another method', async () => {
    await start();
    expect((await fetch(`${relay.origin}/notify/a/alipay`)).status).toBe(404);
  });

  test('a body that is announced too large is refused before it is sent', async () => {
    await start();
    const answer = await raw('POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('an endless body is cut off', async () => {
    await start();
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const answer = await raw(
      `POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${chunk.repeat(6)}`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  test('a body that does not come in time', async () => {
    await start();
    const answer = await raw('POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect((await relay.mailbox.backlog('a')).waiting).toBe(0);
  });

  test('endless headers', async () => {
    await start();
    const answer = await raw(
      `POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(20_000)}\r\ncontent-length: 0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
  });

  test('too many at once for one till; the others are served', async () => {
    let go = () => {};
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    let inside = 0;
    let allInside = () => {};
    const threeInside = new Promise<void>((resolve) => {
      allInside = resolve;
    });
    await start({
      admission: { ...ADMISSION_LIMITS, inFlightPerTillMax: 3 },
      wrap: (mailbox) => ({
        ...mailbox,
        async put(notification) {
          if (notification.till === 'a') {
            inside += 1;
            if (inside === 3) allInside();
            await held;
          }
          return await mailbox.put(notification);
        },
      }),
    });
    await enrol(relay.origin, 'b', keys);
    const waiting = [1, 2, 3].map((each) => post('/notify/a/alipay', `notify_id=${each}`));
    await threeInside;
    const fourth = await post('/notify/a/alipay', 'notify_id=4');
    expect(fourth.status).toBe(503);
    expect(fourth.headers.get('retry-after')).toBe('1');
    expect((await post('/notify/b/alipay', 'notify_id=1')).status).toBe(200);
    go();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await post('/notify/a/alipay', 'notify_id=4')).status).toBe(200);
  });

  test('who goes away in the middle of a body leaves no place taken', async () => {
    await start({ admission: { ...ADMISSION_LIMITS, inFlightPerTillMax: 1 } });
    const { port } = new URL(relay.origin);
    const socket = connectTcp(Number(port), '127.0.0.1');
    socket.write('POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
    await expect.poll(async () => (await post('/notify/a/alipay', 'notify_id=1')).status).toBe(503);
    socket.destroy();
    await expect.poll(async () => (await post('/notify/a/alipay', 'notify_id=1')).status).toBe(200);
  });

  test('who sends many on one connection and goes away before the first answer leaves no place taken', async () => {
    let store = () => {};
    const held = new Promise<void>((resolve) => {
      store = resolve;
    });
    let inside = 0;
    await start({
      admission: { ...ADMISSION_LIMITS, inFlightPerTillMax: 3 },
      wrap: (mailbox) => ({
        ...mailbox,
        async put(notification) {
          inside += 1;
          await held;
          return await mailbox.put(notification);
        },
      }),
    });
    const { port } = new URL(relay.origin);
    const socket = connectTcp(Number(port), '127.0.0.1');
    const one = 'POST /notify/a/test HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx';
    socket.write(one.repeat(3));
    await expect.poll(() => inside).toBe(3);
    socket.resetAndDestroy();
    await expect.poll(async () => (await post('/notify/a/alipay', 'notify_id=1')).status).toBe(503);
    store();
    await expect.poll(async () => (await post('/notify/a/alipay', 'notify_id=1')).status).toBe(200);
    const together = await Promise.all([2, 3, 4].map((id) => post('/notify/a/alipay', `notify_id=${id}`)));
    expect(together.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('a probe of WeChat, with no key to be known here: it hears 401, and the genuine one that follows is taken', async () => {
    await start();
    const body = '{"id":"EV-1"}';
    const probe = await post('/notify/a/wechat', body, {
      'wechatpay-signature': 'WECHATPAY/SIGNTEST/aGVsbG8=',
    });
    expect(probe.status).toBe(401);
    expect(await probe.json()).toEqual({ code: 'FAIL', message: 'probe' });
    expect((await relay.mailbox.backlog('a')).waiting).toBe(0);
    expect((await post('/notify/a/wechat', body, { 'wechatpay-signature': 'aGVsbG8=' })).status).toBe(204);
    const till = await connect(relay.origin, { till: 'a', keys });
    expect((await till.until('delivery')).headers['wechatpay-signature']).toBe('aGVsbG8=');
    till.drop();
    const metrics = await relay.metrics();
    expect(metrics).toContain('mianfu_relay_refused_total{reason="probe"} 1');
    expect(metrics).not.toContain('mianfu_relay_forged_total{');
  });

  test.each([
    ['both lengths', 'content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['two lengths', 'content-length: 3\r\ncontent-length: 4\r\n\r\nabcd'],
    ['a length that is none', 'content-length: +3\r\n\r\nabc'],
    ['a coding that is none', 'transfer-encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'x-a: b\r\n c\r\ncontent-length: 3\r\n\r\nabc'],
  ])('what a proxy may read as another request than we do: %s', async (_, rest) => {
    await start();
    const smuggled = 'POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nx';
    const answer = await raw(`POST /notify/a/alipay HTTP/1.1\r\nhost: x\r\n${rest}${smuggled}`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect((await relay.mailbox.backlog('a')).waiting).toBe(0);
  });

  test('too often for one till; the others are served', async () => {
    await start({ admission: { ...ADMISSION_LIMITS, perTill: 1 } });
    await enrol(relay.origin, 'b', keys);
    const answers = [];
    for (let each = 0; each < 8; each++) answers.push(await post('/notify/a/alipay', `notify_id=${each}`));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
    expect(statuses).toContain(429);
    expect((await post('/notify/b/alipay', 'x')).status).toBe(200);
  });
});
