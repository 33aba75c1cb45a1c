import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { OutboxEntry } from '../../contract/outbox.ts';
import { windowOf } from '../../test/fakes/client.ts';
import { evidence } from '../../test/fakes/provider.ts';
import { testBook } from '../../test/fakes/refund-book.ts';
import { type TestTill, TTL_MS, testTill } from '../../test/fakes/till.ts';
import { fen } from '../domain/money.ts';
import { PUZZLES_MAX } from '../domain/steps.ts';
import type { Channel } from '../domain/trade.ts';
import { createStore } from '../store/store.ts';
import { createSettle } from './settle.ts';

const KEY = 'test-key-0123456789';
const HOUR_MS = 3_600_000;
const LIMIT = 20_000;
const made: TestTill[] = [];
const servers: Server[] = [];

afterEach(async () => {
  for (const { backend } of made.splice(0)) await backend.stop();
  for (const server of servers.splice(0)) server.close();
});

function started() {
  const till = testTill({ refundAutomaticMaxFen: LIMIT });
  made.push(till);
  till.backend.start();
  return { ...till, till: windowOf(till.backend, till.clock) };
}

type World = ReturnType<typeof started>;

/** Charges an order; the numbers of its trades. */
async function charged({ till }: World, orderNo: string, amountFen = 1250) {
  const { chargeId, trades } = await till.charge({ orderNo, amountFen });
  const no = (channel: Channel) => trades.find((each) => each.channel === channel)?.tradeNo ?? '';
  return { chargeId, alipay: no('alipay'), wechat: no('wechat') };
}

/** A charge whose WeChat trade was given up on by the machine, its Alipay trade long closed. */
async function parked(world: World, cause: 'unlisted' | 'not_genuine' = 'not_genuine') {
  const charge = await charged(world, 'A1');
  world.wechat.down = cause;
  await world.clock.advance(HOUR_MS);
  const entry = await theOnly(world, 'parked');
  return { ...charge, entryId: entry.entryId };
}

async function theOnly({ till }: World, state: 'due' | 'parked' | 'set_aside'): Promise<OutboxEntry> {
  const { items } = await till.outbox(state);
  expect(items).toHaveLength(1);
  return items[0] as OutboxEntry;
}

/** The wallet's word that a trade was paid, whoever brought it. */
function paymentTurnsUp({ db, clock }: World, tradeNo: string): void {
  const store = createStore(db);
  const settle = createSettle(store, { automaticMaxFen: fen(LIMIT) }, testBook(store));
  const trade = store.trades.byNo(tradeNo);
  if (!trade) throw new Error('gone');
  const entry = { entryId: 0, kind: 'query', attempts: 0, puzzles: 0, tradeNo } as never;
  const outcome = { kind: 'evidence' as const, evidence: evidence(trade, 'paid', clock.nowMs()) };
  settle.outcome(entry, { outcome, nowMs: clock.nowMs(), jitter: 0, exchange: null });
}

