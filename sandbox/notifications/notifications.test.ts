import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { HttpFault } from '../../ports/http.ts';
import { type Log, silentLog } from '../../ports/log.ts';
import { SimClock, settlePromises } from '../../ports/sim-clock.ts';
import type { SandboxOptions } from '../sandbox.ts';
import { START_MS, simulatedSandbox, type TestTill } from '../test-till.ts';
import { WAITING_MAX } from './notifier.ts';
import { GAPS_MS } from './schedule.ts';
import { type Reaction, read, SUCCESS, TestListener } from './test-listener.ts';

const CHANNELS = ['alipay', 'wechat'] as const;
type Channel = (typeof CHANNELS)[number];
const ADDRESS = 'https://relay.example.com/notify/1/till';
const LONG_MS = 26 * HOUR;
const REFUSED: Reaction = { status: 500 };

interface Told {
  id: string;
  state: string;
  nextAt: string | null;
  sends: {
    at: string;
    status: number | null;
    acknowledged: boolean;
    why: string | null;
    fault: string | null;
  }[];
}

async function listened(options: Partial<SandboxOptions> = {}, clock = new SimClock(START_MS)) {
  const listener = new TestListener(clock);
  const made = await simulatedSandbox({ http: listener, ...options }, clock);
  const { sandbox, till } = made;
  return {
    ...made,
    listener,
    code: (channel: Channel, tradeNo = 'ORDER_0001', url: string | null = ADDRESS) =>
      coded(till, channel, tradeNo, url),
    /** A trade that is paid at once; its notification is on its way when this resolves. */
    async paid(channel: Channel, tradeNo = 'ORDER_0001'): Promise<void> {
      const outcome = sandbox.ledger.pay(await coded(till, channel, tradeNo, ADDRESS));
      expect(outcome.ok).toBe(true);
      await clock.advance(0);
    },
    arm: (channel: Channel, fault: object, more: object = {}) =>
      till.control('POST', '/faults', { on: { channel, operation: 'notify' }, fault, ...more }),
    reads: () => listener.got.map(({ atMs, request }) => read(request, sandbox.identity(), atMs)),
    /** What the ledger tells of the notifications of one trade. */
    async told(tradeNo = 'ORDER_0001'): Promise<Told[]> {
      const { body } = await till.control('GET', '/ledger');
      const { trades } = body as { trades: { tradeNo: string; notifications: Told[] }[] };
      return trades.find((trade) => trade.tradeNo === tradeNo)?.notifications ?? [];
    },
  };
}

