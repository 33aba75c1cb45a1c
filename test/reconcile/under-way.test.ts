import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import type { BillProgress } from '../../contract/bill.ts';
import { billFile, DAY, type Way, writeBooks } from './books.ts';
import { reconcileStand } from './stand.ts';

function shopOf(...ways: Way[]) {
  const db = openMemoryDatabase();
  const stand = reconcileStand(db);
  const books = writeBooks(
    db,
    'wechat',
    ways.map((way) => ({ way, amountFen: 1_250 })),
  );
  const bytes = billFile('wechat', books.entries);
  const begin = (fileBytes?: number) =>
    stand.reconcile.drop({ channel: 'wechat', day: DAY, kind: 'trade', fileName: 'bill.csv', fileBytes });
  /** Called at each question about a difference. */
  const onAsked = (listen: () => void) => {
    const { query } = stand.wechat;
    stand.wechat.query = (...asked) => {
      listen();
      return query.apply(stand.wechat, asked);
    };
  };
  return { ...stand, bytes, begin, onAsked };
}

const FILLED: Way[] = Array.from({ length: 60 }, () => 'agrees');

describe('a bill that is being worked on', () => {
  test('says how much of its file has come, then how many of its differences were asked about', async () => {
    const { reconcile, bytes, begin, onAsked, idle } = shopOf('missed', 'missed', 'unknown', ...FILLED);
    const billId = begin(bytes.length);
    const asked: (BillProgress | null)[] = [];
    onAsked(() => asked.push(reconcile.progressOf(billId)));
    expect(reconcile.progressOf(billId)).toEqual({ phase: 'reading', done: 0, of: bytes.length });
    await reconcile.addPiece(billId, 0, bytes.subarray(0, 600), false);
    expect(reconcile.progressOf(billId)).toEqual({ phase: 'reading', done: 600, of: bytes.length });
    expect(reconcile.progressOf(billId + 1)).toBeNull();
    await reconcile.addPiece(billId, 600, bytes.subarray(600), true);
    await idle(billId);
    expect(asked).toEqual([
      { phase: 'asking', done: 0, of: 3 },
      { phase: 'asking', done: 1, of: 3 },
    ]);
    expect(reconcile.progressOf(billId)).toBeNull();
  });

  test('does not say how much is to come of a file whose length nobody told', () => {
    const { reconcile, begin } = shopOf(...FILLED);
    expect(reconcile.progressOf(begin())).toEqual({ phase: 'reading', done: 0, of: null });
  });

  test('is stopped while it is read: there is no result, and the earlier one stays', async () => {
    const { reconcile, store, bytes, begin, ...stand } = shopOf('unknown', ...FILLED);
    const good = await stand.drop(bytes);
    const before = store.bills.lines(good, undefined, 0, 1_000);
    const billId = begin(bytes.length);
    await reconcile.addPiece(billId, 0, bytes.subarray(0, 600), false);
    await reconcile.stopOne(billId);
    expect(store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
    expect(store.bills.lines(billId, undefined, 0, 1_000)).toEqual([]);
    expect(store.bills.lines(good, undefined, 0, 1_000)).toEqual(before);
    await reconcile.stopOne(good);
    expect(store.bills.byId(good)?.state).toBe('done');
  });

  test('is stopped while the wallet is asked: what was answered holds, the rest waits for a person', async () => {
    const { reconcile, store, wechat, bytes, onAsked, ...stand } = shopOf('missed', 'missed', 'missed');
    for (const { tradeNo } of store.trades.list({ limit: 10 }).items) wechat.status.set(tradeNo, 'paid');
    const billId = stand.begin(bytes.length);
    let questions = 0;
    const stopped = new Promise<void>((resolve) => {
      onAsked(() => {
        questions += 1;
        if (questions === 2) void reconcile.stopOne(billId).then(resolve);
      });
    });
    await reconcile.addPiece(billId, 0, bytes, true);
    await stopped;
    expect(questions).toBe(2);
    expect(store.bills.byId(billId)?.state).toBe('done');
    expect(store.bills.sums(billId).open).toBe(2);
  });
});

describe('several differences decided by one person for one reason', () => {
  test('are each in the ledger by themselves', async () => {
    const { reconcile, store, bytes, ...stand } = shopOf('unknown', 'unknown', 'unknown', 'amount');
    const billId = await stand.drop(bytes);
    const lines = store.bills.lines(billId, 'missing_here', 0, 10).map(({ line }) => line);
    expect(lines).toHaveLength(3);
    reconcile.resolve(billId, lines, '网店的单');
    const told = store.events.after(0, 100).filter(({ type }) => type === 'bill.resolved');
    expect(told.map(({ data }) => (data as { line: number }).line)).toEqual(lines);
    expect(store.bills.sums(billId).open).toBe(1);
  });

  test('are all decided or none', async () => {
    const { reconcile, store, bytes, ...stand } = shopOf('unknown', 'unknown');
    const billId = await stand.drop(bytes);
    const [first = 0, second = 0] = store.bills.lines(billId, 'open', 0, 10).map(({ line }) => line);
    reconcile.resolve(billId, [second], '已查明');
    expect(() => reconcile.resolve(billId, [first, second], '网店的单')).toThrow('bill_line_not_open');
    expect(store.bills.line(billId, first)?.resolution).toBeNull();
    expect(store.events.after(0, 100).filter(({ type }) => type === 'bill.resolved')).toHaveLength(1);
  });
});
