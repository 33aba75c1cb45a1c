import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServiceProcess, startService } from '../soak/service-process.ts';
import {
  type Barrage,
  barrage,
  type Input,
  request,
  residentBytes,
  spoiledRequests,
  whole,
} from './hostile-http.ts';
import { bent, runsOf } from './mutate.ts';

const API_KEY = 'a-key-for-the-fuzz-tests';
const GROWTH_MAX = 200 * 1024 * 1024;

let dir: string;
let sandbox: ServiceProcess;
let till: ServiceProcess;
let orders = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-fuzz-'));
  sandbox = await startService('sandbox/main.ts', []);
  till = await startService(
    'backend/main.ts',
    // The settings name a relay where nobody listens, so that no input can name another.
    ['--data', dir, '--sandbox', sandbox.origin, '--relay', 'http://127.0.0.1:9'],
    { MIANFU_API_KEY: API_KEY },
  );
});
afterAll(async () => {
  await till.kill();
  await sandbox.kill();
  rmSync(dir, { recursive: true, force: true });
});

const known = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' };

/** It lives, is well, has kept its size, and charges. */
async function expectUnharmed(bytesBefore: number): Promise<void> {
  expect(till.fault()).toBeNull();
  expect(till.isRunning()).toBe(true);
  expect((await fetch(`${till.origin}/healthz`)).status).toBe(200);
  expect((await residentBytes(till.origin)) - bytesBefore).toBeLessThan(GROWTH_MAX);
  orders += 1;
  const charged = await fetch(`${till.origin}/api/v1/charges`, {
    method: 'POST',
    headers: known,
    body: JSON.stringify({ orderNo: `sound-${orders}`, amountFen: 1_250 }),
  });
  expect(charged.status).toBe(200);
  expect(await charged.json()).toMatchObject({ amountFen: 1_250 });
}

const fire = (inputs: readonly Input[]): Promise<Barrage> =>
  // A wallet that is asked too much, or a relay that is not there, is told as such: 502, 503.
  barrage(Number(new URL(till.origin).port), inputs, [502, 503]);

const CORPUS = [
  request('POST /api/v1/orders', known, '{"orderNo":"F1","amountFen":1250,"subject":"拿铁","note":"a"}'),
  request('GET /api/v1/orders?limit=5&cursor=AAAA&state=open', known),
  request('GET /api/v1/orders/F1', known),
  request('POST /api/v1/orders/F1/cancel', known, '{}'),
  request('POST /api/v1/charges/none/check', known, '{}'),
  request('GET /api/v1/charges/live', known),
  request('GET /api/v1/trades?limit=1&search=F1', known),
  request('GET /api/v1/trades/K7Q3261121143210000A3F9Q2M', known),
  request('POST /api/v1/outbox/1/set-aside', known, '{"reason":"because"}'),
  request('POST /api/v1/relay/enrol', known, '{"code":"K7QF-2M9X-HTRC","till":"a"}'),
  request('GET /api/v1/events', { ...known, 'last-event-id': '3' }),
  request('GET /api/v1/openapi.json'),
  request('GET /api/v1/till', { cookie: 'mianfu_x=abc; a=b', origin: 'http://127.0.0.1' }),
  request('GET /healthz', { 'sec-fetch-site': 'cross-site', origin: 'https://example.com' }),
];

test('spoiled requests to a till: answered or hung up on, and nothing else happens', async () => {
  const before = await residentBytes(till.origin);
  const { statuses, faults } = await fire(spoiledRequests(CORPUS, 1_200));
  expect(faults).toEqual([]);
  for (const status of ['200', '400', '401', '404']) expect(statuses.get(status) ?? 0).toBeGreaterThan(10);
  await expectUnharmed(before);
});

interface Operation {
  method: string;
  path: string;
}

test('every procedure, with parameters and bodies that fit badly: a problem with a code, never a failure of the till', async () => {
  const document = (await (await fetch(`${till.origin}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, object>>;
  };
  const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
  expect(operations.length).toBeGreaterThan(15);
  // Members of every input at once: what one does not know, another does.
  const input = {
    ...{ orderNo: 'F2', amountFen: 1_250, subject: '拿铁', note: 'n', channels: ['alipay', 'wechat'] },
    ...{ reason: 'because', code: 'K7QF', till: 'a', refundNo: 'R1', limit: 5, cursor: 'AAAA', search: 'F' },
  };
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom('F2', '0', '-1', '%00', '..', '~'),
  );
  const escaped = text.map((each) => encodeURIComponent(each.toWellFormed()));
  const calls = fc.tuple(
    fc.constantFrom(...operations),
    escaped,
    bent(input),
    fc.dictionary(fc.constantFrom(...Object.keys(input), 'state', 'from', 'to', 'channel'), escaped),
  );
  const before = await residentBytes(till.origin);
  const inputs = fc.sample(calls, runsOf(1_200)).map(([{ method, path }, parameter, body, query]) => {
    const place = path.replace(/\{[^}]+\}/g, parameter || 'F2');
    const search = Object.entries(query).map(([name, value]) => `${name}=${value}`);
    const line = `${method} /api/v1${place}${method === 'GET' ? `?${search.join('&')}` : ''}`;
    return whole(request(line, known, method === 'GET' ? undefined : JSON.stringify(body)));
  });
  const { statuses, faults } = await fire(inputs);
  expect(faults).toEqual([]);
  for (const status of ['200', '400', '404']) expect(statuses.get(status) ?? 0).toBeGreaterThan(10);
  await expectUnharmed(before);
});

test('any Last-Event-ID: the events begin, or the request is refused', async () => {
  const before = await residentBytes(till.origin);
  const ids = fc.oneof(
    fc.constantFrom(
      '0',
      '-1',
      '1e9',
      '99999999999999999999',
      '9007199254740993',
      'NaN',
      '',
      ' ',
      '1,2',
      '0x1',
      '１',
    ),
    fc.integer().map(String),
    fc.string({ maxLength: 300 }),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  );
  const inputs = fc
    .sample(ids, runsOf(300))
    .map((id) =>
      whole(request('GET /api/v1/events', { ...known, 'last-event-id': id.replace(/[\0\r\n]/g, '') })),
    );
  const { statuses, faults } = await fire(inputs);
  expect(faults).toEqual([]);
  expect([...statuses.keys()].filter((status) => !['200', '400', 'none'].includes(status))).toEqual([]);
  expect(statuses.get('200') ?? 0).toBeGreaterThan(10);
  await expectUnharmed(before);
});