async function coded(till: TestTill, channel: Channel, tradeNo: string, url: string | null) {
  if (channel === 'wechat') return till.native(tradeNo, { notify_url: url });
  const content = { out_trade_no: tradeNo, total_amount: '12.50', subject: '拿铁 100%' };
  const node = await till.alipay('alipay.trade.precreate', content, {
    params: { notify_url: url ?? undefined },
  });
  return String(node.qr_code);
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mianfu-sandbox-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('a payment is told to the address that the till gave', () => {
  test('by Alipay, as a signed form with all that a till must compare', async () => {
    const { paid, listener, reads, sandbox, told } = await listened();
    const { appId, sellerId } = sandbox.identity().alipay;
    await paid('alipay');
    expect(listener.got).toMatchObject([
      {
        request: {
          method: 'POST',
          origin: 'https://relay.example.com',
          path: '/notify/1/till',
          headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        },
      },
    ]);
    const trade = sandbox.ledger.find('alipay', 'ORDER_0001');
    expect(reads()).toMatchObject([
      {
        verdict: 'OK',
        id: expect.stringMatching(/^20261121\d{26}$/),
        content: {
          notify_type: 'trade_status_sync',
          notify_time: '2026-11-21 12:00:00',
          gmt_payment: '2026-11-21 12:00:00',
          app_id: appId,
          seller_id: sellerId,
          out_trade_no: 'ORDER_0001',
          trade_no: trade?.providerTradeNo,
          trade_status: 'TRADE_SUCCESS',
          total_amount: '12.50',
          subject: '拿铁 100%',
          fund_bill_list: '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]',
        },
      },
    ]);
    const send = { at: '2026-11-21T12:00:00+08:00', status: 200, acknowledged: true, why: null, fault: null };
    expect(await told()).toMatchObject([
      { id: reads()[0]?.id, state: 'acknowledged', nextAt: null, sends: [send] },
    ]);
  });

  test('by WeChat, sealed and signed, with what a query would say', async () => {
    const { paid, reads, till, told } = await listened();
    await paid('wechat');
    const [got] = reads();
    expect(got).toMatchObject({ verdict: 'OK', id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-/) });
    expect(got?.content).toEqual((await till.wechatQuery('ORDER_0001')).body);
    expect(await told()).toMatchObject([{ id: got?.id, state: 'acknowledged' }]);
  });

  test('by WeChat with the key that stands after a rotation, or the public key', async () => {
    const { paid, reads, till, sandbox, listener } = await listened();
    const serials = () => listener.got.map(({ request }) => request.headers['Wechatpay-Serial']);
    await till.control('POST', '/rotate', { to: 'next_certificate' });
    await paid('wechat', 'ORDER_0001');
    await till.control('POST', '/rotate', { to: 'public_key_only' });
    await paid('wechat', 'ORDER_0002');
    const { platform, publicKeyId } = sandbox.identity().wechat;
    expect(serials()).toEqual([platform.at(-1)?.serial, publicKeyId]);
    expect(reads().map(({ verdict }) => verdict)).toEqual(['OK', 'OK']);
  });

  test.for<[Channel, string | null]>([
    ['alipay', null],
    ['alipay', 'http://shop.example.com/notify'],
    ['alipay', 'https://notify.mianfu.invalid/alipay'],
    ['wechat', 'https://notify.mianfu.invalid/wechat'],
  ])('but not by %s at %s', async ([channel, url]) => {
    const { code, sandbox, listener, told, clock } = await listened();
    expect(sandbox.ledger.pay(await code(channel, 'ORDER_0001', url)).ok).toBe(true);
    await clock.advance(LONG_MS);
    expect(listener.got).toEqual([]);
    expect(await told()).toEqual([]);
  });
});

describe.for(CHANNELS)('the schedule of %s', (channel) => {
  const gaps = GAPS_MS[channel];

  test('repeats what nobody acknowledges, under one id and newly signed, then gives up', async () => {
    const loud: string[] = [];
    const note = (_fields: object, message: string) => void loud.push(message);
    const log: Log = { ...silentLog(), info: note, warn: note, error: note };
    const { paid, clock, listener, reads, told, till } = await listened({ log });
    listener.react = () => REFUSED;
    await paid(channel);
    await clock.advance(LONG_MS);
    expect(listener.gaps()).toEqual(gaps);
    expect(new Set(reads().map(({ verdict }) => verdict))).toEqual(new Set(['OK']));
    expect(new Set(reads().map(({ id }) => id)).size).toBe(1);
    expect(new Set(listener.got.map(({ request }) => request.body)).size).toBe(gaps.length + 1);
    const [notification] = await told();
    expect(notification).toMatchObject({ state: 'given_up', nextAt: null });
    expect(notification?.sends).toHaveLength(gaps.length + 1);
    expect(notification?.sends[0]).toMatchObject({
      status: 500,
      acknowledged: false,
      why: 'not_acknowledged',
    });
    await till.control('POST', '/clock', { advanceMs: LONG_MS });
    await clock.advance(LONG_MS);
    expect(listener.got).toHaveLength(gaps.length + 1);
    expect(loud).toEqual([]);
  });

  test('ends with the acknowledgement', async () => {
    const { paid, clock, listener, told } = await listened();
    listener.react = (_, count) => (count < 3 ? REFUSED : SUCCESS);
    await paid(channel);
    await clock.advance(LONG_MS);
    expect(listener.gaps()).toEqual(gaps.slice(0, 2));
    expect(await told()).toMatchObject([{ state: 'acknowledged', sends: [{}, {}, { acknowledged: true }] }]);
  });

  test('runs as much faster as it is told', async () => {
    const { paid, clock, listener } = await listened({ notifyScale: 1_000 });
    listener.react = () => REFUSED;
    await paid(channel);
    await clock.advance(LONG_MS / 1_000);
    expect(listener.gaps().map(Math.round)).toEqual(gaps.map((ms) => ms / 1_000));
  });

  test('gives each try five seconds, and an unreachable address no more tries than a silent one', async () => {
    const { paid, clock, listener, told } = await listened();
    listener.react = (_, count) =>
      count === 1 ? 'silence' : new HttpFault('connect', 'no', 'Nobody listens.');
    await paid(channel);
    await clock.advance(LONG_MS);
    expect(listener.gaps()).toEqual([5 * SECOND + (gaps[0] ?? 0), ...gaps.slice(1)]);
    const [notification] = await told();
    expect(notification?.sends.map(({ why }) => why)).toEqual(['timeout', ...gaps.map(() => 'connect')]);
  });

  test('comes nearer by the clock control, one step at a time', async () => {
    const { paid, clock, listener, till } = await listened();
    listener.react = () => REFUSED;
    await paid(channel);
    const answer = await till.control('POST', '/clock', { advanceMs: (gaps[0] ?? 0) - SECOND });
    expect(answer).toMatchObject({ body: { notifications: 1 } });
    await clock.advance(SECOND - 1);
    expect(listener.got).toHaveLength(1);
    await clock.advance(1);
    expect(listener.got).toHaveLength(2);
    await till.control('POST', '/clock', { advanceMs: LONG_MS });
    await clock.advance(0);
    expect(listener.got).toHaveLength(3);
  });
});

