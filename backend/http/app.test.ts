import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { type TestTill, testTill } from '../../test/fakes/till.ts';

const KEY = 'test-key-0123456789';

let till: TestTill;
let server: Server;
let origin: string;
let uiDir: string;

beforeEach(async () => {
  uiDir = mkdtempSync(join(tmpdir(), 'mianfu-ui-'));
  writeFileSync(join(uiDir, 'index.html'), '<!doctype html><title>till</title>');
  till = testTill({ clock: systemClock() as never, uiDir });
  till.backend.start();
  server = createServer(till.backend.http);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  await till.backend.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(uiDir, { recursive: true, force: true });
});

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/** One request with full control of its headers, which `fetch` would not give. */
function send(
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const text =
    options.body === undefined
      ? undefined
      : typeof options.body === 'string'
        ? options.body
        : JSON.stringify(options.body);
  return new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      {
        method,
        headers: {
          authorization: `Bearer ${KEY}`,
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
          ...options.headers,
        },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const raw = Buffer.concat(chunks).toString('utf8');
          const isJson = String(answer.headers['content-type']).includes('json');
          resolve({
            status: answer.statusCode ?? 0,
            headers: answer.headers,
            body: isJson ? JSON.parse(raw) : raw,
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(text);
  });
}

describe('the API', () => {
  test('takes an order ahead, collects it, and gives the same charge again', async () => {
    const order = { orderNo: 'A-1', amountFen: 1250, subject: '外卖 8831', note: '2 号楼' };
    expect(await send('POST', '/api/v1/orders', { body: order })).toMatchObject({
      status: 201,
      body: { state: 'open', source: 'integrator' },
    });
    expect((await send('POST', '/api/v1/orders', { body: order })).status).toBe(201);
    const charge = await send('POST', '/api/v1/charges', { body: { orderNo: 'A-1' } });
    expect(charge).toMatchObject({
      status: 200,
      body: { orderNo: 'A-1', amountFen: 1250, state: 'waiting' },
    });
    expect((await send('POST', '/api/v1/charges', { body: { orderNo: 'A-1' } })).body).toMatchObject({
      chargeId: (charge.body as { chargeId: string }).chargeId,
    });
    const found = await send('GET', '/api/v1/orders?state=open&source=integrator&q=8831');
    expect(found.body).toMatchObject({ items: [{ orderNo: 'A-1' }], nextCursor: null });
    expect((await send('GET', '/api/v1/trades?q=12.5')).body).toMatchObject({
      items: [{ orderNo: 'A-1' }, { orderNo: 'A-1' }],
    });
    expect((await send('POST', '/api/v1/orders/A-1/cancel')).body).toMatchObject({ state: 'cancelled' });
  });

  test('pages through lists by key, without a gap or a repeat', async () => {
    for (let n = 0; n < 7; n++)
      await send('POST', '/api/v1/orders', { body: { orderNo: `P${n}`, amountFen: 1, subject: 'x' } });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { items: { orderNo: string }[]; nextCursor: string | null } = (
        await send('GET', `/api/v1/orders?limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)
      ).body as never;
      seen.push(...page.items.map((order) => order.orderNo));
      cursor = page.nextCursor;
    } while (cursor);
    expect([...seen].sort()).toEqual(['P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6']);
  });

  test('describes itself in OpenAPI', async () => {
    const { body } = await send('GET', '/api/v1/openapi.json', { headers: { authorization: '' } });
    expect(body).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) });
    expect(Object.keys((body as { paths: object }).paths)).toEqual(
      expect.arrayContaining([
        '/orders',
        '/charges',
        '/orders/{orderNo}',
        '/orders/{orderNo}/cancel',
        '/trades',
        '/trades/{tradeNo}',
        '/events',
      ]),
    );
  });

  const bad: [string, unknown, string][] = [
    ['an amount of 0', { amountFen: 0 }, 'amount_invalid'],
    ['a negative amount', { amountFen: -1 }, 'amount_invalid'],
    ['an amount over the wallets’ limit', { amountFen: 10_000_000_001 }, 'amount_invalid'],
    ['an amount with a fraction of a fen', { amountFen: 12.5 }, 'amount_invalid'],
    ['an amount that is no number', { amountFen: '12' }, 'amount_invalid'],
    ['no amount at all', {}, 'amount_invalid'],
    ['a subject that is too long', { amountFen: 1, subject: '长'.repeat(43) }, 'subject_invalid'],
    ['a subject with a control character', { amountFen: 1, subject: 'a\u0007b' }, 'subject_invalid'],
    ['a subject with an emoji', { amountFen: 1, subject: '拿铁☕😀' }, 'subject_invalid'],
    ['an empty subject', { amountFen: 1, subject: '  ' }, 'subject_invalid'],
    ['an order number with spaces', { amountFen: 1, orderNo: 'a b' }, 'order_no_invalid'],
    ['an order number that is a number', { amountFen: 1, orderNo: 12 }, 'order_no_invalid'],
    ['a channel that does not exist', { amountFen: 1, channels: ['cash'] }, 'invalid_input'],
    ['a list instead of an object', [1], 'invalid_input'],
    ['text that is not JSON', '{"amountFen":', 'invalid_input'],
  ];
  test.each(bad)('refuses %s with its own code, and writes nothing', async (_, body, code) => {
    const answer = await send('POST', '/api/v1/charges', { body });
    expect(answer).toMatchObject({ status: 400, body: { code, status: 400, title: expect.any(String) } });
    expect(String(answer.headers['content-type'])).toMatch(/^application\/problem\+json/);
    expect((await send('GET', '/api/v1/orders')).body).toEqual({ items: [], nextCursor: null });
  });

  test('answers unknown things with a problem, not with a page', async () => {
    expect(await send('GET', '/api/v1/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await send('GET', '/api/v1/orders/none')).toMatchObject({
      status: 404,
      body: { code: 'order_not_found' },
    });
    expect(await send('GET', '/api/v1/trades/none00')).toMatchObject({
      status: 404,
      body: { code: 'trade_not_found' },
    });
    expect(await send('POST', '/api/v1/charges/none/cancel')).toMatchObject({
      status: 404,
      body: { code: 'charge_not_found' },
    });
    expect(await send('GET', '/elsewhere')).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test('refuses a body that is too large', async () => {
    const answer = await send('POST', '/api/v1/charges', { body: { subject: 'x'.repeat(100_000) } });
    expect(answer).toMatchObject({ status: 413, body: { code: 'body_too_large' } });
  });

  test('makes one charge out of 50 requests at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        send('POST', '/api/v1/charges', { body: { orderNo: 'same', amountFen: 100 } }),
      ),
    );
    expect(new Set(answers.map((answer) => (answer.body as { chargeId: string }).chargeId)).size).toBe(1);
    expect(till.wechat.steps().filter((step) => step === 'open')).toEqual(['open']);
  });
});

describe('who may call', () => {
  test('needs a key or a link', async () => {
    for (const authorization of ['', 'Bearer wrong-key-0123456789', 'Basic abc', `Bearer ${KEY}x`]) {
      expect(await send('GET', '/api/v1/till', { headers: { authorization } })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized' },
      });
    }
    expect((await send('GET', '/api/v1/till')).status).toBe(200);
  });

  test.each(['evil.example', 'evil.example:80', 'localhost.evil.example', '10.0.0.1'])(
    'refuses the host name %j (DNS rebinding)',
    async (host) => {
      const answer = await send('GET', '/api/v1/till', { headers: { host } });
      expect(answer).toMatchObject({ status: 403, body: { code: 'host_forbidden' } });
    },
  );

  test.each(['http://evil.example', 'null', 'http://127.0.0.1:1', 'https://127.0.0.1'])(
    'refuses a page of origin %s, even with a key',
    async (foreign) => {
      const answer = await send('POST', '/api/v1/charges', {
        body: { amountFen: 1 },
        headers: { origin: foreign },
      });
      expect(answer).toMatchObject({ status: 403, body: { code: 'origin_forbidden' } });
    },
  );

  test('lets a window in by a link that works once, and by its cookie after that', async () => {
    const path = till.backend.newLinkPath();
    const plain = { headers: { authorization: '' } };
    const opened = await send('GET', path, plain);
    expect(opened).toMatchObject({ status: 303, headers: { location: '/' } });
    const setCookie = String(opened.headers['set-cookie']);
    expect(setCookie).toMatch(/HttpOnly/);
    expect(setCookie).toMatch(/SameSite=Strict/);
    const cookie = setCookie.split(';')[0] ?? '';
    expect((await send('GET', '/api/v1/till', { headers: { authorization: '', cookie } })).status).toBe(200);
    expect((await send('GET', path, plain)).status).toBe(410);
    expect((await send('GET', path, { headers: { authorization: '', cookie } })).status).toBe(303);
    expect(
      (await send('GET', '/api/v1/till', { headers: { authorization: '', cookie: `${cookie}x` } })).status,
    ).toBe(401);
    expect((await send('GET', '/', plain)).body).toContain('<title>till</title>');
  });

  test('sends a strict content security policy with the screens', async () => {
    const { headers } = await send('GET', '/');
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self'/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('events', () => {
  /** Reads server-sent events until `count` of those with data have come; says when the first has. */
  function read(
    count: number,
    lastEventId?: string,
    onOpen = () => {},
  ): Promise<{ id: string | undefined; data: { type: string } }[]> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${origin}/api/v1/events`,
        {
          headers: {
            authorization: `Bearer ${KEY}`,
            ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
          },
        },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8');
          answer.on('data', (chunk: string) => {
            text += chunk;
            const events = text
              .split('\n\n')
              .slice(0, -1)
              .flatMap((block) => {
                const data = /^data: (.*)$/m.exec(block)?.[1];
                return data
                  ? [{ id: /^id: (.*)$/m.exec(block)?.[1], data: JSON.parse(data) as { type: string } }]
                  : [];
              });
            if (events.length > 0) onOpen();
            if (events.length >= count) {
              sent.destroy();
              resolve(events.slice(0, count));
            }
          });
          answer.on('error', () => {});
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) =>
        error.code === 'ECONNRESET' ? undefined : reject(error),
      );
      sent.end();
    });
  }

  test('come in the order in which they were committed, and resume where they were left', async () => {
    const open = Promise.withResolvers<void>();
    const live = read(4, undefined, open.resolve);
    await open.promise;
    await send('POST', '/api/v1/orders', { body: { orderNo: 'E1', amountFen: 5, subject: 'x' } });
    await send('POST', '/api/v1/charges', { body: { orderNo: 'E1' } });
    const events = await live;
    expect(events.map((event) => event.data.type)).toEqual([
      'ready',
      'order.created',
      'charge.started',
      'trade.changed',
    ]);
    const resumed = await read(4, events[1]?.id);
    expect(resumed.slice(1).map((event) => event.id)).toEqual(
      [2, 3, 4].map((step) => String(Number(events[1]?.id) + step - 1)),
    );
    expect(resumed[1]?.data.type).toBe('charge.started');
  });

  test('leave no listener behind when the reader goes away', async () => {
    const before = till.backend.listenerCount();
    for (let n = 0; n < 5; n++) await read(1);
    await send('POST', '/api/v1/orders', { body: { orderNo: 'E2', amountFen: 5, subject: 'x' } });
    await expect.poll(() => till.backend.listenerCount()).toBe(before);
  });
});

test('an incident file comes as a file to keep, never as a page of the till', async () => {
  const headers = { authorization: `Bearer ${KEY}` };
  await send('POST', '/api/v1/orders', { headers, body: { orderNo: 'A1', amountFen: 100, subject: '拿铁' } });
  for (const [format, type] of [
    ['html', /^text\/html/],
    ['json', /^application\/json/],
  ] as const) {
    const answer = await send('GET', `/api/v1/orders/A1/incident-file?format=${format}&lang=en`, { headers });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(type);
    expect(answer.headers['content-disposition']).toBe(`attachment; filename="incident-A1.${format}"`);
  }
  const unknown = await send('GET', '/api/v1/orders/NOBODY/incident-file', { headers });
  expect(unknown).toMatchObject({ status: 404, body: { code: 'order_not_found' } });
});
