import { expect, test } from 'vitest';
import { openMemoryDatabase } from './database.ts';
import { createStore } from './store.ts';
import { charge, order, trade } from './test-rows.ts';

const OLD = 'T0MW2601010900000000A7K3F9';
const PROVIDER = '2026010122001400001234567890';

/** One sale of long ago, and thousands since, so that only an index finds it. */
function till() {
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