test.for<[Channel, Reaction, boolean]>([
  ['alipay', { status: 200, body: 'success' }, true],
  ['alipay', { status: 200, body: 'success\n' }, false],
  ['alipay', { status: 200, body: 'SUCCESS' }, false],
  ['alipay', { status: 200, body: '"success"' }, false],
  ['alipay', { status: 200, body: '\ufeffsuccess' }, false],
  ['alipay', { status: 200, body: '' }, false],
  ['alipay', { status: 204 }, false],
  ['alipay', { status: 302, body: 'success' }, false],
  ['alipay', { status: 500, body: 'success' }, false],
  ['wechat', { status: 200, body: '' }, true],
  ['wechat', { status: 200, body: '{"code":"FAIL"}' }, true],
  ['wechat', { status: 204 }, true],
  ['wechat', { status: 201 }, false],
  ['wechat', { status: 302 }, false],
  ['wechat', { status: 401, body: '{"code":"FAIL","message":"签名错误"}' }, false],
])('%s takes %j for an acknowledgement: %s', async ([channel, reaction, isGood]) => {
  const { paid, listener, told } = await listened();
  listener.react = () => reaction;
  await paid(channel);
  expect(await told()).toMatchObject([{ state: isGood ? 'acknowledged' : 'waiting' }]);
});

describe('what is kept', () => {
  test('a restart goes on where it was: same id, same schedule, nothing twice that was acknowledged', async () => {
    const dataDir = await temporaryFolder();
    const first = await listened({ dataDir });
    const sends = async (no: string) => (await first.told(no))[0]?.sends.length;
    await first.paid('wechat', 'ORDER_0001');
    await expect.poll(() => sends('ORDER_0001')).toBe(1);
    first.listener.react = () => REFUSED;
    await first.paid('wechat', 'ORDER_0002');
    await expect.poll(() => sends('ORDER_0002')).toBe(1);
    await first.clock.advance(15 * SECOND);
    await expect.poll(() => sends('ORDER_0002')).toBe(2);
    await first.clock.advance(5 * SECOND);
    await first.sandbox.stop();
    await first.clock.advance(2 * SECOND);

    const second = await listened({ dataDir }, first.clock);
    await second.clock.advance(8 * SECOND - 1);
    await second.told();
    expect(second.listener.got).toEqual([]);
    await second.clock.advance(1);
    await expect
      .poll(() => second.told('ORDER_0002'))
      .toMatchObject([{ state: 'acknowledged', sends: [{}, {}, {}] }]);
    expect(second.reads()).toMatchObject([{ verdict: 'OK', id: first.reads().at(-1)?.id }]);
    await second.clock.advance(LONG_MS);
    expect(second.listener.got).toHaveLength(1);
    expect(first.listener.got).toHaveLength(3);
  });

  test('a sandbox that dies during the first try makes it again, under its id', async () => {
    const dataDir = await temporaryFolder();
    const first = await listened({ dataDir });
    first.listener.react = () => 'silence';
    await first.paid('alipay');
    await expect.poll(() => first.listener.got.length).toBe(1);
    await first.sandbox.stop();
    const second = await listened({ dataDir });
    await second.clock.advance(0);
    await expect.poll(() => second.reads()).toMatchObject([{ id: first.reads()[0]?.id }]);
  });

  test('nothing is told before it is on disk', async () => {
    const dataDir = await temporaryFolder();
    const { code, sandbox, listener, clock } = await listened({ dataDir });
    const ready = await code('wechat');
    // A folder in its place makes the write fail, whoever runs this test.
    await rm(join(dataDir, 'ledger.json'));
    await mkdir(join(dataDir, 'ledger.json', 'full'), { recursive: true });
    sandbox.ledger.pay(ready);
    await clock.advance(0);
    await expect(sandbox.handle(healthz())).rejects.toMatchObject({ code: 'data_unusable' });
    expect(listener.got).toEqual([]);
    await rm(join(dataDir, 'ledger.json'), { recursive: true });
    await clock.advance(15 * SECOND);
    await expect.poll(() => listener.got.length).toBe(1);
  });
});