describe('what the machine cannot understand', () => {
  test.each(['unlisted', 'not_genuine'] as const)(
    'is asked so often (%s), and then waits for a person who sees what happened',
    async (cause) => {
      const world = started();
      const { wechat } = await parked(world, cause);
      const entry = await theOnly(world, 'parked');
      expect(entry).toMatchObject({
        kind: 'query',
        why: 'not_understood',
        canRetry: true,
        tradeNo: wechat,
        orderNo: 'A1',
        channel: 'wechat',
        amountFen: 1250,
        dueAt: null,
        lastOutcome: `unknown:${cause}`,
      });
      expect(entry.lastAttemptAt).not.toBeNull();
      expect((await world.till.status()).outbox).toMatchObject({ parked: 1, refundsDue: 0 });
      const asked = world.wechat.steps(wechat).length;
      await world.clock.advance(3 * HOUR_MS);
      expect(world.wechat.steps(wechat)).toHaveLength(asked);
      expect(asked).toBeGreaterThanOrEqual(PUZZLES_MAX);
      expect((await world.till.order('A1')).charge).toMatchObject({ state: 'closing' });
      await expect(world.till.charge({ orderNo: 'A1' })).rejects.toMatchObject({ code: 'order_closing' });
    },
  );

  test('goes on when a person says so, and resolves to what the wallet holds', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    world.wechat.down = null;
    world.wechat.status.set(wechat, 'paid');
    expect(await world.till.retry(entryId)).toMatchObject({ state: 'due', why: null });
    await world.clock.advance(1_000);
    expect(await world.till.order('A1')).toMatchObject({ state: 'paid', charge: { state: 'paid' } });
    expect((await world.till.trade(wechat)).trade).toMatchObject({ late: true, refundDue: null });
    expect((await world.till.status()).outbox.parked).toBe(0);
  });

  test('is parked again, after as many tries, when nothing has changed', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    const before = world.wechat.steps(wechat).length;
    await world.till.retry(entryId);
    await world.clock.advance(HOUR_MS);
    expect(world.wechat.steps(wechat).length - before).toBe(PUZZLES_MAX);
    expect(await theOnly(world, 'parked')).toMatchObject({ entryId, why: 'not_understood' });
  });

  test('outlives a restart, parked', async () => {
    const world = started();
    await parked(world);
    await world.backend.stop();
    const again = testTill({ clock: world.clock, db: world.db });
    made.push(again);
    again.backend.start();
    await world.clock.advance(HOUR_MS);
    expect(again.wechat.asked).toEqual([]);
    expect((await windowOf(again.backend, world.clock).outbox('parked')).items).toHaveLength(1);
  });
});

describe('what a person sets aside', () => {
  test('ends the charge, says why in the timeline, and lets the order be charged again', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    await world.till.setAside(entryId, '商户平台显示未支付');
    const { trade, order, timeline } = await world.till.trade(wechat);
    expect(trade).toMatchObject({ state: 'closing', setAside: { reason: '商户平台显示未支付' } });
    expect(order).toMatchObject({ state: 'open', charge: { state: 'set_aside' } });
    expect(timeline.at(-1)).toMatchObject({
      kind: 'decision',
      what: 'set_aside',
      reason: '商户平台显示未支付',
    });
    expect(await theOnly(world, 'set_aside')).toMatchObject({
      entryId,
      setAside: { reason: '商户平台显示未支付' },
    });
    expect(await world.till.live()).toEqual([]);
    world.wechat.down = null;
    const asked = world.wechat.steps(wechat).length;
    const again = await charged(world, 'A1');
    expect(again.wechat).not.toBe(wechat);
    world.wechat.status.set(again.wechat, 'paid');
    await world.clock.advance(3_000);
    expect(await world.till.order('A1')).toMatchObject({ state: 'paid' });
    expect(world.wechat.steps(wechat)).toHaveLength(asked);
  });

  test('still counts as paid, late, when the payment turns up', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    await world.till.setAside(entryId, '商户平台显示未支付');
    paymentTurnsUp(world, wechat);
    expect((await world.till.trade(wechat)).trade).toMatchObject({
      state: 'paid',
      late: true,
      surplus: false,
    });
    expect(await world.till.order('A1')).toMatchObject({ state: 'paid' });
  });

  test('takes the codes of a new charge away when its payment turns up', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    await world.till.setAside(entryId, '商户平台显示未支付');
    world.wechat.down = null;
    const again = await charged(world, 'A1');
    paymentTurnsUp(world, wechat);
    await world.clock.advance(3_000);
    for (const tradeNo of [again.alipay, again.wechat])
      expect((await world.till.trade(tradeNo)).trade).toMatchObject({ state: 'closed', codeUrl: null });
    expect(await world.till.order('A1')).toMatchObject({ state: 'paid' });
    expect(await world.till.live()).toEqual([]);
  });

  test('is a surplus when its payment turns up after the order was paid otherwise', async () => {
    const world = started();
    const { entryId, wechat } = await parked(world);
    await world.till.setAside(entryId, '商户平台显示未支付');
    world.wechat.down = null;
    const again = await charged(world, 'A1');
    world.wechat.status.set(again.wechat, 'paid');
    await world.clock.advance(3_000);
    paymentTurnsUp(world, wechat);
    expect((await world.till.trade(wechat)).trade).toMatchObject({
      late: true,
      surplus: true,
      refundDue: 'automatic',
    });
  });
});

