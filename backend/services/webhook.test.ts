import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ShopMessage } from '../../contract/webhook.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { windowOf } from '../../test/fakes/client.ts';
import { evidence } from '../../test/fakes/provider.ts';
import { SHOP_SECRET, ShopReceiver, watchedHttp } from '../../test/fakes/shop.ts';
import { START_MS, type TestTill, TTL_MS, testTill } from '../../test/fakes/till.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { REFUSALS_MAX } from './webhook.ts';

let clock: SimClock;
let shop: ShopReceiver;
let url: string;
let http: ReturnType<typeof watchedHttp>;
let lines: string[];
const running: TestTill[] = [];

beforeEach(async () => {
  clock = new SimClock(START_MS);
  shop = new ShopReceiver(clock);
  url = await shop.listen();
  http = watchedHttp();
  lines = [];
});

afterEach(async () => {
  for (const { backend } of running.splice(0)) await backend.stop();
  await shop.close();
  await http.close();
  vi.useRealTimers();
});

const log = () => {
  const note = (fields: object, message: string) => {
    const { err, ...rest } = fields as { err?: Error };
    lines.push(`${message} ${JSON.stringify(rest)} ${err?.stack ?? ''}`);
  };
  const made = { debug: note, info: note, warn: note, error: note, child: () => made };
  return made;
};

/** A till that tells the shop's systems, started. */
function telling(change: Parameters<typeof testTill>[0] = {}) {
  const made = testTill({ clock, log: log(), webhook: { url, secret: SHOP_SECRET, http }, ...change });
  made.backend.start();
  running.push(made);
  return { ...made, till: windowOf(made.backend, clock) };
}

/** Charges an order; resolves with the number of its WeChat trade. */
async function charged({ till }: ReturnType<typeof telling>, orderNo: string): Promise<string> {
  const charge = await till.charge({ orderNo, amountFen: 1250 });
  return charge.trades.find(({ channel }) => channel === 'wechat')?.tradeNo ?? '';
}

/** Charges an order and lets it be paid. */
async function paid(made: ReturnType<typeof telling>, orderNo: string): Promise<void> {
  made.wechat.status.set(await charged(made, orderNo), 'paid');
  await http.pass(clock, 3_000);
}

