import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { SECOND } from '../../ports/clock.ts';
import { HttpFault } from '../../ports/http.ts';
import { tradesOf, world } from '../../test/fakes/world.ts';
import type { Channel } from '../domain/trade.ts';
import type { BillKind, BillLine, BillOutcome } from './provider.ts';

type World = Awaited<ReturnType<typeof world>>;

const DAY = '2026-11-21';
const NEXT_MIDNIGHT_MS = Date.parse('2026-11-22T00:00:00+08:00');
const HOUR = 3_600_000;

let shop: World;
beforeEach(async () => {
  shop = await world();
  // One order paid with each wallet.
  for (const [orderNo, channel] of [
    ['A1', 'wechat'],
    ['A2', 'alipay'],
  ] as const) {
    await shop.till.startCharge({ orderNo, amountFen: 1_250, subject: '拿铁, "大"' });
    const trades = tradesOf(await shop.till.order(orderNo));
    await shop.pay(trades.find((trade) => trade.channel === channel)?.codeUrl ?? '');
    await shop.clock.advance(10 * SECOND);
  }
});

function bills(channel: Channel) {
  const found = shop.providers.find((provider) => provider.channel === channel)?.bills;
  if (!found) throw new Error(`${channel} has no bills.`);
  return found;
}

async function fetchedAt(
  atMs: number,
  channel: Channel,
  kind: BillKind = 'trade',
  day = DAY,
): Promise<BillOutcome> {
  await shop.clock.advance(Math.max(0, atMs - shop.clock.nowMs()));
  return (await bills(channel).fetch({ day, kind }, { nowMs: shop.clock.nowMs() })).outcome;
}

async function linesOf(outcome: BillOutcome): Promise<BillLine[]> {
  if (outcome.kind !== 'lines') throw new Error(outcome.kind);
  const found: BillLine[] = [];
  for await (const batch of outcome.lines) found.push(...batch);
  return found;
}

async function paidTrade(orderNo: string) {
  const paid = tradesOf(await shop.till.order(orderNo)).find(({ state }) => state === 'paid');
  if (!paid) throw new Error(`${orderNo} is not paid.`);
  return paid;
}

