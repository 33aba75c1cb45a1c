import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import type { Store } from '../../backend/store/store.ts';
import type { LineClass } from '../../contract/bill.ts';
import { wechatTradeBill } from '../../sandbox/bills/wechat.ts';
import { type Books, DAY, writeBooks } from './books.ts';
import { reconcileStand } from './stand.ts';

const MERCHANT = { appId: 'wxtest0000000001', mchId: '1900000101' };
const COUNT = 4_000;
const ONE_IN = 13;

function all(store: Store, billId: number) {
  return store.bills.lines(billId, undefined, 0, 1_000_000);
}

/** What was found, by number, besides what is matched; a number that stands twice is matched once. */
function differences(store: Store, billId: number): [string, LineClass][] {
  return all(store, billId)
    .filter((line) => line.class !== 'matched')
    .map((line): [string, LineClass] => [line.tradeNo ?? '', line.class])
    .sort();
}

function expected(books: Books): [string, LineClass][] {
  return [...books.expected].sort();
}

function billOf(books: Books): Buffer {
  return Buffer.from(wechatTradeBill(books.entries, MERCHANT));
}

describe('a bill held against the ledger', () => {
  test('every difference is found and rightly classed, and none is invented', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, COUNT, ONE_IN);
    const billId = await stand.drop(billOf(books));
    expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'done', lines: books.entries.length });
    expect(differences(stand.store, billId)).toEqual(expected(books));
    const { counts, paidFen } = stand.store.bills.sums(billId);
    const missing = [...books.expected.values()].filter((each) => each === 'missing_there').length;
    expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(books.entries.length + missing);
    expect(paidFen).toBe(books.entries.reduce((sum, { amountFen }) => sum + amountFen, 0));
  });

  test('a payment that the till had missed is settled by the wallet’s answer, never by the line alone', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, 400, ONE_IN);
    const [confirmed = '', denied = '', ...silent] = books.missed;
    stand.wechat.status.set(confirmed, 'paid');
    stand.wechat.status.set(denied, 'closed');
    const billId = await stand.drop(billOf(books));
    const line = (tradeNo: string) => all(stand.store, billId).find((each) => each.tradeNo === tradeNo);
    expect(line(confirmed)).toMatchObject({ class: 'missing_here', said: 'paid', resolution: 'settled' });
    expect(stand.store.trades.byNo(confirmed)).toMatchObject({ state: 'paid', late: true });
    expect(line(denied)).toMatchObject({ said: 'not_paid', resolution: null });
    for (const tradeNo of [denied, ...silent])
      expect(stand.store.trades.byNo(tradeNo)).toMatchObject({ state: 'closed' });
  });

  test('a wallet that does not answer leaves the difference open, and asking again settles it', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, 400, ONE_IN);
    const [missed = ''] = books.missed;
    stand.wechat.down = 'no_answer';
    const billId = await stand.drop(billOf(books));
    const { open } = stand.store.bills.sums(billId);
    expect(stand.store.trades.byNo(missed)?.state).toBe('closed');
    stand.wechat.down = null;
    stand.wechat.status.set(missed, 'paid');
    stand.reconcile.askAgain(billId);
    await stand.idle(billId);
    expect(stand.store.trades.byNo(missed)?.state).toBe('paid');
    expect(stand.store.bills.sums(billId).open).toBe(open - 1);
  });

  test('what was cancelled at the wallet, paid and given back whole, is nothing on either side', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, 100, ONE_IN);
    const [cancelled = ''] = books.missed;
    const paid = books.entries.find(({ tradeNo }) => tradeNo === cancelled);
    if (!paid) throw new Error('No such payment.');
    books.entries.push({
      ...paid,
      kind: 'refund',
      refundNo: cancelled,
      providerRefundNo: '50',
      atMs: paid.atMs + 1_000,
    });
    const billId = await stand.drop(billOf(books));
    books.expected.delete(cancelled);
    expect(differences(stand.store, billId)).toEqual(expected(books));
  });

  test('a reading that is killed in the middle changes nothing, and run again it comes to the same', async () => {
    const whole = reconcileStand(openMemoryDatabase());
    const books = writeBooks(whole.store, COUNT, ONE_IN);
    const reference = all(whole.store, await whole.drop(billOf(books)));

    const db = openMemoryDatabase();
    writeBooks(reconcileStand(db).store, COUNT, ONE_IN);
    for (const dieAfter of [1, 3, 7]) {
      let turns = 0;
      // The process is gone: what was awaited never comes.
      const dying = reconcileStand(db, (task) => {
        turns += 1;
        if (turns < dieAfter) setImmediate(task);
      });
      const billId = dying.reconcile.drop('wechat', DAY, 'trade', 'bill.csv');
      void dying.reconcile.addPiece(billId, 0, billOf(books), true).catch(() => {});
      while (turns < dieAfter) await new Promise((resolve) => setImmediate(resolve));
      const next = reconcileStand(db);
      next.reconcile.start();
      expect(next.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
      const again = await next.drop(billOf(books));
      expect(all(next.store, again)).toEqual(reference);
      expect(next.store.bills.byId(billId)).toBeUndefined();
    }
  });

  test('a file that is cut off, or is none, is said to be so and leaves the last result alone', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, 500, ONE_IN);
    const good = await stand.drop(billOf(books));
    const before = all(stand.store, good);
    for (const [bytes, fault] of [
      [billOf(books).subarray(0, 9_000), 'truncated'],
      [Buffer.from('<html>'), 'format'],
      [Buffer.alloc(200_000, 'x'), 'too_large'],
    ] as const) {
      const billId = stand.reconcile.drop('wechat', DAY, 'trade', 'bill.csv');
      await stand.reconcile.addPiece(billId, 0, bytes, true).catch(() => {});
      await stand.idle(billId);
      expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault });
      expect(all(stand.store, billId)).toEqual([]);
    }
    expect(all(stand.store, good)).toEqual(before);
  });

  test('what a person decided still holds when the same bill is read again', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const books = writeBooks(stand.store, 300, ONE_IN);
    const first = await stand.drop(billOf(books));
    const [line] = stand.store.bills.lines(first, 'open', 0, 1);
    if (!line) throw new Error('Nothing is open.');
    stand.reconcile.resolve(first, line.line, 'called the wallet');
    expect(() => stand.reconcile.resolve(first, line.line, 'again')).toThrow('bill_line_not_open');
    expect(stand.store.events.after(0, 10)).toMatchObject([{ type: 'bill.resolved', what: line.class }]);
    const second = await stand.drop(billOf(books));
    expect(stand.store.bills.line(second, line.line)).toMatchObject({
      resolution: 'by_person',
      reason: 'called the wallet',
    });
  });

  test('one bill is read at a time, and a piece is taken once and in its place', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const bytes = billOf(writeBooks(stand.store, 500, ONE_IN));
    const billId = stand.reconcile.drop('wechat', DAY, 'trade', 'bill.csv');
    expect(() => stand.reconcile.fetch('wechat', DAY, 'trade')).toThrow('bill_busy');
    const piece = bytes.subarray(0, 20_000);
    await stand.reconcile.addPiece(billId, 0, piece, false);
    await stand.reconcile.addPiece(billId, 0, piece, false);
    await expect(stand.reconcile.addPiece(billId, 30_000, piece, false)).rejects.toThrow(
      'bill_piece_misplaced',
    );
    await stand.reconcile.addPiece(billId, 20_000, bytes.subarray(20_000), true);
    await stand.idle(billId);
    expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'done' });
    await expect(stand.reconcile.addPiece(billId, 0, piece, false)).rejects.toThrow('bill_not_open');
  });

  test('a file of which no further piece comes is given up', async () => {
    const stand = reconcileStand(openMemoryDatabase());
    const billId = stand.reconcile.drop('wechat', DAY, 'trade', 'bill.csv');
    await stand.clock.advance(121_000);
    await stand.idle(billId);
    expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
  });
});
