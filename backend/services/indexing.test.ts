import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { order } from '../store/test-rows.ts';
import { createHub } from './hub.ts';
import { createIndexing } from './indexing.ts';

function till() {
  const clock = new SimClock(Date.parse('2026-11-21T14:32:10.000+08:00'));
  const db = openMemoryDatabase();
  const store = createStore(db);
  const hub = createHub((task) => task());
  const indexing = createIndexing({ clock, log: silentLog(), store, hub });
  const sell = (from: number, howMany: number) => {
    store.transact(() => {
      for (let n = from; n < from + howMany; n++) store.orders.insert(order(`A${n}`));
    });
    hub.tell({ kind: 'committed' });
  };
  return { clock, db, store, indexing, sell };
}

test('the words of all orders are indexed half a minute after a sale, and those of before at a start', async () => {
  const { clock, store, indexing, sell } = till();
  sell(0, 50);
  indexing.start();
  await clock.advance(31_000);
  expect(store.orders.areIndexed()).toBe(true);
  sell(50, 70);
  await clock.advance(25_000);
  expect(store.orders.areIndexed()).toBe(false);
  sell(120, 1);
  await clock.advance(6_000);
  expect(store.orders.areIndexed()).toBe(true);
  indexing.stop();
});

test('a disk that refuses the index is tried again, and searches find all the same', async () => {
  const { clock, db, store, indexing, sell } = till();
  indexing.start();
  sell(0, 5);
  db.pragma('query_only = ON');
  await clock.advance(40_000);
  expect(store.orders.areIndexed()).toBe(false);
  expect(store.orders.list({ text: 'A3', limit: 5 }).items.map(({ orderNo }) => orderNo)).toEqual(['A3']);
  db.pragma('query_only = OFF');
  await clock.advance(40_000);
  expect(store.orders.areIndexed()).toBe(true);
  indexing.stop();
});
