import { describe, expect, test } from 'vitest';
import { TTL_MS } from '../fakes/till.ts';
import { LONG_MS, tradesOf, world } from '../fakes/world.ts';

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

const OPERATIONS = [
  { channel: 'alipay', operation: 'precreate' },
  { channel: 'alipay', operation: 'query' },
  { channel: 'alipay', operation: 'close' },
  { channel: 'wechat', operation: 'native' },
  { channel: 'wechat', operation: 'query' },
  { channel: 'wechat', operation: 'close' },
] as const;

const CASES = OPERATIONS.flatMap((on) =>
  SILENCES.map((fault) => ({ on, fault, name: `${on.channel} ${on.operation}, ${JSON.stringify(fault)}` })),
);

describe('an answer that proves nothing', () => {
  test.each(CASES)(
    'of $name: the payment is found, nothing is paid twice, nothing fails',
    async ({ on, fault }) => {
      const { clock, till, arm, pay, charge, ledger, suffered } = await world();
      await arm({ on, fault, times: 2 });
      await charge();
      await clock.advance(45_000);
      const waiting = tradesOf(await till.order('A1'));
      expect(waiting.map((trade) => trade.state)).toEqual(['awaiting_payment', 'awaiting_payment']);
      // The other wallet's code is closed when one is paid.
      const payHere = on.operation !== 'close';
      await pay(waiting.find((trade) => (trade.channel === on.channel) === payHere)?.codeUrl ?? '');
      await clock.advance(LONG_MS);
      const order = await till.order('A1');
      expect(order.state).toBe('paid');
      const held = (await ledger()).trades;
      expect(held).toHaveLength(2);
      for (const trade of tradesOf(order)) {
        expect([trade.channel, trade.state]).toEqual([
          trade.channel,
          held.find((each) => each.tradeNo === trade.tradeNo)?.paid ? 'paid' : 'closed',
        ]);
      }
      expect(await till.live()).toEqual([]);
      expect(suffered()).toBe(true);
    },
  );

  test.each(CASES)(
    'of $name, when the cashier gives up: closed only once the wallet has closed',
    async ({ on, fault }) => {
      const { clock, till, arm, charge, ledger, suffered } = await world();
      await arm({ on, fault });
      await charge();
      await clock.advance(5_000);
      await till.cancelOrder('A1');
      await clock.advance(LONG_MS);
      const order = await till.order('A1');
      expect(tradesOf(order).map((trade) => trade.state)).toEqual(['closed', 'closed']);
      expect((await ledger()).trades.every((trade) => !trade.paid)).toBe(true);
      expect(suffered()).toBe(true);
    },
  );
});

describe('a genuine answer that does not fit', () => {
  test.each([
    ['alipay', 'wrong_amount', 'amount_mismatch'],
    ['alipay', 'wrong_trade_no', 'merchant_mismatch'],
    ['wechat', 'wrong_amount', 'amount_mismatch'],
    ['wechat', 'wrong_trade_no', 'merchant_mismatch'],
    ['wechat', 'wrong_app_id', 'merchant_mismatch'],
    ['wechat', 'wrong_merchant', 'merchant_mismatch'],
  ] as const)('from %s (%s) is never paid; a manager sees an incident', async (channel, kind, incident) => {
    const { clock, till, arm, pay, charge } = await world();
    await charge();
    const trade = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
    await pay(trade?.codeUrl ?? '');
    await arm({ on: { channel, operation: 'query' }, fault: { kind }, times: 'always' });
    await clock.advance(30_000);
    const order = await till.order('A1');
    expect(order.state).toBe('open');
    expect(tradesOf(order).find((each) => each.channel === channel)).toMatchObject({ incident });
  });

  test.each(['alipay', 'wechat'] as const)(
    'from %s with a word that nobody knows is not a verdict',
    async (channel) => {
      const { clock, till, arm, charge } = await world();
      await charge();
      await arm({
        on: { channel, operation: 'query' },
        fault: { kind: 'status_word', word: 'SOMETHING_NEW' },
        times: 2,
      });
      await clock.advance(5_000);
      const trade = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
      expect(trade).toMatchObject({ state: 'awaiting_payment', incident: null });
    },
  );
});

