import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen, fenToYuan } from '../domain/money.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { searchedFor, wordsOf } from './history-search.ts';
import { type Sale, tradeNoOf, writeRefund, writeSale } from './test-takings.ts';

describe('a search text', () => {
  test.each([
    ['12.50', 1_250],
    ['12.5', 1_250],
    ['12', 1_200],
    ['¥12.5', 1_250],
    ['￥ 0.01', 1],
    ['12.50 元', 1_250],
    ['12.505', undefined],
    ['拿铁', undefined],
    ['1e3', undefined],
  ])('%s means %s fen, and may still be a text', (q, amountFen) => {
    expect(wordsOf(q)).toEqual(amountFen === undefined ? { text: q } : { text: q, amountFen });
  });

  test.each(['10~20.5', '¥10 – ¥20.50', '10.00至20.5元', '10到20.5'])('%s is a range of amounts', (q) => {
    expect(searchedFor({ q, limit: 5 })).toMatchObject({ amountFromFen: 1_000, amountToFen: 2_050 });
    expect(searchedFor({ q, limit: 5 })).not.toHaveProperty('text');
  });

  test.each(['10-20', 'A~B', '10~', '至', '10~x'])('%s stays a text', (q) => {
    expect(searchedFor({ q, limit: 5 })).toMatchObject({ text: q, amountFromFen: undefined });
  });

  test('and the fields beside it both hold: the narrower bound counts', () => {
    expect(searchedFor({ q: '10~20', amountFromFen: 1_500, amountToFen: 9_900, limit: 5 })).toMatchObject({
      amountFromFen: 1_500,
      amountToFen: 2_000,
    });
  });
});

test('a search of the history finds just what all its conditions together allow, newest first', async () => {
  const store = createStore(openMemoryDatabase());
  const sales: (Sale & { paidAtMs: number })[] = Array.from({ length: 120 }, (_, n) => ({
    n,
    channel: n % 3 === 0 ? 'wechat' : 'alipay',
    amountFen: 100 + ((n * 37) % 40) * 50,
    paidAtMs: 10_000_000 + n * 60_000,
    waitMs: 5_000,
    cashier: [null, 'A', 'B'][n % 5 > 2 ? 0 : n % 3] ?? null,
  }));
  for (const each of sales) writeSale(store, n4(each));
  const begunAtMs = (each: Sale & { paidAtMs: number }) => each.paidAtMs - each.waitMs - 500;
  const aSearch = fc.record({
    q: fc.option(fc.constantFrom('1007', 'TRADE-10', '12.5', '3~11', '拿铁', '铁拿'), { nil: undefined }),
    channel: fc.option(fc.constantFrom('alipay' as const, 'wechat' as const), { nil: undefined }),
    state: fc.option(fc.constantFrom('paid' as const, 'closed' as const), { nil: undefined }),
    cashier: fc.option(fc.constantFrom('person:A', 'person:B'), { nil: undefined }),
    from: fc.option(fc.integer({ min: 0, max: 119 }), { nil: undefined }),
    to: fc.option(fc.integer({ min: 0, max: 119 }), { nil: undefined }),
    low: fc.option(fc.integer({ min: 0, max: 2_100 }), { nil: undefined }),
    high: fc.option(fc.integer({ min: 0, max: 2_100 }), { nil: undefined }),
  });
  const instant = (index: number | undefined) =>
    index === undefined ? undefined : new Date(begunAtMs(sales[index] as never)).toISOString();
  fc.assert(
    fc.property(aSearch, ({ q, channel, state, cashier, from, to, low, high }) => {
      const asked = {
        ...{ q, channel, state, cashier },
        from: instant(from),
        to: instant(to),
        amountFromFen: low,
        amountToFen: high,
      };
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const query = Object.entries(searchedFor({ ...asked, cursor, limit: 7 }));
        const page = store.trades.list(
          Object.fromEntries(query.filter(([, value]) => value !== undefined)) as { limit: number },
        );
        found.push(...page.items.map(({ tradeNo }) => tradeNo));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined);
      const isMeant = (each: Sale) => {
        const no = tradeNoOf(n4(each));
        if (q === undefined || q === '拿铁') return true;
        if (q === '12.5') return each.amountFen === 1_250;
        if (q === '3~11') return each.amountFen >= 300 && each.amountFen <= 1_100;
        return no.startsWith(q) || no.endsWith(q) || `O${n4(each).n}`.endsWith(q);
      };
      const expected = sales
        .filter(
          (each) =>
            isMeant(each) &&
            (channel === undefined || each.channel === channel) &&
            (state === undefined || state === 'paid') &&
            (cashier === undefined || `person:${each.cashier}` === cashier) &&
            (from === undefined || begunAtMs(each) >= begunAtMs(sales[from] as never)) &&
            (to === undefined || begunAtMs(each) < begunAtMs(sales[to] as never)) &&
            (low === undefined || each.amountFen >= low) &&
            (high === undefined || each.amountFen <= high),
        )
        .map((each) => tradeNoOf(n4(each)))
        .reverse();
      expect(found).toEqual(expected);
    }),
    { numRuns: 300 },
  );
  expect(store.trades.cashiers()).toEqual(['person:A', 'person:B']);
});

/** Numbers of four digits, so that an end finds them. */
function n4<T extends Sale>(sale: T): T {
  return { ...sale, n: 1_000 + sale.n };
}

test('an amount that is written with one decimal or two is the same amount', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), (amount) => {
      const written = fenToYuan(fen(amount));
      const short = written.endsWith('0') ? written.slice(0, -1) : written;
      expect(wordsOf(short).amountFen).toBe(amount);
      expect(wordsOf(written).amountFen).toBe(amount);
    }),
  );
});

test('a sale is found by the number of what went back of it, whole, by its beginning or its end', () => {
  const store = createStore(openMemoryDatabase());
  const sale = { channel: 'alipay', amountFen: 500, paidAtMs: 9_000_000, waitMs: 1, cashier: null } as const;
  for (const n of [1, 2]) writeSale(store, { ...sale, n });
  writeRefund(store, { ...sale, n: 1 }, 'T0MW261121143210000AZ5K7QP', 200, 9_100_000);
  writeRefund(store, { ...sale, n: 1 }, 'web-Refund-77ab', 100, 9_100_000);
  const found = (text: string) => store.trades.list({ text, limit: 5 }).items.map(({ tradeNo }) => tradeNo);
  for (const text of ['T0MW261121143210000AZ5K7QP', 't0mw2611', 'K7QP', 'z5k7qp', 'web-Refund-77ab', '77ab'])
    expect([text, found(text)]).toEqual([text, ['TRADE-1']]);
  for (const text of ['T0MX', '7QPX', '5K7Q']) expect([text, found(text)]).toEqual([text, []]);
});
