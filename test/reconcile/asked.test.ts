import { describe, expect, test } from 'vitest';
import { createBillViews } from '../../backend/services/bill-views.ts';
import type { StoredLine } from '../../backend/store/bill-line.ts';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import { alipayBillZip } from '../../sandbox/bills/alipay.ts';
import type { BillEntry } from '../../sandbox/bills/entries.ts';
import { type BookChannel, billFile, DAY, fundFlowFile, type Way, writeBooks } from './books.ts';
import { reconcileStand } from './stand.ts';

const CHANNELS: BookChannel[] = ['wechat', 'alipay'];
/** What each difference comes to when the wallet confirms all that this till holds, and when it denies it. */
const DIFFERENCES: [Way, Pick<StoredLine, 'class' | 'why'>, isSettled: boolean][] = [
  ['omitted', { class: 'missing_there', why: null }, true],
  ['missed', { class: 'missing_here', why: 'not_paid_here' }, true],
  ['refund_omitted', { class: 'missing_there', why: null }, true],
  ['refund_not_done', { class: 'missing_here', why: 'refund_not_done' }, true],
  ['unknown', { class: 'missing_here', why: 'unknown_number' }, false],
  ['amount', { class: 'amount_differs', why: null }, false],
  ['twice', { class: 'missing_here', why: 'twice_on_bill' }, false],
  ['refund_amount', { class: 'refund_differs', why: 'refund_amount' }, false],
  ['refund_by_hand', { class: 'missing_here', why: 'refund_unknown' }, true],
  ['refund_twice', { class: 'missing_here', why: 'twice_on_bill' }, false],
];

function shopOf(channel: BookChannel, way: Way) {
  const db = openMemoryDatabase();
  const stand = reconcileStand(db);
  const books = writeBooks(db, channel, [{ way, amountFen: 1_250 }]);
  // An empty bill has no file.
  books.entries.push(stranger);
  return { db, stand, books, wallet: stand[channel] };
}

const stranger: BillEntry = {
  kind: 'payment',
  tradeNo: 'WEBSHOP-1',
  providerTradeNo: '42001',
  refundNo: null,
  providerRefundNo: null,
  amountFen: 100,
  totalFen: 100,
  atMs: Date.parse(`${DAY}T12:00:00+08:00`),
  subject: '拿铁',
};

describe.each(CHANNELS)('what differs on a bill of %s', (channel) => {
  test.each(DIFFERENCES)(
    '%s: the wallet’s answer settles what it can, and a person the rest',
    async (way, found, isSettled) => {
      const { stand, books, wallet } = shopOf(channel, way);
      const [trade] = stand.store.trades.list({ limit: 1 }).items;
      if (trade) wallet.status.set(trade.tradeNo, 'paid');
      for (const { refundNo, amountFen } of trade ? stand.store.refunds.ofTrade(trade.tradeNo) : [])
        wallet.refunds.set(refundNo, { amountFen, status: 'succeeded' });
      for (const number of books.byHand)
        wallet.refunds.set(number.split('/')[1] ?? '', { amountFen: 625, status: 'succeeded' });
      const billId = await stand.drop(billFile(channel, books.entries), { channel });
      const lines = stand.store.bills.lines(billId, found.class, 0, 10);
      expect(lines).toMatchObject([{ ...found, resolution: isSettled ? 'settled' : null }]);
      expect(stand.store.bills.sums(billId).open).toBe(isSettled ? 0 : 1);
      if (way === 'missed') expect(stand.store.trades.byNo(trade?.tradeNo ?? '')?.state).toBe('paid');
      if (way === 'refund_not_done')
        expect(stand.store.refunds.ofTrade(trade?.tradeNo ?? '')).toMatchObject([{ state: 'succeeded' }]);
      if (isSettled) return;
      const [line] = lines;
      stand.reconcile.resolve(billId, [line?.line ?? 0], 'called the wallet');
      expect(stand.store.bills.sums(billId).open).toBe(0);
    },
  );

  test.each(DIFFERENCES)('%s: a wallet that denies it settles nothing', async (way, found) => {
    const { stand, books, wallet } = shopOf(channel, way);
    const [before] = stand.store.trades.list({ limit: 1 }).items;
    if (before) wallet.status.set(before.tradeNo, 'closed');
    const billId = await stand.drop(billFile(channel, books.entries), { channel });
    expect(stand.store.bills.lines(billId, 'open', 0, 10)).toMatchObject([found]);
    const [after] = stand.store.trades.list({ limit: 1 }).items;
    expect(after?.state).toBe(before?.state);
  });
});

