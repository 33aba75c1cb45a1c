import { describe, expect, test } from 'vitest';
import type { Charge, Order } from '../contract/order.ts';
import type { Channel, Trade } from '../contract/trade.ts';
import { windowOf } from '../test/fakes/client.ts';
import { evidence, unanswered } from '../test/fakes/provider.ts';
import { START_MS, type TestTill, TTL_MS, testTill } from '../test/fakes/till.ts';

function tradeOf(charge: Charge, channel: Channel): Trade {
  const trade = charge.trades.find((each) => each.channel === channel);
  if (!trade) throw new Error(`No ${channel} trade.`);
  return trade;
}

function chargeOf(order: Order): Charge {
  if (!order.charge) throw new Error('Not charged.');
  return order.charge;
}

async function started(
  change?: Parameters<typeof testTill>[0],
): Promise<TestTill & { till: ReturnType<typeof windowOf> }> {
  const made = testTill(change);
  made.backend.start();
  return { ...made, till: windowOf(made.backend, made.clock) };
}

describe('charging', () => {
  test('gives both wallets’ codes for one order', async () => {
    const { till } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250, subject: '拿铁' });
    expect(charge.state).toBe('waiting');
    expect(charge.trades.map((trade) => [trade.channel, trade.state, trade.codeUrl !== null])).toEqual([
      ['alipay', 'awaiting_payment', true],
      ['wechat', 'awaiting_payment', true],
    ]);
    expect(Date.parse(charge.expiresAt) - START_MS).toBe(TTL_MS);
  });

  test('commits the trade before its wallet is asked', async () => {
    const { till, wechat, db } = await started();
    let seen: unknown;
    wechat.script.push({
      step: 'open',
      get answer() {
        seen = db
          .prepare(
            "SELECT t.state, o.kind FROM trades t JOIN outbox o USING (trade_no) WHERE t.channel = 'wechat'",
          )
          .get();
        return { kind: 'code' as const, codeUrl: 'weixin://x' };
      },
    });
    await till.charge({ amountFen: 1 });
    expect(seen).toEqual({ state: 'created', kind: 'open' });
  });

  test('gives the same charge for the same order again, however often and at once', async () => {
    const { till, alipay, wechat } = await started();
    const charges = await Promise.all(
      Array.from({ length: 50 }, () => till.charge({ orderNo: 'A1', amountFen: 1250 })),
    );
    expect(new Set(charges.map((charge) => charge.chargeId)).size).toBe(1);
    expect([alipay.steps(), wechat.steps()]).toEqual([['open'], ['open']]);
  });

  test('refuses an order that exists with another amount, is paid, or is cancelled', async () => {
    const { till, clock, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    await expect(till.charge({ orderNo: 'A1', amountFen: 1251 })).rejects.toMatchObject({
      code: 'order_differs',
    });
    wechat.status.set(tradeOf(charge, 'wechat').tradeNo, 'paid');
    await clock.advance(3_000);
    await expect(till.charge({ orderNo: 'A1' })).rejects.toMatchObject({ code: 'order_paid' });
    await till.charge({ orderNo: 'A2', amountFen: 1 });
    await till.cancelOrder('A2');
    await expect(till.charge({ orderNo: 'A2' })).rejects.toMatchObject({ code: 'order_cancelled' });
    await expect(till.charge({ orderNo: 'A3' })).rejects.toMatchObject({ code: 'order_not_found' });
  });

  test('shows the refusal of one wallet beside the code of the other', async () => {
    const { till, alipay } = await started();
    alipay.script.push({
      step: 'open',
      answer: {
        kind: 'refused',
        reason: 'forbidden_word',
        code: 'ACQ.EXIST_FORBIDDEN_WORD',
        message: '订单信息中包含违禁词',
      },
    });
    const charge = await till.charge({ amountFen: 100 });
    expect(charge.state).toBe('waiting');
    expect(tradeOf(charge, 'alipay')).toMatchObject({
      state: 'failed',
      refusal: { reason: 'forbidden_word', providerCode: 'ACQ.EXIST_FORBIDDEN_WORD' },
    });
    expect(tradeOf(charge, 'wechat').state).toBe('awaiting_payment');
  });

  test('can be tried again under the same order once every wallet has refused', async () => {
    const { till, alipay, wechat } = await started();
    for (const wallet of [alipay, wechat]) {
      wallet.script.push({
        step: 'open',
        answer: { kind: 'refused', reason: 'other', code: 'X', message: '' },
      });
    }
    const first = await till.charge({ orderNo: 'A1', amountFen: 100 });
    expect(first.state).toBe('failed');
    const second = await till.charge({ orderNo: 'A1', amountFen: 100 });
    expect(second.state).toBe('waiting');
    expect(second.chargeId).not.toBe(first.chargeId);
  });
});

