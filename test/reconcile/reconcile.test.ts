import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import type { Store } from '../../backend/store/store.ts';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { wechatTradeBill } from '../../sandbox/bills/wechat.ts';
import { billFile, DAY, MERCHANT, seededSales, type Way, writeBooks } from './books.ts';
import { reconcileStand } from './stand.ts';

const SEED = 20261120;

/** A stand whose ledger has `count` sales of which many differ, and the day's bill of WeChat. */
function shop(count: number) {
  const db = openMemoryDatabase();
  const stand = reconcileStand(db);
  const books = writeBooks(db, 'wechat', seededSales(SEED, count, 4));
  return { db, stand, books, bill: billFile('wechat', books.entries) };
}

/** The same of just these sales. */
function shopOf(...ways: Way[]) {
  const db = openMemoryDatabase();
  const stand = reconcileStand(db);
  const sales = ways.map((way) => ({ way, amountFen: 1_250 }));
  const books = writeBooks(db, 'wechat', sales);
  return { db, stand, books, bill: billFile('wechat', books.entries) };
}

function all(store: Store, billId: number) {
  return store.bills.lines(billId, undefined, 0, 1_000_000);
}

function first<T>(found: readonly T[]): T {
  const [one] = found;
  if (one === undefined) throw new Error('There is none.');
  return one;
}

