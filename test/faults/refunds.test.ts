import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { tradesOf, world } from '../fakes/world.ts';

const SILENCES = [
  { kind: 'drop_before' },
  { kind: 'drop_after' },
  { kind: 'reset_before' },
  { kind: 'reset_after' },
  { kind: 'http_status', status: 500 },
  { kind: 'http_status', status: 502, when: 'after' },
  { kind: 'half_body' },
  { kind: 'html' },
  { kind: 'html', when: 'after' },
  { kind: 'wrong_signature' },
  { kind: 'missing_signature' },
  { kind: 'system_error' },
  { kind: 'system_error', when: 'after' },
  { kind: 'throttled' },
] as const;

const CASES = (['alipay', 'wechat'] as const).flatMap((channel) =>
  (['refund', 'refund_query'] as const).flatMap((operation) =>
    SILENCES.map((fault) => ({
      on: { channel, operation },
      fault,
      name: `${channel} ${operation}, ${JSON.stringify(fault)}`,
    })),
  ),
);

/** An order of 12.50 that was paid by this wallet. */
async function paidBy(channel: 'alipay' | 'wechat') {
  const made = await world();
  await made.charge();
  const trade = tradesOf(await made.till.order('A1')).find((each) => each.channel === channel);
  await made.pay(trade?.codeUrl ?? '');
  await made.clock.advance(MINUTE);
  const tradeNo = trade?.tradeNo ?? '';
  expect((await made.till.trade(tradeNo)).trade.state).toBe('paid');
  return { ...made, tradeNo };
}

describe('an answer about a refund that proves nothing', () => {
  test.each(CASES)(
    'of $name: it is given back once, under one number, by the machine alone',
    async ({ on, fault }) => {
      const { clock, till, arm, refunds, suffered, tradeNo } = await paidBy(on.channel);
      // A query is asked only where the refund itself went unanswered, or is paid out later.
      if (on.operation === 'refund_query')
        await arm({ on: { ...on, operation: 'refund' }, fault: { kind: 'reset_after' } });
      await arm({ on, fault, times: on.operation === 'refund_query' ? 2 : 1 });
      const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
      await clock.advance(HOUR);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded', refundNo });
      expect(await refunds()).toMatchObject([{ refundNo, amountFen: 500, status: 'SUCCESS' }]);
      const { trade } = await till.trade(tradeNo);
      expect(trade).toMatchObject({ refundedFen: 500, refundingFen: 0, refundableFen: 750 });
      expect((await till.outbox('parked')).items).toEqual([]);
      expect((await till.outbox('due')).items).toEqual([]);
      expect(suffered()).toBe(true);
    },
  );
});

