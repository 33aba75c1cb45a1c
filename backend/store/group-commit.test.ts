import { expect, test } from 'vitest';
import { openMemoryDatabase } from './database.ts';
import { StaleHold } from './fences.ts';
import { createStore } from './store.ts';
import { order } from './test-rows.ts';

function counted() {
  const commits: number[] = [];
  const db = openMemoryDatabase();
  const store = createStore(db, { onFault() {}, onCommit: (written) => commits.push(written.length) });
  return { commits, db, store };
}

test('writers that meet in one turn share one commit', async () => {
  const { commits, store } = counted();
  const numbers = Array.from({ length: 16 }, (_, n) => `A${n}`);
  const answers = await Promise.all(
    numbers.map((orderNo) =>
      store.transactSoon(() => {
        store.orders.insert(order(orderNo));
        return orderNo;
      }),
    ),
  );
  expect(answers).toEqual(numbers);
  expect(commits).toEqual([16]);
  await store.transactSoon(() => store.orders.insert(order('B')));
  expect(commits).toEqual([16, 1]);
});

test('a work that fails takes back its own writes only, and is told why', async () => {
  const { commits, store } = counted();
  const [first, second, third] = await Promise.allSettled([
    store.transactSoon(() => store.orders.insert(order('A1'))),
    store.transactSoon(() => {
      store.orders.insert(order('A2'));
      throw new Error('no');
    }),
    store.transactSoon(() => store.orders.insert(order('A3'))),
  ]);
  expect([first.status, second.status, third.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(['A1', 'A2', 'A3'].map((no) => store.orders.byNo(no)?.orderNo)).toEqual(['A1', undefined, 'A3']);
  expect(commits).toEqual([2]);
});

test('a work of which a part failed is taken back as a whole, even when it overlooks that', async () => {
  const overlooking = (store: ReturnType<typeof counted>['store'], no: string) => () => {
    store.orders.insert(order(no));
    try {
      store.transact(() => {
        store.orders.insert(order(`${no}-part`));
        throw new Error('no');
      });
    } catch {}
  };
  const { commits, store } = counted();
  expect(() => store.transact(overlooking(store, 'A1'))).toThrow('no');
  await expect(store.transactSoon(overlooking(store, 'A2'))).rejects.toThrow('no');
  const [third, fourth] = await Promise.allSettled([
    store.transactSoon(overlooking(store, 'A3')),
    store.transactSoon(() => store.orders.insert(order('A4'))),
  ]);
  expect([third.status, fourth.status]).toEqual(['rejected', 'fulfilled']);
  expect(store.orders.list({ limit: 9 }).items.map(({ orderNo }) => orderNo)).toEqual(['A4']);
  expect(commits).toEqual([1]);
});

test('a disk that refuses one refuses nobody else, and writes nothing of that one', async () => {
  const { commits, db, store } = counted();
  db.pragma(`max_page_count = ${String(db.pragma('page_count', { simple: true }))}`);
  const answers = await Promise.allSettled([
    store.transactSoon(() => store.orders.insert(order('A1'))),
    store.transactSoon(() => store.orders.insert(order('A2', { subject: 'x'.repeat(100_000) }))),
    store.transactSoon(() => store.orders.insert(order('A3'))),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(answers[1]).toMatchObject({ reason: { kind: 'full' } });
  expect(['A1', 'A2', 'A3'].map((no) => store.orders.byNo(no)?.orderNo)).toEqual(['A1', undefined, 'A3']);
  expect(commits).toEqual([1, 1]);
});

test('a disk that takes nothing refuses all, with nothing written', async () => {
  const { commits, db, store } = counted();
  db.pragma('query_only = ON');
  const answers = await Promise.allSettled(
    ['A1', 'A2'].map((no) => store.transactSoon(() => store.orders.insert(order(no)))),
  );
  for (const answer of answers)
    expect(answer).toMatchObject({ status: 'rejected', reason: { kind: 'readonly' } });
  db.pragma('query_only = OFF');
  expect(store.orders.list({ limit: 5 }).items).toEqual([]);
  expect(commits).toEqual([]);
});

test('a writer who has lost the order’s lock by then is refused, and nobody else', async () => {
  const { store } = counted();
  let isLive = true;
  const fence = { orderNo: 'A1', token: 1, isLive: () => isLive };
  const lost = store.transactSoon(() => store.orders.insert(order('A1')), { fence });
  const kept = store.transactSoon(() => store.orders.insert(order('A2')));
  isLive = false;
  await expect(lost).rejects.toBeInstanceOf(StaleHold);
  await kept;
  expect(['A1', 'A2'].map((no) => store.orders.byNo(no)?.orderNo)).toEqual([undefined, 'A2']);
});