describe('what only takes time', () => {
  test.each(['no_answer', 'network', 'server_error', 'throttled'] as const)(
    'is never parked (%s): hours later it resolves by itself',
    async (cause) => {
      const world = started();
      const { wechat } = await charged(world, 'A1');
      world.wechat.down = cause;
      await world.clock.advance(3 * HOUR_MS);
      expect((await world.till.outbox('parked')).items).toEqual([]);
      expect(await theOnly(world, 'due')).toMatchObject({ tradeNo: wechat, lastOutcome: `unknown:${cause}` });
      world.wechat.down = null;
      await world.clock.advance(120_000);
      expect(await world.till.order('A1')).toMatchObject({ state: 'open', charge: { state: 'closed' } });
      expect((await world.till.outbox('due')).items).toEqual([]);
    },
    60_000,
  );
});

describe('evidence that contradicts the trade', () => {
  test('waits for a person after its tries, and ends by a genuine answer after all', async () => {
    const world = started();
    const { wechat } = await charged(world, 'A1');
    const mismatch = { kind: 'mismatch', field: 'appId', expected: 'a', received: 'b' } as const;
    for (let n = 0; n < 20; n++) world.wechat.script.push({ step: 'query', answer: mismatch });
    await world.clock.advance(HOUR_MS);
    const entry = await theOnly(world, 'parked');
    expect(entry).toMatchObject({ why: 'incident', canRetry: true, lastOutcome: 'mismatch:appId' });
    expect((await world.till.trade(wechat)).trade).toMatchObject({ incident: 'merchant_mismatch' });
    world.wechat.script.length = 0;
    world.wechat.status.set(wechat, 'paid');
    await world.till.retry(entry.entryId);
    await world.clock.advance(1_000);
    expect((await world.till.trade(wechat)).trade).toMatchObject({
      state: 'paid',
      incident: 'merchant_mismatch',
    });
  });
});