describe('polling', () => {
  test('looks first after 2 to 3 s, then every 2 s, then every 5 s, one question at a time', async () => {
    const { till, clock, wechat } = await started();
    await till.charge({ amountFen: 100 });
    await clock.advance(60_000);
    const looks = wechat.asked.filter((each) => each.step === 'query').map((each) => each.atMs - START_MS);
    const gaps = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    expect(looks[0]).toBeGreaterThanOrEqual(2_000);
    expect(looks[0]).toBeLessThanOrEqual(3_000);
    expect(new Set(gaps.slice(0, 12))).toEqual(new Set([2_000]));
    expect(gaps.at(-1)).toBe(5_000);
    expect(wechat.inFlightMost).toBe(1);
  });

  test('never has two questions about one trade under way, however slow the wallet and impatient the cashier', async () => {
    const { till, clock, wechat } = await started();
    const charge = await till.charge({ amountFen: 100 });
    let answer = (_: ReturnType<typeof unanswered>) => {};
    wechat.script.push({
      step: 'query',
      answer: new Promise((resolve) => {
        answer = resolve;
      }),
    });
    await clock.advance(10_000);
    for (let click = 0; click < 10; click++) await till.check(charge.chargeId);
    await clock.advance(10_000);
    expect(wechat.inFlight).toBe(1);
    answer(unanswered('no_answer'));
    await clock.advance(5_000);
    expect(wechat.inFlightMost).toBe(1);
  });

  test('asks at once when the cashier wants to know', async () => {
    const { till, clock, alipay } = await started();
    const charge = await till.charge({ amountFen: 100 });
    await clock.advance(100);
    await till.check(charge.chargeId);
    await clock.advance(1);
    expect(alipay.steps()).toEqual(['open', 'query']);
  });

  test('keeps nothing of a look that brings nothing new', async () => {
    const { till, clock, db } = await started();
    await till.charge({ amountFen: 100 });
    await clock.advance(5_000);
    const rows = () =>
      db.prepare('SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM exchanges)').pluck().get();
    const before = rows();
    await clock.advance(60_000);
    expect(rows()).toBe(before);
  });
});