describe('a bill held against the ledger', () => {
  test('a payment that the till had missed is settled by the wallet’s answer, never by the line alone', async () => {
    const { stand, books, bill } = shop(400);
    const [confirmed = '', denied = '', ...silent] = books.missed;
    stand.wechat.status.set(confirmed, 'paid');
    stand.wechat.status.set(denied, 'closed');
    const billId = await stand.drop(bill);
    const line = (tradeNo: string) => all(stand.store, billId).find((each) => each.tradeNo === tradeNo);
    expect(line(confirmed)).toMatchObject({ class: 'missing_here', said: 'paid', resolution: 'settled' });
    expect(stand.store.trades.byNo(confirmed)).toMatchObject({ state: 'paid', late: true });
    expect(line(denied)).toMatchObject({ said: 'not_paid', resolution: null });
    for (const tradeNo of [denied, ...silent])
      expect(stand.store.trades.byNo(tradeNo)).toMatchObject({ state: 'closed' });
  });

  test('a wallet that does not answer leaves the difference open, and asking again settles it', async () => {
    const { stand, books, bill } = shopOf('missed', 'amount');
    const missed = first(books.missed);
    stand.wechat.down = 'no_answer';
    const billId = await stand.drop(bill);
    const { open } = stand.store.bills.sums(billId);
    expect(stand.store.trades.byNo(missed)?.state).toBe('closed');
    stand.wechat.down = null;
    stand.wechat.status.set(missed, 'paid');
    stand.reconcile.askAgain(billId);
    await stand.idle(billId);
    expect(stand.store.trades.byNo(missed)?.state).toBe('paid');
    expect(stand.store.bills.sums(billId).open).toBe(open - 1);
  });

  test('what no answer could settle takes no question away from what one can, however much of it there is', async () => {
    const { stand, books, bill } = shopOf(...Array<Way>(250).fill('unknown'), 'missed', 'missed');
    for (const tradeNo of books.missed) stand.wechat.status.set(tradeNo, 'paid');
    const billId = await stand.drop(bill);
    expect(stand.wechat.asked).toHaveLength(2);
    for (const tradeNo of books.missed) expect(stand.store.trades.byNo(tradeNo)?.state).toBe('paid');
    expect(stand.store.bills.sums(billId).open).toBe(250);
  });

  test('a run asks about so many differences, and asking again goes on with the others', async () => {
    const { stand, books, bill } = shopOf(...Array<Way>(250).fill('missed'));
    for (const tradeNo of books.missed) stand.wechat.status.set(tradeNo, 'closed');
    const billId = await stand.drop(bill);
    expect(stand.wechat.asked).toHaveLength(200);
    const late = books.missed.slice(200);
    for (const tradeNo of late) stand.wechat.status.set(tradeNo, 'paid');
    stand.reconcile.askAgain(billId);
    await stand.idle(billId);
    for (const tradeNo of late) expect(stand.store.trades.byNo(tradeNo)?.state).toBe('paid');
    expect(stand.wechat.asked).toHaveLength(400);
    expect(stand.store.bills.sums(billId).open).toBe(200);
  });

  test('a wallet that is silent is left alone after a few questions', async () => {
    const { stand, bill } = shopOf(...Array<Way>(20).fill('missed'));
    stand.wechat.down = 'no_answer';
    const billId = await stand.drop(bill);
    expect(stand.wechat.asked).toHaveLength(3);
    expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'done' });
    expect(stand.store.bills.sums(billId).open).toBe(20);
  });

  test('one that another process on the folder was killed over is said to be so once nobody has read it for long', async () => {
    const { db, bill } = shop(2_000);
    const dying = reconcileStand(db, () => {});
    const billId = dying.reconcile.drop({ channel: 'wechat', day: DAY, kind: 'trade', fileName: 'bill.csv' });
    void dying.reconcile.addPiece(billId, 0, bill, true).catch(() => {});
    while ((dying.store.bills.byId(billId)?.lines ?? 0) === 0)
      await new Promise((resolve) => setImmediate(resolve));
    const beside = reconcileStand(db, systemEndOfTurn, { isAlone: false });
    beside.reconcile.start();
    await beside.clock.advance(9 * MINUTE);
    expect(beside.store.bills.byId(billId)).toMatchObject({ state: 'running' });
    await beside.clock.advance(2 * MINUTE);
    expect(beside.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
    await beside.reconcile.stop();
  });

  test('what was cancelled at the wallet, paid and given back whole, is nothing on either side', async () => {
    const { stand, books } = shopOf('missed', 'agrees');
    const paid = first(books.entries);
    const back = { refundNo: paid.tradeNo, providerRefundNo: '50', atMs: paid.atMs + 1_000 };
    const entries = [...books.entries, { ...paid, ...back, kind: 'refund' as const }];
    const billId = await stand.drop(billFile('wechat', entries));
    expect(all(stand.store, billId)).toMatchObject([
      { class: 'matched', kind: 'payment', why: 'undone' },
      { class: 'matched', kind: 'payment', why: null },
      { class: 'matched', kind: 'refund', why: 'undone' },
    ]);
    expect(stand.store.bills.sums(billId).open).toBe(0);
  });

  test('a reading that is killed in the middle changes nothing, and run again it comes to the same', async () => {
    const whole = shop(8_000);
    const reference = all(whole.stand.store, await whole.stand.drop(whole.bill));

    const { db, bill } = shop(8_000);
    for (const dieAfter of [1, 3, 7]) {
      let turns = 0;
      // The process is gone: what was awaited never comes.
      const dying = reconcileStand(db, (task) => {
        turns += 1;
        if (turns < dieAfter) setImmediate(task);
      });
      const billId = dying.reconcile.drop({
        channel: 'wechat',
        day: DAY,
        kind: 'trade',
        fileName: 'bill.csv',
      });
      void dying.reconcile.addPiece(billId, 0, bill, true).catch(() => {});
      while (turns < dieAfter) await new Promise((resolve) => setImmediate(resolve));
      const next = reconcileStand(db);
      next.reconcile.start();
      expect(next.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
      const again = await next.drop(bill);
      expect(all(next.store, again)).toEqual(reference);
      expect(next.store.bills.byId(billId)).toBeUndefined();
    }
  });

  test('a file that is cut off, or is none, is said to be so and leaves the last result alone', async () => {
    const { stand, bill } = shop(500);
    const good = await stand.drop(bill);
    const before = all(stand.store, good);
    for (const [bytes, fault] of [
      [bill.subarray(0, 9_000), 'truncated'],
      [Buffer.from('<html>'), 'format'],
      [Buffer.alloc(200_000, 'x'), 'too_large'],
    ] as const) {
      const billId = stand.reconcile.drop({
        channel: 'wechat',
        day: DAY,
        kind: 'trade',
        fileName: 'bill.csv',
      });
      await stand.reconcile.addPiece(billId, 0, bytes, true).catch(() => {});
      await stand.idle(billId);
      expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault });
      expect(all(stand.store, billId)).toEqual([]);
    }
    expect(all(stand.store, good)).toEqual(before);
  });

  test('the file of another day, or of another merchant, is said to be so and touches no day’s result', async () => {
    const { stand, books, bill } = shop(300);
    const good = await stand.drop(bill);
    const before = all(stand.store, good);
    const foreign = gzipSync(wechatTradeBill(books.entries, { ...MERCHANT, mchId: '1900000199' }));
    for (const [bytes, day, fault] of [
      [bill, '2026-11-19', 'other_day'],
      [foreign, DAY, 'other_merchant'],
    ] as const) {
      const billId = stand.reconcile.drop({ channel: 'wechat', day, kind: 'trade', fileName: 'bill.csv' });
      await stand.reconcile.addPiece(billId, 0, bytes, true).catch(() => {});
      await stand.idle(billId);
      expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault });
      expect(all(stand.store, billId)).toEqual([]);
    }
    expect(all(stand.store, good)).toEqual(before);
  });

  test.each(['empty', 'not_there'] as const)(
    'a day of which the wallet has no bill (%s) is "nothing" only once it is over for long, and if nothing of it is here',
    async (kind) => {
      const { stand, bill } = shop(20);
      const good = await stand.drop(bill);
      stand.fetched.outcome = { kind };
      const fetched = async (day: string) => {
        const billId = stand.reconcile.fetch('wechat', day, 'trade');
        await stand.idle(billId);
        return stand.store.bills.byId(billId);
      };
      // It is noon of the 21st.
      for (const day of ['2026-11-21', '2026-11-22'])
        expect(await fetched(day)).toMatchObject({ state: 'failed', fault: 'not_ready' });
      expect(await fetched('2026-11-18')).toMatchObject({ state: 'done', lines: 0 });
      expect(await fetched(DAY)).toMatchObject({ state: 'failed', fault: 'no_bill' });
      expect(stand.store.bills.byId(good)).toMatchObject({ state: 'done' });
      await stand.clock.advance(22 * HOUR - 1);
      expect(await fetched('2026-11-21')).toMatchObject({ fault: 'not_ready' });
      await stand.clock.advance(1);
      expect(await fetched('2026-11-21')).toMatchObject({ state: 'done', lines: 0 });
    },
  );

  test('what a person decided still holds when the same bill is read again', async () => {
    const { stand, bill } = shop(300);
    const earlier = await stand.drop(bill);
    const line = first(stand.store.bills.lines(earlier, 'open', 0, 1));
    stand.reconcile.resolve(earlier, [line.line], 'called the wallet');
    expect(() => stand.reconcile.resolve(earlier, [line.line], 'again')).toThrow('bill_line_not_open');
    expect(stand.store.events.after(0, 10)).toMatchObject([{ type: 'bill.resolved', what: line.class }]);
    const second = await stand.drop(bill);
    expect(stand.store.bills.line(second, line.line)).toMatchObject({
      resolution: 'by_person',
      reason: 'called the wallet',
    });
  });

  test('one bill is read at a time, and a piece is taken once and in its place', async () => {
    const { stand, bill: bytes } = shop(2_000);
    const billId = stand.reconcile.drop({ channel: 'wechat', day: DAY, kind: 'trade', fileName: 'bill.csv' });
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
    const billId = stand.reconcile.drop({ channel: 'wechat', day: DAY, kind: 'trade', fileName: 'bill.csv' });
    await stand.clock.advance(121_000);
    await stand.idle(billId);
    expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'failed', fault: 'interrupted' });
  });
});