function healthz() {
  return { method: 'GET', path: '/healthz', headers: { host: '127.0.0.1' }, body: Buffer.alloc(0) };
}

describe('bounds', () => {
  test('sixteen at once, the others in their turn', async () => {
    const { code, sandbox, listener, clock } = await listened();
    listener.react = () => 'silence';
    for (let index = 0; index < 20; index++)
      sandbox.ledger.pay(await code('wechat', `ORDER_${1000 + index}`));
    await clock.advance(0);
    expect(listener.got).toHaveLength(16);
    await clock.advance(5 * SECOND);
    expect(listener.got).toHaveLength(20);
  });

  test('with too many unacknowledged the next is given up at once, and room is used again', async () => {
    const { code, sandbox, listener, clock, told } = await listened();
    const answer = Promise.withResolvers<Reaction>();
    listener.react = () => answer.promise;
    await code('wechat', 'MODEL_0001');
    const model = sandbox.ledger.find('wechat', 'MODEL_0001');
    if (!model) throw new Error('The order is not there.');
    let count = 0;
    const pay = () => {
      const tradeNo = `T${++count}`;
      const made = { code: tradeNo, madeAtMs: START_MS, expiresAtMs: START_MS + HOUR };
      sandbox.ledger.put({ ...model, tradeNo, codes: [made] });
      sandbox.ledger.pay(tradeNo);
      return tradeNo;
    };
    pay();
    await clock.advance(0);
    while (count < WAITING_MAX) pay();
    const tooMany = pay();
    answer.resolve(SUCCESS);
    await settlePromises();
    const next = pay();
    expect(await told(tooMany)).toMatchObject([{ state: 'given_up', sends: [] }]);
    expect(await told(next)).toMatchObject([{ state: 'waiting', sends: [] }]);
  });
});