describe('a refund', () => {
  test.each(['alipay', 'wechat'] as const)('by %s goes back in parts, to the last fen', async (channel) => {
    const { clock, till, refunds, tradeNo } = await paidBy(channel);
    for (const amountFen of [400, 849, 1]) await till.refund({ tradeNo, amountFen });
    await expect(till.refund({ tradeNo, amountFen: 1 })).rejects.toMatchObject({
      code: 'refund_too_large',
      data: { leftFen: 0 },
    });
    await clock.advance(HOUR);
    expect((await refunds()).map(({ amountFen, status }) => [amountFen, status])).toEqual([
      [400, 'SUCCESS'],
      [849, 'SUCCESS'],
      [1, 'SUCCESS'],
    ]);
    const { trade, refunds: rows } = await till.trade(tradeNo);
    expect(rows.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    // Alipay calls such a trade closed; it was paid all the same.
    expect(trade).toMatchObject({ state: 'paid', refundedFen: 1_250, refundableFen: 0 });
    expect((await till.today()).paidFen).toBe(1_250);
  });

  test('that WeChat cannot hand over waits for a person with what to do, and is never sent again', async () => {
    const { clock, till, arm, refunds, become, tradeNo } = await paidBy('wechat');
    await arm({
      on: { channel: 'wechat', operation: 'refund' },
      fault: { kind: 'refund_ends', as: 'ABNORMAL' },
    });
    const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
    await clock.advance(24 * HOUR);
    expect(await till.refundOf(refundNo)).toMatchObject({
      state: 'abnormal',
      canWithdraw: false,
      nextAskAt: null,
    });
    const [entry] = (await till.outbox('parked')).items;
    expect(entry).toMatchObject({
      why: 'refund_abnormal',
      refundNo,
      tradeNo,
      amountFen: 500,
      canRetry: true,
    });
    expect(await refunds()).toMatchObject([{ requests: 1 }]);
    // The shop has lost the money: it is not free for another refund.
    await expect(till.refund({ tradeNo, amountFen: 751 })).rejects.toMatchObject({
      code: 'refund_too_large',
    });
    await become(refundNo, 'SUCCESS');
    await till.retry(entry?.entryId ?? 0);
    await clock.advance(MINUTE);
    expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded' });
    expect((await till.outbox('parked')).items).toEqual([]);
  });

  test('that WeChat closes gave nothing back, and its part is free again', async () => {
    const { clock, till, arm, refunds, tradeNo } = await paidBy('wechat');
    await arm({
      on: { channel: 'wechat', operation: 'refund' },
      fault: { kind: 'refund_ends', as: 'CLOSED' },
    });
    const first = await till.refund({ tradeNo, amountFen: 1_250 });
    await expect(till.refund({ tradeNo, amountFen: 1 })).rejects.toMatchObject({ code: 'refund_too_large' });
    await clock.advance(HOUR);
    expect(await till.refundOf(first.refundNo)).toMatchObject({ state: 'closed' });
    const second = await till.refund({ tradeNo, amountFen: 1_250 });
    await clock.advance(HOUR);
    expect(await till.refundOf(second.refundNo)).toMatchObject({ state: 'succeeded' });
    expect((await refunds()).map(({ status }) => status)).toEqual(['CLOSED', 'SUCCESS']);
  });

  test.each([
    ['alipay', 'ACQ.SELLER_BALANCE_NOT_ENOUGH'],
    ['wechat', 'NOT_ENOUGH'],
  ] as const)(
    'by %s waits for the merchant’s account, and goes out under the same number',
    async (channel, code) => {
      const { clock, till, arm, refunds, tradeNo } = await paidBy(channel);
      await arm({ on: { channel, operation: 'refund' }, fault: { kind: 'refuse', code }, times: 3 });
      const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
      await clock.advance(2 * MINUTE);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'asked', held: 'balance' });
      await clock.advance(HOUR);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded', held: null });
      expect(await refunds()).toMatchObject([{ refundNo, requests: 1 }]);
    },
  );

  test.each([
    ['alipay', 'ACQ.TRADE_HAS_FINISHED'],
    ['wechat', 'USER_ACCOUNT_ABNORMAL'],
  ] as const)('that %s refuses for good says so in its words, and frees its part', async (channel, code) => {
    const { clock, till, arm, refunds, tradeNo } = await paidBy(channel);
    await arm({ on: { channel, operation: 'refund' }, fault: { kind: 'refuse', code } });
    const { refundNo } = await till.refund({ tradeNo, amountFen: 1_250 });
    await clock.advance(HOUR);
    expect(await till.refundOf(refundNo)).toMatchObject({
      state: 'refused',
      refusal: { providerCode: code },
    });
    expect((await till.trade(tradeNo)).trade).toMatchObject({ refundedFen: 0, refundableFen: 1_250 });
    expect(await refunds()).toEqual([]);
  });

  test.each([
    ['alipay', 'ACQ.TRADE_HAS_FINISHED'],
    ['wechat', 'RULE_LIMIT'],
  ] as const)(
    'of a payment that %s took more than a year ago is refused by it, and the payment stays paid',
    async (channel, code) => {
      const { clock, till, refunds, tradeNo } = await paidBy(channel);
      clock.jumpWall(366 * 24 * HOUR);
      const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
      await clock.advance(HOUR);
      expect(await till.refundOf(refundNo)).toMatchObject({
        state: 'refused',
        refusal: { reason: 'not_refundable', providerCode: code },
      });
      expect((await till.trade(tradeNo)).trade).toMatchObject({ state: 'paid', refundableFen: 1_250 });
      expect(await refunds()).toEqual([]);
    },
  );

  test.each(['alipay', 'wechat'] as const)(
    'by %s is queued without a network, may be withdrawn until it is sent, and goes out by itself',
    async (channel) => {
      const { clock, http, till, refunds, tradeNo } = await paidBy(channel);
      http.down = true;
      const kept = await till.refund({ tradeNo, amountFen: 300 });
      const other = await till.refund({ tradeNo, amountFen: 200 });
      await clock.advance(10 * MINUTE);
      for (const { refundNo } of [kept, other])
        expect(await till.refundOf(refundNo)).toMatchObject({ state: 'queued', canWithdraw: true });
      expect(await till.withdraw(other.refundNo)).toMatchObject({ state: 'withdrawn' });
      expect(await till.withdraw(other.refundNo)).toMatchObject({ state: 'withdrawn' });
      http.down = false;
      await clock.advance(10 * MINUTE);
      expect(await till.refundOf(kept.refundNo)).toMatchObject({ state: 'succeeded' });
      await expect(till.withdraw(kept.refundNo)).rejects.toMatchObject({ code: 'refund_sent' });
      expect(await refunds()).toMatchObject([{ refundNo: kept.refundNo }]);
    },
  );

  test.each([
    ['alipay', 'wrong_amount', 'refund_query', 'amount_mismatch'],
    ['wechat', 'wrong_amount', 'refund', 'amount_mismatch'],
    ['wechat', 'wrong_trade_no', 'refund_query', 'merchant_mismatch'],
  ] as const)(
    'answered by %s about something else (%s) is an incident, and no money',
    async (channel, kind, operation, incident) => {
      const { clock, till, arm, tradeNo } = await paidBy(channel);
      if (operation === 'refund_query')
        await arm({ on: { channel, operation: 'refund' }, fault: { kind: 'reset_after' } });
      await arm({ on: { channel, operation }, fault: { kind } });
      const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
      await clock.advance(30_000);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'asked', incident });
      expect((await till.trade(tradeNo)).trade).toMatchObject({ refundedFen: 0, refundingFen: 500 });
      await clock.advance(HOUR);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded' });
    },
  );

  test.each(['alipay', 'wechat'] as const)(
    'of %s with a word that nobody knows is not a verdict',
    async (channel) => {
      const { clock, till, arm, tradeNo } = await paidBy(channel);
      await arm({ on: { channel, operation: 'refund' }, fault: { kind: 'reset_after' } });
      await arm({
        on: { channel, operation: 'refund_query' },
        fault: { kind: 'status_word', word: 'REFUND_DREAMING' },
        times: 3,
      });
      const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
      await clock.advance(3_000);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'asked', incident: null });
      await clock.advance(HOUR);
      expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded' });
    },
  );
});
