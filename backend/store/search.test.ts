import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from './database.ts';
import { createStore } from './store.ts';
import { charge, order, trade } from './test-rows.ts';

const OLD = 'T0MW2601010900000000A7K3F9';
const PROVIDER = '2026010122001400001234567890';

/** One sale of long ago, and thousands since, so that only an index finds it; so many orders are in that of words. */
function till(indexed = Number.MAX_SAFE_INTEGER) {
  const store = createStore(openMemoryDatabase());
  store.transact(() => {
    store.orders.insert(
      order('DISH-0042', {
        subject: '桂花拿铁 50% 加冰',
        note: 'Table Seven',
        amountFen: 3_333 as never,
        createdAtMs: 1,
      }),
    );
    store.charges.insert(charge('DISH-0042', 'C', { createdAtMs: 1 }));
    store.trades.insert(
      trade('DISH-0042', 'C', OLD, {
        subject: '桂花拿铁 50% 加冰',
        amountFen: 3_333 as never,
        createdAtMs: 1,
        providerTradeNo: PROVIDER,
      }),
    );
    for (let n = 0; n < 3_000; n++) {
      store.orders.insert(order(`N${n}`, { subject: '美式', createdAtMs: 1_000 + n }));
      store.charges.insert(charge(`N${n}`, `C${n}`));
      store.trades.insert(trade(`N${n}`, `C${n}`, `NEWER-${n}`, { subject: '美式', createdAtMs: 1_000 + n }));
    }
    store.orders.index(indexed);
  });
  return store;
}

test('an old sale is found by any part of its subject, by its numbers’ beginning or end, and by its amount', () => {
  const store = till();
  const found = (text: string, amountFen?: number) =>
    store.trades
      .list({ text, ...(amountFen === undefined ? {} : { amountFen }), limit: 50 })
      .items.map((t) => t.tradeNo);
  for (const text of [
    '拿铁',
    '桂',
    '冰',
    '花拿',
    '50%',
    '0% 加',
    'DISH-00',
    'dish-00',
    '0042',
    '-0042',
    OLD,
    OLD.toLowerCase(),
    'K3F9',
    'k3f9',
    '7K3F9',
    PROVIDER,
    '20260101',
    '567890',
  ])
    expect([text, found(text)]).toEqual([text, [OLD]]);
  expect(found('33.33', 3_333)).toEqual([OLD]);
  for (const text of ['铁拿', '%%', '_', 'K3F', '"', "'", '拿铁冰'])
    expect([text, found(text)]).toEqual([text, []]);
});

test('orders are found by note as well, without regard to case', () => {
  const store = till();
  for (const text of ['table', 'SEVEN', 'e S', '拿铁', '0042'])
    expect([text, store.orders.list({ text, limit: 50 }).items.map((o) => o.orderNo)]).toEqual([
      text,
      ['DISH-0042'],
    ]);
});

test('an order is found from the moment in which it is written, long before its words are indexed', () => {
  const store = till(0);
  const found = () =>
    ['花拿', '0042', 'K3F9'].map((text) => store.trades.list({ text, limit: 5 }).items.map((t) => t.tradeNo));
  expect(found()).toEqual([[OLD], [OLD], [OLD]]);
  expect(store.orders.list({ text: 'seven', limit: 5 }).items).toHaveLength(1);
  expect(store.orders.areIndexed()).toBe(false);
  expect(store.transact(() => store.orders.index(1))).toBe(1);
  expect(found()).toEqual([[OLD], [OLD], [OLD]]);
  while (store.transact(() => store.orders.index(1_000)) > 0);
  expect(store.orders.areIndexed()).toBe(true);
  expect(found()).toEqual([[OLD], [OLD], [OLD]]);
});

test('pages of a search follow one another without a gap, whichever way rows are found', () => {
  const store = till();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = store.trades.list({ text: '美', limit: 200, cursor });
    seen.push(...page.items.map((t) => t.tradeNo));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(Array.from({ length: 3_000 }, (_, n) => `NEWER-${2_999 - n}`));
  expect(store.trades.list({ text: '美', state: 'paid', limit: 5 }).items).toEqual([]);
  expect(store.trades.list({ text: '桂', state: 'created', channel: 'wechat', limit: 5 }).items).toEqual([]);
});

/** Numbers and texts of few different characters, so that beginnings and ends are shared by many. */
const numberOf = (...marks: string[]) =>
  fc.string({ unit: fc.constantFrom(...marks), minLength: 6, maxLength: 8 });
const anyNumber = numberOf('1', 'A');
const anyText = fc.string({ unit: fc.constantFrom('拿', '铁', 'a', 'A', '1', '%', '_'), maxLength: 5 });
const anySale = fc.record({
  orderNo: anyNumber,
  tradeNo: anyNumber,
  providerTradeNo: fc.option(numberOf('1', '2')),
  subject: anyText,
  amountFen: fc.integer({ min: 1, max: 3 }),
});
const anySearch = fc.record({
  text: fc.oneof(
    anyText.filter((text) => text !== ''),
    fc.string({ unit: fc.constantFrom('1', 'A', 'a'), minLength: 1, maxLength: 6 }),
    fc.string({ unit: fc.constantFrom('1', '2'), minLength: 3, maxLength: 6 }),
  ),
  amountFen: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
});

test('a search finds what reading every trade would find', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anySale, {
        maxLength: 60,
        comparator: (a, b) => a.orderNo === b.orderNo || a.tradeNo === b.tradeNo,
      }),
      fc.array(anySearch, { minLength: 1, maxLength: 8 }),
      fc.nat({ max: 60 }),
      (sales, searches, indexed) => {
        const store = createStore(openMemoryDatabase());
        store.transact(() => {
          for (const [n, { orderNo, tradeNo, ...sale }] of sales.entries()) {
            const { subject } = sale;
            const amountFen = sale.amountFen as never;
            store.orders.insert(order(orderNo, { subject, amountFen, createdAtMs: n }));
            store.charges.insert(charge(orderNo, `C${n}`, { createdAtMs: n }));
            store.trades.insert(
              trade(orderNo, `C${n}`, tradeNo, { ...sale, amountFen, channel: 'alipay', createdAtMs: n }),
            );
          }
          store.orders.index(indexed);
        });
        for (const { text, amountFen } of searches) {
          const folded = text.toLowerCase();
          const hits = sales.filter((sale) => {
            const numbers = [sale.orderNo, sale.tradeNo, sale.providerTradeNo ?? ''].map((no) =>
              no.toLowerCase(),
            );
            return (
              sale.amountFen === amountFen ||
              sale.subject.toLowerCase().includes(folded) ||
              numbers.some((no) => no.startsWith(folded) || (text.length >= 4 && no.endsWith(folded)))
            );
          });
          expect(store.trades.list({ text, ...(amountFen ? { amountFen } : {}), limit: 100 }).items).toEqual(
            hits.toReversed().map(({ tradeNo }) => store.trades.byNo(tradeNo)),
          );
        }
      },
    ),
  );
});