describe.for(CHANNELS)('faults of notifications by %s', (channel) => {
  const field = (alipay: string, wechat: string) => (channel === 'alipay' ? alipay : wechat);

  test('duplicated: the same bytes at the same time', async () => {
    const { paid, arm, listener, told, clock } = await listened();
    await arm(channel, { kind: 'duplicate', copies: 2 });
    await paid(channel);
    await clock.advance(LONG_MS);
    expect(listener.gaps()).toEqual([0, 0]);
    expect(new Set(listener.got.map(({ request }) => JSON.stringify(request))).size).toBe(1);
    const send = { acknowledged: true, fault: 'duplicate' };
    expect(await told()).toMatchObject([{ state: 'acknowledged', sends: [send, send, send] }]);
  });

  test('late: signed when it was due', async () => {
    const { paid, arm, listener, clock, sandbox, told } = await listened();
    await arm(channel, { kind: 'late', ms: 10 * MINUTE });
    await paid(channel);
    await clock.advance(10 * MINUTE - 1);
    expect(listener.got).toEqual([]);
    await clock.advance(1);
    const request = listener.got[0]?.request;
    if (!request) throw new Error('It did not come.');
    expect(read(request, sandbox.identity(), START_MS).verdict).toBe('OK');
    const now = read(request, sandbox.identity(), clock.nowMs());
    expect(channel === 'wechat' ? now.verdict : now.content.notify_time).toBe(
      field('2026-11-21 12:00:00', 'EXPIRED'),
    );
    expect(await told()).toMatchObject([{ sends: [{ at: '2026-11-21T12:10:00+08:00', fault: 'late' }] }]);
  });

  test('reordered: changes places with the next one, pair by pair', async () => {
    const { paid, arm, clock, reads } = await listened();
    await arm(channel, { kind: 'reordered' }, { times: 'always' });
    for (const no of ['1', '2', '3', '4', '5']) {
      await paid(channel, `ORDER_000${no}`);
      await clock.advance(SECOND);
    }
    const order = () => reads().map(({ content }) => String(content.out_trade_no).at(-1));
    expect(order()).toEqual(['2', '1', '4', '3']);
    await clock.advance(30 * SECOND);
    expect(order()).toEqual(['2', '1', '4', '3', '5']);
  });

  test('dropped: the next one comes as after a failure', async () => {
    const { paid, arm, clock, listener, told } = await listened();
    await arm(channel, { kind: 'dropped' });
    await paid(channel);
    expect(listener.got).toEqual([]);
    expect(await told()).toMatchObject([{ state: 'waiting', sends: [{ why: 'dropped', fault: 'dropped' }] }]);
    await clock.advance(GAPS_MS[channel][0] ?? 0);
    expect(await told()).toMatchObject([{ state: 'acknowledged', sends: [{}, { fault: null }] }]);
  });

  test.for<[object, string, object, object]>([
    [{ kind: 'wrong_signature' }, 'BAD_SIGNATURE', {}, {}],
    [{ kind: 'missing_signature' }, field('BAD_SIGNATURE', 'MISSING_HEADER'), {}, {}],
    [{ kind: 'wrong_amount' }, 'OK', { total_amount: '12.51' }, { amount: { total: 1251 } }],
    [{ kind: 'wrong_app_id' }, 'OK', { app_id: '2021000000000000' }, { appid: 'wx0000000000000000' }],
    [{ kind: 'wrong_merchant' }, 'OK', { seller_id: '2088000000000000' }, { mchid: '1600000000' }],
    [{ kind: 'wrong_trade_no' }, 'OK', { out_trade_no: 'ORDER_0001X' }, { out_trade_no: 'ORDER_0001X' }],
    [{ kind: 'status_word', word: 'ODD' }, 'OK', { trade_status: 'ODD' }, { trade_state: 'ODD' }],
    [
      { kind: 'clock_skew', ms: -10 * MINUTE },
      field('OK', 'EXPIRED'),
      { notify_time: '2026-11-21 11:50:00' },
      {},
    ],
  ])('%j, and the next is right again', async ([fault, verdict, alipay, wechat]) => {
    const { paid, arm, clock, listener, reads } = await listened();
    listener.react = (_, count) => (count === 1 ? REFUSED : SUCCESS);
    expect((await arm(channel, fault)).status).toBe(201);
    await paid(channel);
    expect(reads()).toMatchObject([{ verdict, content: channel === 'alipay' ? alipay : wechat }]);
    await clock.advance(GAPS_MS[channel][0] ?? 0);
    expect(reads()[1]).toMatchObject({
      verdict: 'OK',
      id: reads()[0]?.id,
      content: { out_trade_no: 'ORDER_0001', ...(channel === 'alipay' ? { total_amount: '12.50' } : {}) },
    });
  });
});

test('WeChat’s probe fails, and its other kind of key does not', async () => {
  const { paid, arm, listener, reads, sandbox } = await listened();
  await arm('wechat', { kind: 'signtest' });
  await paid('wechat', 'ORDER_0001');
  expect(listener.got[0]?.request.headers['Wechatpay-Signature']).toMatch(/^WECHATPAY\/SIGNTEST\//);
  expect(reads()[0]?.verdict).toBe('BAD_SIGNATURE');
  await arm('wechat', { kind: 'other_key' });
  await paid('wechat', 'ORDER_0002');
  const { publicKeyId } = sandbox.identity().wechat;
  expect(listener.got[1]?.request.headers['Wechatpay-Serial']).toBe(publicKeyId);
  expect(reads()[1]?.verdict).toBe('OK');
});

test('faults of all that a till asks leave notifications alone, and the other way round', async () => {
  const { paid, arm, till, reads } = await listened();
  await till.control('POST', '/faults', {
    on: { channel: '*', operation: '*' },
    fault: { kind: 'wrong_signature' },
    times: 'always',
  });
  await paid('wechat', 'ORDER_0001');
  expect(reads()[0]?.verdict).toBe('OK');
  await till.control('DELETE', '/faults');
  await arm('wechat', { kind: 'wrong_signature' }, { times: 'always' });
  expect((await till.wechatQuery('ORDER_0001')).verdict).toBe('OK');
});