describe('money to give back', () => {
  /** An order that was cancelled, and paid all the same. */
  async function paidAfterCancel(world: World, amountFen: number) {
    const { wechat } = await charged(world, 'A1', amountFen);
    world.wechat.script.push({
      step: 'close',
      answer: { kind: 'query_first', code: 'ORDER_PAID', message: '' },
    });
    await world.till.cancelOrder('A1');
    world.wechat.status.set(wechat, 'paid');
    await world.clock.advance(TTL_MS);
    return wechat;
  }

  async function surplus(world: World, amountFen: number) {
    const { alipay, wechat } = await charged(world, 'A1', amountFen);
    world.alipay.status.set(alipay, 'paid');
    world.wechat.status.set(wechat, 'paid');
    await world.clock.advance(TTL_MS);
    const both = await Promise.all([alipay, wechat].map((tradeNo) => world.till.trade(tradeNo)));
    return both.find(({ trade }) => trade.surplus)?.trade.tradeNo ?? '';
  }

  test.each([
    ['a cancelled order', 'late', paidAfterCancel],
    ['a surplus', 'surplus', surplus],
  ] as const)('of %s up to the limit is given back once, by rule', async (_what, why, happens) => {
    const world = started();
    const tradeNo = await happens(world, LIMIT);
    for (let again = 0; again < 3; again++) paymentTurnsUp(world, tradeNo);
    await world.clock.advance(HOUR_MS);
    const { trade, refunds } = await world.till.trade(tradeNo);
    expect(trade).toMatchObject({ refundDue: null, refundedFen: LIMIT, refundableFen: 0 });
    expect(refunds).toMatchObject([{ state: 'succeeded', why, amountFen: LIMIT }]);
    expect([...world.alipay.refunds, ...world.wechat.refunds]).toHaveLength(1);
    expect((await world.till.outbox('parked')).items).toEqual([]);
  });

  test.each([
    ['a cancelled order', 'late', paidAfterCancel],
    ['a surplus', 'surplus', surplus],
  ] as const)('of %s above the limit waits for a person, once', async (_what, why, happens) => {
    const world = started();
    const tradeNo = await happens(world, LIMIT + 1);
    for (let again = 0; again < 3; again++) paymentTurnsUp(world, tradeNo);
    await world.clock.advance(HOUR_MS);
    expect(await theOnly(world, 'parked')).toMatchObject({
      kind: 'give_back',
      why: `refund_${why}`,
      canRetry: false,
      tradeNo,
      amountFen: LIMIT + 1,
    });
    expect(await world.till.trade(tradeNo)).toMatchObject({ trade: { refundDue: 'manager' }, refunds: [] });
    expect((await world.till.status()).outbox).toMatchObject({ parked: 0, refundsDue: 1 });
    expect([...world.alipay.refunds, ...world.wechat.refunds]).toEqual([]);
  });

  test('goes back when a person decides so', async () => {
    const world = started();
    const tradeNo = await surplus(world, LIMIT + 1);
    await world.till.giveBack(tradeNo);
    await expect(world.till.giveBack(tradeNo)).rejects.toMatchObject({ code: 'refund_not_due' });
    await world.clock.advance(HOUR_MS);
    const { trade, refunds, timeline } = await world.till.trade(tradeNo);
    expect(trade).toMatchObject({ refundDue: null, refundedFen: LIMIT + 1 });
    expect(refunds).toMatchObject([{ state: 'succeeded', why: 'surplus' }]);
    expect(timeline.filter(({ kind }) => kind === 'refund').map(({ what }) => what)).toEqual([
      'requested',
      'succeeded_seen',
    ]);
    expect((await world.till.outbox('parked')).items).toEqual([]);
  });

  test('is a person’s again when the wallet refuses it', async () => {
    const world = started();
    const refused = { kind: 'refused', reason: 'not_refundable', code: 'X', message: '' } as const;
    for (const wallet of [world.alipay, world.wechat])
      wallet.script.push({ step: 'refund', answer: refused });
    const tradeNo = await surplus(world, LIMIT);
    await world.clock.advance(HOUR_MS);
    expect(await world.till.trade(tradeNo)).toMatchObject({
      trade: { refundDue: 'manager', refundableFen: LIMIT },
      refunds: [{ state: 'refused' }],
    });
    expect(await theOnly(world, 'parked')).toMatchObject({ kind: 'give_back', tradeNo });
    await world.till.keep(tradeNo, '顾客同意抵下一单');
    const { trade, timeline } = await world.till.trade(tradeNo);
    expect(trade).toMatchObject({ refundDue: null, refundedFen: 0 });
    expect(timeline.at(-1)).toMatchObject({ kind: 'decision', what: 'kept', reason: '顾客同意抵下一单' });
    await expect(world.till.keep(tradeNo, '再来一次')).rejects.toMatchObject({ code: 'refund_not_due' });
  });

  test('is not the machine’s to try, and is closed by hand with a reason', async () => {
    const world = started();
    const tradeNo = await paidAfterCancel(world, LIMIT + 1);
    const { entryId } = await theOnly(world, 'parked');
    await expect(world.till.retry(entryId)).rejects.toMatchObject({ code: 'entry_not_parked' });
    await world.till.setAside(entryId, '已在商户平台退款');
    await expect(world.till.setAside(entryId, '再来一次')).rejects.toMatchObject({
      code: 'entry_not_parked',
    });
    const { trade, timeline } = await world.till.trade(tradeNo);
    expect(trade).toMatchObject({ state: 'paid', refundDue: null, setAside: null });
    expect(timeline.at(-1)).toMatchObject({ kind: 'decision', reason: '已在商户平台退款' });
    expect((await world.till.status()).outbox.refundsDue).toBe(0);
    paymentTurnsUp(world, tradeNo);
    expect((await world.till.outbox('parked')).items).toEqual([]);
  });

  test('stays a person’s while a part of it is ended by hand', async () => {
    const world = started();
    const tradeNo = await surplus(world, LIMIT + 1);
    for (const wallet of [world.alipay, world.wechat])
      wallet.refunds.set('PART_1', { amountFen: 1, status: 'abnormal' });
    await world.till.refund({ tradeNo, refundNo: 'PART_1', amountFen: 1 });
    await world.clock.advance(HOUR_MS);
    const entries = (await world.till.outbox('parked')).items;
    const part = entries.find(({ refundNo }) => refundNo === 'PART_1');
    await world.till.setAside(part?.entryId ?? 0, '已付现金');
    expect(await theOnly(world, 'parked')).toMatchObject({ kind: 'give_back', tradeNo });
    expect((await world.till.trade(tradeNo)).trade).toMatchObject({ refundDue: 'manager' });
    // The rest goes back, and then nothing is due: whoever paid the part in cash said so.
    await world.till.giveBack(tradeNo);
    expect((await world.till.trade(tradeNo)).trade).toMatchObject({ refundDue: 'automatic' });
    await world.clock.advance(HOUR_MS);
    expect((await world.till.trade(tradeNo)).trade).toMatchObject({ refundDue: null, refundedFen: LIMIT });
    expect((await world.till.outbox('parked')).items).toEqual([]);
  });

  test('is nothing for a late payment of an order that is still wanted', async () => {
    const world = started();
    const { wechat } = await charged(world, 'A1');
    world.wechat.script.push({
      step: 'close',
      answer: { kind: 'query_first', code: 'ORDER_PAID', message: '' },
    });
    await world.clock.advance(TTL_MS - 100);
    world.wechat.status.set(wechat, 'paid');
    await world.clock.advance(10_000);
    expect((await world.till.trade(wechat)).trade).toMatchObject({
      state: 'paid',
      late: true,
      refundDue: null,
    });
    expect((await world.till.outbox('parked')).items).toEqual([]);
  });
});