describe('what the shop’s systems are told', () => {
  test('is a payment, once when all is well, in the contract’s shapes', async () => {
    const made = telling();
    await paid(made, 'A1');
    await http.pass(clock, TTL_MS);
    expect(shop.received).toHaveLength(1);
    const [{ message }] = shop.received as [ShopReceiver['received'][0]];
    expect(ShopMessage.parse(message)).toEqual(message);
    expect(message).toMatchObject({
      type: 'order.paid',
      version: 1,
      order: { orderNo: 'A1', state: 'paid', amountFen: 1250, charge: { state: 'paid' } },
      trade: { channel: 'wechat', state: 'paid', amountFen: 1250 },
      dueBackFen: 0,
    });
    expect(message.order).toMatchObject({ charge: { trades: [{ state: 'closing' }, { state: 'paid' }] } });
  });

  test('is signed so that the library takes it, and refuses a changed body or another secret', async () => {
    await paid(telling(), 'A1');
    const [{ headers, body }] = shop.received as [ShopReceiver['received'][0]];
    vi.useFakeTimers({ toFake: ['Date'], now: clock.nowMs() });
    const sent = headers as Record<string, string>;
    expect(new Webhook(SHOP_SECRET).verify(body, sent)).toMatchObject({ id: sent['webhook-id'] });
    expect(() => new Webhook(SHOP_SECRET).verify(body.replace('1250', '1251'), sent)).toThrow();
    expect(() => new Webhook(`whsec_${btoa('x'.repeat(32))}`).verify(body, sent)).toThrow();
    vi.setSystemTime(clock.nowMs() + 301_000);
    expect(() => new Webhook(SHOP_SECRET).verify(body, sent)).toThrow(/old/);
  });

  test('is a charge that ended unpaid, and an order that was cancelled', async () => {
    const made = telling();
    await charged(made, 'A1');
    await http.pass(clock, TTL_MS + 10_000);
    await charged(made, 'A2');
    await made.till.cancelOrder('A2');
    await http.pass(clock, 10_000);
    const told = shop.received.map(({ message }) => [message.order.orderNo, message.type, message.version]);
    expect(told).toEqual([
      ['A1', 'charge.ended', 1],
      ['A2', 'order.cancelled', 1],
      ['A2', 'charge.ended', 2],
    ]);
    expect(shop.received[0]?.message.order).toMatchObject({ state: 'open', charge: { state: 'closed' } });
  });

  test('is a late payment, a surplus and what is due back of them', async () => {
    const made = telling({ refundAutomaticMaxFen: 1_000 });
    const tradeNo = await charged(made, 'A1');
    made.wechat.script.push({
      step: 'close',
      answer: { kind: 'query_first', code: 'ORDER_PAID', message: '' },
    });
    await made.till.cancelOrder('A1');
    made.wechat.status.set(tradeNo, 'paid');
    await http.pass(clock, 10_000);
    const charge = await made.till.charge({ orderNo: 'A2', amountFen: 900 });
    for (const [index, wallet] of [made.alipay, made.wechat].entries())
      wallet.status.set(charge.trades[index]?.tradeNo ?? '', 'paid');
    await http.pass(clock, 10_000);
    const told = shop.received.map(({ message: { order, type, version, dueBackFen, trade } }) => [
      order.orderNo,
      version,
      type,
      dueBackFen,
      trade?.refundDue ?? null,
    ]);
    expect(told).toEqual([
      ['A1', 1, 'order.cancelled', 0, null],
      ['A1', 2, 'trade.late', 1250, 'manager'],
      ['A1', 3, 'order.paid', 1250, 'manager'],
      ['A2', 1, 'order.paid', 0, null],
      ['A2', 2, 'trade.surplus', 900, 'automatic'],
      ['A2', 3, 'refund.requested', 900, 'automatic'],
      ['A2', 4, 'refund.succeeded', 0, null],
    ]);
  });

  test('is an incident, and that a person ended the asking', async () => {
    const made = telling();
    const tradeNo = await charged(made, 'A1');
    const wrong = () => ({
      kind: 'evidence' as const,
      evidence: {
        ...evidence({ tradeNo, amountFen: 1250 } as never, 'paid', clock.nowMs()),
        amountFen: 1 as never,
      },
    });
    for (let n = 0; n < 20; n++) made.wechat.script.push({ step: 'query', answer: wrong() });
    await http.pass(clock, 800_000);
    const { items } = await made.till.outbox('parked');
    await made.till.setAside(items[0]?.entryId ?? 0, '已与顾客核对');
    await http.pass(clock, 1_000);
    const told = shop.received.map(({ message }) => [message.type, message.what, message.version]);
    expect(told).toEqual([
      ['trade.incident', 'amount_mismatch', 1],
      ['trade.set_aside', '已与顾客核对', 2],
      ['charge.ended', null, 3],
    ]);
  });

  test('is nothing at all while no webhook is configured', async () => {
    const made = telling({ webhook: null });
    await paid(made, 'A1');
    await http.pass(clock, 60_000);
    expect(shop.received).toEqual([]);
    expect(made.db.prepare("SELECT count(*) FROM outbox WHERE kind = 'tell'").pluck().get()).toBe(0);
  });
});