test('a refund on the next day’s bill, because the clocks differ at midnight, is missing on neither', async () => {
  const db = openMemoryDatabase();
  const stand = reconcileStand(db);
  const books = writeBooks(db, 'alipay', [{ way: 'refund_omitted', amountFen: 1_250 }]);
  const [trade] = stand.store.trades.list({ limit: 1 }).items;
  const [refund] = stand.store.refunds.ofTrade(trade?.tradeNo ?? '');
  if (!trade || !refund) throw new Error('Nothing was refunded.');
  const next = '2026-11-21';
  const entry: BillEntry = {
    ...stranger,
    kind: 'refund',
    tradeNo: trade.tradeNo,
    providerTradeNo: trade.providerTradeNo ?? '',
    refundNo: refund.refundNo,
    amountFen: refund.amountFen,
    atMs: Date.parse(`${next}T00:00:00+08:00`),
  };
  const later = await stand.drop(alipayBillZip([entry], '2088', next), { channel: 'alipay', day: next });
  expect(stand.store.bills.lines(later, undefined, 0, 10)).toMatchObject([{ class: 'matched' }]);
  const billId = await stand.drop(billFile('alipay', books.entries), { channel: 'alipay' });
  expect(stand.store.bills.lines(billId, undefined, 0, 10)).toMatchObject([{ class: 'matched' }]);
});

test.each(CHANNELS)(
  'a refund on a bill of %s that this till never asked for is written down as the wallet confirms it, and read again it agrees',
  async (channel) => {
    const { db, stand, books, wallet } = shopOf(channel, 'refund_by_hand');
    const [tradeNo = '', refundNo = ''] = books.byHand[0]?.split('/') ?? [];
    wallet.refunds.set(refundNo, { amountFen: 625, status: 'succeeded' });
    await stand.drop(billFile(channel, books.entries), { channel });
    expect(stand.store.refunds.ofTrade(tradeNo)).toMatchObject([
      { refundNo, amountFen: 625, state: 'succeeded', sends: 0, origin: 'lost', reason: '' },
    ]);
    const told = db.prepare('SELECT type, what, via FROM events WHERE refund_no = ?').all(refundNo);
    expect(told).toEqual([{ type: 'refund.changed', what: 'found', via: 'wallet' }]);
    // Done by the wallet's clock today, and so no difference of the bill's day.
    const again = await stand.drop(billFile(channel, books.entries), { channel });
    expect(stand.store.bills.sums(again).open).toBe(0);
    const lines = stand.store.bills.lines(again, undefined, 0, 20).filter(({ kind }) => kind === 'refund');
    expect(lines).toMatchObject([{ class: 'matched', hereFen: 625 }]);
    expect(stand.store.refunds.ofTrade(tradeNo)).toHaveLength(1);
  },
);

test('a refund on a bill that the wallet says is of another amount is written down as the wallet has it, and stays a difference', async () => {
  const { stand, books, wallet } = shopOf('wechat', 'refund_by_hand');
  const [tradeNo = '', refundNo = ''] = books.byHand[0]?.split('/') ?? [];
  wallet.refunds.set(refundNo, { amountFen: 600, status: 'succeeded' });
  const billId = await stand.drop(billFile('wechat', books.entries));
  expect(stand.store.refunds.ofTrade(tradeNo)).toMatchObject([{ amountFen: 600 }]);
  expect(stand.store.bills.lines(billId, 'open', 0, 9)).toMatchObject([{ said: 'refunded', amountFen: 625 }]);
});