describe('the outbox over HTTP', () => {
  async function api(world: World) {
    const server = createServer(world.backend.http);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return async (method: 'GET' | 'POST', path: string, body?: object) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const type = answer.headers.get('content-type') ?? '';
      return { status: answer.status, type, body: (await answer.json()) as Record<string, unknown> };
    };
  }

  test('shows what is parked, takes it up again, and ends it with a reason', async () => {
    const world = started();
    const { entryId } = await parked(world);
    const send = await api(world);
    expect(await send('GET', '/outbox')).toMatchObject({
      status: 200,
      body: { items: [{ entryId, why: 'not_understood' }], nextCursor: null },
    });
    expect(await send('POST', `/outbox/${entryId}/retry`)).toMatchObject({
      status: 200,
      body: { state: 'due' },
    });
    await world.clock.advance(HOUR_MS);
    expect(await send('POST', `/outbox/${entryId}/set-aside`, { reason: '平台显示未付' })).toMatchObject({
      status: 200,
      body: { state: 'set_aside', setAside: { reason: '平台显示未付' } },
    });
    expect(await send('GET', '/outbox?state=set_aside')).toMatchObject({ body: { items: [{ entryId }] } });
  });

  test('answers with problems by code', async () => {
    const world = started();
    const { entryId } = await parked(world);
    const send = await api(world);
    const reason = '平台显示未付';
    const problems: [string, object | undefined, number, string][] = [
      ['/outbox/999/retry', undefined, 404, 'entry_not_found'],
      ['/outbox/999/set-aside', { reason }, 404, 'entry_not_found'],
      [`/outbox/${entryId}/set-aside`, { reason: '  x ' }, 400, 'invalid_input'],
      [`/outbox/${entryId}/set-aside`, undefined, 400, 'invalid_input'],
      ['/outbox/none/retry', undefined, 400, 'invalid_input'],
    ];
    for (const [path, body, status, code] of problems) {
      const answer = await send('POST', path, body);
      expect(answer, path).toMatchObject({ status, body: { code, status } });
      expect(answer.type).toContain('application/problem+json');
    }
    await send('POST', `/outbox/${entryId}/set-aside`, { reason });
    for (const path of [`/outbox/${entryId}/retry`, `/outbox/${entryId}/set-aside`])
      expect(await send('POST', path, { reason })).toMatchObject({
        status: 409,
        body: { code: 'entry_not_parked' },
      });
  });
});