describe('a message', () => {
  test('is written in the transaction of what it tells of, or not at all', async () => {
    const made = telling();
    made.wechat.status.set(await charged(made, 'A1'), 'paid');
    made.db.exec(
      "CREATE TRIGGER no BEFORE INSERT ON outbox WHEN new.kind = 'tell' BEGIN SELECT raise(ABORT, 'no'); END",
    );
    await http.pass(clock, 3_000);
    expect(await made.till.order('A1')).toMatchObject({ state: 'open' });
    made.db.exec('DROP TRIGGER no');
    await http.pass(clock, 70_000);
    expect(await made.till.order('A1')).toMatchObject({ state: 'paid' });
    expect(shop.received.map(({ message }) => message.type)).toEqual(['order.paid']);
  });

  test('is sent again under its id, with the same bytes, after its answer was lost', async () => {
    shop.reply = () => (shop.received.length <= 3 ? 'drop' : 204);
    await paid(telling(), 'A1');
    await http.pass(clock, 60_000);
    expect(shop.received).toHaveLength(4);
    expect(shop.ids()).toHaveLength(1);
    expect(new Set(shop.received.map(({ body }) => body)).size).toBe(1);
  });

  test('outlives the till that was ended while it was under way', async () => {
    const db = openMemoryDatabase();
    shop.reply = () => 'hold';
    const first = telling({ db });
    const tradeNo = await charged(first, 'A1');
    first.wechat.status.set(tradeNo, 'paid');
    for (let crash = 0; crash < 3; crash++) {
      if (crash > 0) telling({ db });
      await clock.advance(3_000);
      await shop.hears(crash + 1);
      await running.at(-1)?.backend.stop();
    }
    shop.reply = () => 204;
    telling({ db });
    await http.pass(clock, 3_000);
    expect(shop.received.map(({ message }) => message.type)).toEqual(Array(4).fill('order.paid'));
    expect(shop.ids()).toHaveLength(1);
    expect(db.prepare("SELECT count(*) FROM outbox WHERE kind = 'tell'").pluck().get()).toBe(0);
  });

  test('of an order waits for the ones before it, and for those of no other order', async () => {
    const made = telling();
    shop.reply = ({ message }) => (message.order.orderNo === 'A1' && message.version === 1 ? 503 : 204);
    await charged(made, 'A1');
    await made.till.cancelOrder('A1');
    await http.pass(clock, 20_000);
    await paid(made, 'B1');
    await http.pass(clock, 40_000);
    const versions = () => shop.received.map(({ message }) => `${message.order.orderNo}:${message.version}`);
    expect(new Set(versions())).toEqual(new Set(['A1:1', 'B1:1']));
    shop.reply = () => 204;
    await http.pass(clock, 40_000);
    expect(versions().slice(-2)).toEqual(['A1:1', 'A1:2']);
  });

  test('is repeated for hours while the receiver is silent or in trouble, never parked, at a bounded rate', async () => {
    const made = telling();
    shop.reply = () => 500;
    await paid(made, 'A1');
    await http.pass(clock, 3 * 3_600_000);
    const perHour = shop.received.length / 3;
    expect(perHour).toBeLessThan(300);
    expect(perHour).toBeGreaterThan(60);
    expect((await made.till.status()).outbox).toMatchObject({ parked: 0, unanswered: 1 });
    shop.reply = () => 204;
    await http.pass(clock, 31_000);
    expect((await made.till.status()).outbox).toMatchObject({ parked: 0, unanswered: 0 });
  });

  test('leaves a throttling receiver alone for as long as it asks', async () => {
    const made = telling();
    shop.reply = () => ({ status: 429, headers: { 'retry-after': '240' } });
    await paid(made, 'A1');
    await paid(made, 'A2');
    const [{ atMs: askedMs }] = shop.received as [ShopReceiver['received'][0]];
    shop.reply = () => 204;
    await http.pass(clock, 300_000);
    const after = shop.received.slice(1);
    expect(after.map(({ message }) => message.order.orderNo).toSorted()).toEqual(['A1', 'A2']);
    for (const { atMs } of after) expect(atMs - askedMs).toBeGreaterThanOrEqual(240_000);
  });

  test.each<[string, ReturnType<ShopReceiver['reply']>]>([
    ['gone', 410],
    ['not allowed', 401],
    ['moved: no redirect is followed', { status: 307, headers: { location: '/elsewhere' } }],
    ['an answer without end', { status: 200, body: 'x'.repeat(1024 * 1024 + 1) }],
  ])(
    'that is refused (%s) is parked after its tries, and goes out when a person says so',
    async (_, reply) => {
      const made = telling();
      shop.reply = () => reply;
      await paid(made, 'A1');
      await http.pass(clock, 3_600_000);
      expect(shop.received).toHaveLength(REFUSALS_MAX);
      expect(shop.received.every(({ headers }) => headers.host === new URL(url).host)).toBe(true);
      const { items } = await made.till.outbox('parked');
      expect(items).toMatchObject([
        { kind: 'tell', why: 'refused_by_receiver', canRetry: true, orderNo: 'A1' },
      ]);
      shop.reply = () => 204;
      await made.till.retry(items[0]?.entryId ?? 0);
      await http.pass(clock, 1_000);
      expect(shop.received).toHaveLength(REFUSALS_MAX + 1);
      expect(shop.ids()).toHaveLength(1);
      expect((await made.till.outbox('parked')).items).toEqual([]);
    },
  );

  test('that is parked holds up its order until a person sets it aside', async () => {
    const made = telling();
    shop.reply = ({ message }) => (message.version === 1 ? 422 : 204);
    await charged(made, 'A1');
    await made.till.cancelOrder('A1');
    await http.pass(clock, 3_600_000);
    expect(new Set(shop.received.map(({ message }) => message.version))).toEqual(new Set([1]));
    const { items } = await made.till.outbox('parked');
    await made.till.setAside(items[0]?.entryId ?? 0, '对方系统不认识该单');
    await http.pass(clock, 1_000);
    expect(shop.received.at(-1)?.message).toMatchObject({ version: 2, type: 'charge.ended' });
  });

  test('leaves neither the secret nor the address in a log', async () => {
    const made = telling();
    for (const reply of [401, 'drop', 500] as const) {
      shop.reply = () => reply;
      await paid(made, `A${reply}`);
      await http.pass(clock, 1_800_000);
    }
    expect(lines.some((line) => line.includes('parked'))).toBe(true);
    for (const line of lines) {
      expect(line).not.toContain(SHOP_SECRET.slice(6));
      expect(line).not.toContain(new URL(url).host);
    }
  });
});