describe('being paid', () => {
  test('is said once, and closes the other wallet’s code', async () => {
    const { till, clock, alipay, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    wechat.status.set(tradeOf(charge, 'wechat').tradeNo, 'paid');
    await clock.advance(3_000);
    const order = await till.order('A1');
    expect(order).toMatchObject({ state: 'paid', charge: { state: 'paid' } });
    expect(tradeOf(chargeOf(order), 'wechat')).toMatchObject({
      state: 'paid',
      payer: '138****0000',
      late: false,
      surplus: false,
    });
    expect(tradeOf(chargeOf(order), 'alipay').state).toBe('closed');
    expect(alipay.steps().slice(-3)).toEqual(['query', 'close', 'query']);
    expect(await till.today()).toMatchObject({ day: '2026-11-21', paidFen: 1250, paidCount: 1 });
  });

  test('by both wallets is one payment and one surplus, both on record', async () => {
    const { till, clock, alipay, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    for (const [wallet, channel] of [
      [alipay, 'alipay'],
      [wechat, 'wechat'],
    ] as const) {
      wallet.status.set(tradeOf(charge, channel).tradeNo, 'paid');
    }
    await clock.advance(5_000);
    const { trades } = chargeOf(await till.order('A1'));
    expect(trades.map((trade) => trade.state)).toEqual(['paid', 'paid']);
    expect(trades.filter((trade) => trade.surplus)).toHaveLength(1);
  });

  test('of another amount is an incident, never paid', async () => {
    const { till, clock, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    const { tradeNo } = tradeOf(charge, 'wechat');
    const wrong = { tradeNo, amountFen: 1249 as never, createdAtMs: 0, expiresAtMs: 0 };
    wechat.script.push({
      step: 'query',
      answer: { kind: 'evidence', evidence: evidence(wrong, 'paid', START_MS) },
    });
    await clock.advance(3_000);
    const order = await till.order('A1');
    expect(order.state).toBe('open');
    expect(tradeOf(chargeOf(order), 'wechat')).toMatchObject({
      state: 'awaiting_payment',
      incident: 'amount_mismatch',
    });
  });

  test('to another merchant is an incident, never paid', async () => {
    const { till, clock, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    wechat.script.push({
      step: 'query',
      answer: { kind: 'mismatch', field: 'merchantId', expected: '1', received: '2' },
    });
    await clock.advance(3_000);
    expect(tradeOf(await till.charge({ orderNo: 'A1' }), 'wechat')).toMatchObject({
      incident: 'merchant_mismatch',
    });
    expect(charge.state).toBe('waiting');
  });
});

describe('the deadline', () => {
  test('takes the codes away, and says closed only when the wallets have', async () => {
    const { till, clock, alipay } = await started();
    await till.charge({ orderNo: 'A1', amountFen: 1250 });
    for (let round = 0; round < 3; round++) {
      alipay.script.push({
        step: 'close',
        answer: { kind: 'not_yet', payableUntilMs: START_MS + TTL_MS + 20_000 },
      });
    }
    await clock.advance(TTL_MS + 1_000);
    const closing = chargeOf(await till.order('A1'));
    expect(closing.state).toBe('closing');
    expect(closing.trades.map((trade) => trade.codeUrl)).toEqual([null, null]);
    expect(tradeOf(closing, 'wechat').state).toBe('closed');
    expect(tradeOf(closing, 'alipay')).toMatchObject({
      state: 'closing',
      payableUntil: '2026-11-21T14:34:30.000+08:00',
    });
    await clock.advance(60_000);
    expect(chargeOf(await till.order('A1'))).toMatchObject({ state: 'closed' });
    expect(await till.live()).toEqual([]);
  });

  test('passes although the wall clock was put back an hour before it and forward again after it', async () => {
    const { till, clock } = await started();
    await till.charge({ orderNo: 'A1', amountFen: 1250 });
    clock.jumpWall(-3_600_000);
    await clock.advance(60_000);
    clock.jumpWall(3_600_000);
    await clock.advance(61_000);
    expect(chargeOf(await till.order('A1')).state).toBe('closed');
  });

  test('does not lose a payment at any 100 ms around it', async () => {
    for (let offsetMs = -3_000; offsetMs <= 3_000; offsetMs += 100) {
      const { till, clock, wechat } = await started();
      const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
      const { tradeNo } = tradeOf(charge, 'wechat');
      clock.after(TTL_MS + offsetMs, () => {
        if (wechat.status.get(tradeNo) !== 'closed') wechat.status.set(tradeNo, 'paid');
      });
      await clock.advance(TTL_MS + 20_000);
      const trade = tradeOf(chargeOf(await till.order('A1')), 'wechat');
      expect([offsetMs, trade.state]).toEqual([offsetMs, wechat.status.get(tradeNo)]);
    }
  });
});

describe('cancelling', () => {
  test('hides the codes at once and closes them at their wallets', async () => {
    const { till, clock, alipay, wechat } = await started();
    await till.charge({ orderNo: 'A1', amountFen: 1250 });
    const cancelled = await till.cancelOrder('A1');
    expect(cancelled).toMatchObject({ state: 'cancelled', charge: { state: 'closing' } });
    await clock.advance(1_000);
    expect(chargeOf(await till.order('A1')).state).toBe('closed');
    expect([alipay.steps(), wechat.steps()]).toEqual([
      ['open', 'query', 'close', 'query'],
      ['open', 'query', 'close', 'query'],
    ]);
  });

  test('of a charge leaves the order to be collected later', async () => {
    const { till, clock } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    await till.cancelCharge(charge.chargeId);
    await clock.advance(1_000);
    expect((await till.order('A1')).state).toBe('open');
    expect((await till.charge({ orderNo: 'A1' })).chargeId).not.toBe(charge.chargeId);
  });

  test('while a code is being made reverses it at the wallet, and never shows the code that comes too late', async () => {
    const { till, clock, wechat } = await started();
    let answer = (_: { kind: 'code'; codeUrl: string }) => {};
    wechat.script.push({
      step: 'open',
      answer: new Promise((resolve) => {
        answer = resolve;
      }),
    });
    const pending = till.charge({ orderNo: 'A1', amountFen: 1250 });
    await clock.advance(100);
    await till.cancelOrder('A1');
    answer({ kind: 'code', codeUrl: 'weixin://late' });
    await clock.advance(5_000);
    await pending;
    expect(tradeOf(chargeOf(await till.order('A1')), 'wechat')).toMatchObject({
      state: 'closed',
      codeUrl: null,
    });
    expect(wechat.steps()).toEqual(['open', 'query', 'cancel', 'query']);
  });

  test('after the customer paid finds the payment, and calls it late', async () => {
    const { till, clock, wechat } = await started();
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    wechat.status.set(tradeOf(charge, 'wechat').tradeNo, 'paid');
    await till.cancelOrder('A1');
    await clock.advance(2_000);
    const order = await till.order('A1');
    expect(order.state).toBe('paid');
    expect(tradeOf(chargeOf(order), 'wechat')).toMatchObject({ state: 'paid', late: true });
    await expect(till.cancelOrder('A1')).rejects.toMatchObject({ code: 'order_paid' });
  });
});

describe('an answer that never came', () => {
  test('leaves the trade unknown, asked again under the same number, never failed', async () => {
    const { till, clock, wechat } = await started();
    wechat.script.push({ step: 'open', answer: unanswered('no_answer') });
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    expect(tradeOf(charge, 'wechat')).toMatchObject({
      state: 'created',
      unknown: { asking: 'create', attempts: 1 },
    });
    await clock.advance(5_000);
    expect(tradeOf(chargeOf(await till.order('A1')), 'wechat')).toMatchObject({
      state: 'awaiting_payment',
      unknown: null,
    });
    expect(wechat.steps().slice(0, 3)).toEqual(['open', 'query', 'open']);
    expect(new Set(wechat.asked.map((each) => each.tradeNo)).size).toBe(1);
  });

  test('is found paid when the wallet had acted and the customer was quick', async () => {
    const { till, clock, wechat } = await started();
    wechat.script.push({ step: 'open', answer: unanswered('no_answer') });
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    wechat.status.set(tradeOf(charge, 'wechat').tradeNo, 'paid');
    await clock.advance(3_000);
    expect((await till.order('A1')).state).toBe('paid');
  });

  test('of both wallets is checking, and the status says that nothing can be charged', async () => {
    const { till, clock, alipay, wechat } = await started();
    alipay.down = 'network';
    wechat.down = 'network';
    const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
    expect(charge.state).toBe('checking');
    expect(await till.status()).toMatchObject({ charging: { ok: false, reason: 'network' } });
    alipay.down = null;
    wechat.down = null;
    await clock.advance(5_000);
    expect((await till.status()).charging).toMatchObject({ ok: true, reason: null });
    expect(chargeOf(await till.order('A1')).state).toBe('waiting');
  });

  test('slows the questions down, and none is asked in a hot loop, for hours', async () => {
    const { till, clock, wechat } = await started();
    wechat.down = 'server_error';
    await till.charge({ amountFen: 1250 });
    await clock.advance(3_600_000);
    expect(wechat.asked.length).toBeLessThan(3_600 / 15 + 20);
    expect(wechat.asked.length).toBeGreaterThan(3_600 / 31);
  });
});

describe('a restart', () => {
  test('takes up what was unfinished, from the database alone', async () => {
    const first = await started();
    const charge = await first.till.charge({ orderNo: 'A1', amountFen: 1250 });
    await first.backend.stop();
    const second = await started({ db: first.db, clock: first.clock });
    second.wechat.status.set(tradeOf(charge, 'wechat').tradeNo, 'paid');
    await second.clock.advance(3_000);
    expect((await second.till.order('A1')).state).toBe('paid');
  });

  test('looks a creation up that may have been under way, before it repeats it', async () => {
    const first = await started();
    first.wechat.script.push({ step: 'open', answer: new Promise(() => {}) });
    void first.till.charge({ orderNo: 'A1', amountFen: 1250 }).catch(() => {});
    await first.clock.advance(10);
    const second = await started({ db: first.db, clock: first.clock });
    await second.clock.advance(5_000);
    expect(second.wechat.steps().slice(0, 2)).toEqual(['query', 'open']);
    expect(chargeOf(await second.till.order('A1')).state).toBe('waiting');
  });

  test('after the deadline closes what was left open', async () => {
    const first = await started();
    await first.till.charge({ orderNo: 'A1', amountFen: 1250 });
    await first.backend.stop();
    first.clock.jumpWall(3_600_000);
    const second = await started({ db: first.db, clock: first.clock });
    await second.clock.advance(5_000);
    expect(chargeOf(await second.till.order('A1')).state).toBe('closed');
  });
});

test('the timeline tells every change and every exchange, in order', async () => {
  const { till, clock, wechat } = await started();
  const charge = await till.charge({ orderNo: 'A1', amountFen: 1250 });
  const { tradeNo } = tradeOf(charge, 'wechat');
  wechat.status.set(tradeNo, 'paid');
  await clock.advance(3_000);
  const { timeline } = await till.trade(tradeNo);
  expect(
    timeline.filter((entry) => entry.kind === 'state').map((entry) => [entry.fromState, entry.toState]),
  ).toEqual([
    [null, 'created'],
    ['created', 'awaiting_payment'],
    ['awaiting_payment', 'paid'],
  ]);
  expect(timeline.filter((entry) => entry.kind === 'exchange').map((entry) => entry.what)).toEqual([
    'open',
    'query',
  ]);
});

describe('a database found damaged while the till serves', () => {
  test('is said so, nothing new is charged, and the history is still shown', async () => {
    const calls: string[] = [];
    const { till, clock, backend } = await started({
      openDisk: () => ({
        checkpoint: async () => {},
        check: () => Promise.reject(Object.assign(new Error('Damaged'), { code: 'SQLITE_CORRUPT' })),
        backup: () => Promise.reject(new Error('not here')),
        newestBackup: () => null,
        isSameDisk: () => true,
        journal: {
          add: (entries) => calls.push(...entries.map((entry) => entry.kind)),
          retry() {},
          lagMs: () => 0,
          takeLoss: () => false,
          close: async () => {},
        },
        everyMs: 3_600_000,
        close: async () => {},
      }),
    });
    await clock.advance(1);
    await expect(till.charge({ amountFen: 1 })).rejects.toMatchObject({ code: 'storage_damaged' });
    expect(calls).toEqual([]);
    expect(await till.live()).toEqual([]);
    await backend.stop();
  });
});