describe('a wallet’s bill', () => {
  test.each([
    ['wechat', 10 * HOUR, 'not_ready'],
    ['alipay', 9 * HOUR, 'not_there'],
  ] as const)(
    'of %s is not there before its hour of the next day, and says what was paid then',
    async (channel, readyMs, early) => {
      const readyAtMs = NEXT_MIDNIGHT_MS + readyMs;
      expect((await fetchedAt(readyAtMs - SECOND, channel)).kind).toBe(early);
      const lines = await linesOf(await fetchedAt(readyAtMs, channel));
      const trade = await paidTrade(channel === 'wechat' ? 'A1' : 'A2');
      expect(lines).toEqual([
        expect.objectContaining({
          kind: 'payment',
          tradeNo: trade.tradeNo,
          providerTradeNo: trade.providerTradeNo,
          amountFen: 1_250,
          atMs: Date.parse(trade.paidAt ?? ''),
          // 0.38 % and 0.6 % of 12.50 yuan, to the nearest fen.
          feeMilliFen: channel === 'wechat' ? 5_000 : 8_000,
        }),
      ]);
    },
  );

  test('of movements has the payment and its fee, by WeChat’s number', async () => {
    const lines = await linesOf(await fetchedAt(NEXT_MIDNIGHT_MS + 10 * HOUR, 'wechat', 'fund_flow'));
    const { providerTradeNo } = await paidTrade('A1');
    expect(lines).toMatchObject([
      { kind: 'payment', providerTradeNo, amountFen: 1_250, feeMilliFen: 0 },
      { kind: 'fee', providerTradeNo, amountFen: 5, feeMilliFen: 5_000 },
    ]);
  });

  test('of a day on which nothing happened is empty where the wallet has a word for it', async () => {
    const atMs = NEXT_MIDNIGHT_MS + 10 * HOUR;
    expect((await fetchedAt(atMs, 'wechat', 'trade', '2026-11-20')).kind).toBe('empty');
    expect((await fetchedAt(atMs, 'alipay', 'trade', '2026-11-20')).kind).toBe('not_there');
  });

  test('is ready sooner when the sandbox is told so', async () => {
    await shop.sandbox.handle({
      method: 'POST',
      path: '/clock',
      headers: { host: '127.0.0.1' },
      body: Buffer.from(JSON.stringify({ advanceMs: 24 * HOUR })),
    });
    expect(await linesOf(await fetchedAt(shop.clock.nowMs(), 'wechat'))).toHaveLength(1);
  });

  test.each(['wechat', 'alipay'] as const)(
    'of %s that breaks off on the way is never taken for whole',
    async (channel) => {
      const atMs = NEXT_MIDNIGHT_MS + 10 * HOUR;
      shop.download.cut = 100;
      shop.download.pieceBytes = 50;
      await expect(linesOf(await fetchedAt(atMs, channel))).rejects.toThrow(HttpFault);
      shop.download.cut = null;
      expect(await linesOf(await fetchedAt(atMs, channel))).toHaveLength(1);
    },
  );

  test.each(['wechat', 'alipay'] as const)(
    'of %s says how much of it has come, and of how much',
    async (channel) => {
      shop.download.pieceBytes = 50;
      const outcome = await fetchedAt(NEXT_MIDNIGHT_MS + 10 * HOUR, channel);
      if (outcome.kind !== 'lines') throw new Error(outcome.kind);
      const { done, of } = outcome.read();
      expect(of).toBeGreaterThan(100);
      expect(done).toBeLessThan(of ?? 0);
      await linesOf(outcome);
      expect(outcome.read()).toEqual({ done: of, of });
    },
  );

  test('whose bytes are not those that WeChat announced is refused', async () => {
    shop.download.spoil = (bytes) => gzipSync(Buffer.concat([gunzipSync(bytes), Buffer.from('\r\n')]));
    await expect(linesOf(await fetchedAt(NEXT_MIDNIGHT_MS + 10 * HOUR, 'wechat'))).rejects.toMatchObject({
      fault: 'hash',
    });
  });

  test.each([
    'drop_before',
    'reset_after',
    'wrong_signature',
    'missing_signature',
    'system_error',
    'throttled',
  ])('that is asked for in vain (%s) proves nothing', async (kind) => {
    await shop.clock.advance(NEXT_MIDNIGHT_MS + 10 * HOUR - shop.clock.nowMs());
    for (const channel of ['wechat', 'alipay'] as const) {
      await shop.arm({ on: { channel, operation: 'bill' }, fault: { kind } });
      const asked = bills(channel).fetch({ day: DAY, kind: 'trade' }, { nowMs: shop.clock.nowMs() });
      await shop.clock.advance(60 * SECOND);
      expect((await asked).outcome.kind).toBe('unknown');
    }
    expect(shop.suffered()).toBe(true);
  });

  test.each(['wechat', 'alipay'] as const)(
    'of %s is read the same when a person drops it in',
    async (channel) => {
      await shop.clock.advance(NEXT_MIDNIGHT_MS + 10 * HOUR - shop.clock.nowMs());
      const fetched = await linesOf(await fetchedAt(shop.clock.nowMs(), channel));
      for (const isPacked of [channel === 'wechat', false]) {
        const issued = shop.sandbox.bills.issue(channel, DAY, { kind: 'trade', isPacked });
        if (typeof issued === 'string') throw new Error(issued);
        const file = shop.sandbox.bills.fetch(channel, issued.token) ?? Buffer.alloc(0);
        const dropped: BillLine[] = [];
        async function* once() {
          yield file;
        }
        for await (const batch of bills(channel).read(once(), { day: DAY, kind: 'trade' }))
          dropped.push(...batch);
        expect(dropped).toEqual(fetched);
      }
    },
  );
});