test('a refusal for good is told in the wallet’s words, and the other wallet goes on', async () => {
  const { clock, till, arm, charge } = await world();
  await arm({
    on: { channel: 'alipay', operation: 'precreate' },
    fault: { kind: 'refuse', code: 'ACQ.TOTAL_FEE_EXCEED' },
  });
  await arm({ on: { channel: 'wechat', operation: 'native' }, fault: { kind: 'refuse', code: 'NO_AUTH' } });
  await charge();
  await clock.advance(1_000);
  const order = await till.order('A1');
  expect(tradesOf(order).map((trade) => [trade.state, trade.refusal?.providerCode])).toEqual([
    ['failed', 'ACQ.TOTAL_FEE_EXCEED'],
    ['failed', 'NO_AUTH'],
  ]);
  expect(order.charge?.state).toBe('failed');
});

test('with the network gone nothing can be scanned, and when it is back the same numbers get their codes', async () => {
  const { clock, http, till, charge, ledger } = await world();
  http.down = true;
  await charge();
  await clock.advance(10_000);
  const checking = await till.order('A1');
  expect(checking.charge?.state).toBe('checking');
  expect(tradesOf(checking).map((trade) => trade.codeUrl)).toEqual([null, null]);
  expect(await till.status()).toMatchObject({ charging: { ok: false, reason: 'network' } });
  http.down = false;
  await clock.advance(31_000);
  expect((await till.order('A1')).charge?.state).toBe('waiting');
  expect((await ledger()).trades).toHaveLength(2);
  expect((await till.status()).charging.ok).toBe(true);
});

test('a code that nobody scanned is closed at Alipay only after its end, and a payment before that is found', async () => {
  for (const payAfterMs of [1_000, 60_000, TTL_MS - 10_000]) {
    const { clock, till, pay, charge } = await world();
    await charge();
    const code = tradesOf(await till.order('A1')).find((trade) => trade.channel === 'alipay')?.codeUrl ?? '';
    await till.cancelOrder('A1');
    await clock.advance(payAfterMs - 500);
    const closing = tradesOf(await till.order('A1')).find((trade) => trade.channel === 'alipay');
    expect(closing).toMatchObject({ state: 'closing', codeUrl: null, payableUntil: expect.any(String) });
    await pay(code);
    await clock.advance(LONG_MS);
    const order = await till.order('A1');
    expect(order.state).toBe('paid');
    expect(tradesOf(order).find((trade) => trade.channel === 'alipay')).toMatchObject({
      state: 'paid',
      late: true,
    });
  }
});

const SECONDS_AROUND = Array.from({ length: 21 }, (_, n) => -5_000 + n * 500);
const LATER = [10_000, 30_000, 60_000, 90_000, 120_000, 600_000, 3_600_000, 7_200_000];

describe.each(['alipay', 'wechat'] as const)('a payment by %s', (channel) => {
  test.each([
    ['at any moment around the deadline', SECONDS_AROUND],
    ['up to two hours after it', LATER],
  ])('%s ends as the wallet’s ledger says', { timeout: 60_000 }, async (_when, offsets) => {
    for (const offsetMs of offsets) {
      const { clock, till, pay, charge, ledger } = await world();
      await charge();
      const code = tradesOf(await till.order('A1')).find((trade) => trade.channel === channel)?.codeUrl ?? '';
      clock.after(TTL_MS + offsetMs, () => void pay(code).catch(() => {}));
      await clock.advance(offsetMs + LONG_MS);
      const held = (await ledger()).trades.find((trade) => trade.channel === channel);
      const trade = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
      expect([channel, offsetMs, trade?.state]).toEqual([channel, offsetMs, held?.paid ? 'paid' : 'closed']);
    }
  });
});