describe('movements of the account', () => {
  test('that are refunds of ours unknown here are told against their payment, and settled once the trade bill has named them', async () => {
    const { stand, books, wallet } = shopOf('wechat', 'refund_by_hand');
    const [tradeNo = '', refundNo = ''] = books.byHand[0]?.split('/') ?? [];
    wallet.refunds.set(refundNo, { amountFen: 625, status: 'succeeded' });
    const movements = await stand.drop(fundFlowFile(books.entries), { kind: 'fund_flow' });
    const unnamed = { tradeNo, class: 'missing_here', why: 'refund_unnamed', refundNo: `50${refundNo}` };
    const open = () => stand.store.bills.lines(movements, 'open', 0, 9);
    expect(open()).toMatchObject([{ ...unnamed, amountFen: 625, resolution: null }]);
    expect(stand.store.refunds.ofTrade(tradeNo)).toEqual([]);
    await stand.drop(billFile('wechat', books.entries));
    stand.reconcile.askAgain(movements);
    await stand.idle(movements);
    expect(open()).toEqual([]);
    const again = await stand.drop(fundFlowFile(books.entries), { kind: 'fund_flow' });
    const lines = stand.store.bills.lines(again, undefined, 0, 20).filter(({ kind }) => kind === 'refund');
    expect(lines).toMatchObject([{ class: 'matched', tradeNo, refundNo }]);
  });

  test('that are withdrawals are no difference, and one that no trade bill has is', async () => {
    const { stand, books } = shopOf('wechat', 'agrees');
    const withdrawal: BillEntry = { ...stranger, kind: 'withdrawal', tradeNo: 'W1', providerTradeNo: 'W1' };
    const unheard: BillEntry = { ...stranger, tradeNo: 'WEBSHOP-2', providerTradeNo: '42002' };
    const movements = fundFlowFile([...books.entries, withdrawal, unheard]);
    const classes = async () => {
      const billId = await stand.drop(movements, { kind: 'fund_flow' });
      const found = stand.store.bills.lines(billId, undefined, 0, 20).filter((line) => line.class !== 'fee');
      return found.map((line) => [line.class, line.why]);
    };
    // Before the trade bill of the day is read, nobody can say whose a payment of another system is.
    expect(await classes()).toEqual([
      ['matched', null],
      ['other_till', 'other_system'],
      ['withdrawal', null],
      ['other_till', 'other_system'],
    ]);
    await stand.drop(billFile('wechat', books.entries));
    expect(await classes()).toEqual([
      ['matched', null],
      ['other_till', 'other_system'],
      ['withdrawal', null],
      ['missing_here', 'not_on_trade_bill'],
    ]);
  });

  test('come to what the day’s trade bill comes to, with its fees, once that was read', async () => {
    const { stand, books } = shopOf('wechat', 'refunded_in_parts');
    const movements = await stand.drop(fundFlowFile(books.entries), { kind: 'fund_flow' });
    const views = createBillViews(stand.store);
    expect(views.byId(movements).tradeBill).toBeNull();
    await stand.drop(billFile('wechat', books.entries));
    const { paidFen, refundedFen, feeMilliFen, tradeBill } = views.byId(movements);
    expect({ paidFen, refundedFen, feeMilliFen }).toEqual(tradeBill);
    // One sale of 12.50, given back in two parts, and one of 1.00: what is kept of each to the fen.
    expect(tradeBill).toEqual({ paidFen: 1_350, refundedFen: 1_250, feeMilliFen: expect.any(Number) });
    expect(feeMilliFen % 1_000).toBe(0);
  });
});
