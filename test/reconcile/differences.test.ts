import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../backend/store/database.ts';
import type { Store } from '../../backend/store/store.ts';
import type { LineClass } from '../../contract/bill.ts';
import { type BookChannel, billFile, fundFlowFile, seededSales, WAYS, writeBooks } from './books.ts';
import { reconcileStand } from './stand.ts';

const LINES = 200_000;

/** What was found, by number, besides what agrees; a number that stands twice is found once. */
function differences(store: Store, billId: number): [string, LineClass][] {
  return store.bills
    .lines(billId, undefined, 0, 10_000_000)
    .filter((line) => line.class !== 'matched' && line.class !== 'fee')
    .map((line): [string, LineClass] => [
      line.refundNo === null ? (line.tradeNo ?? '') : `${line.tradeNo}/${line.refundNo}`,
      line.class,
    ])
    .sort(byNumber);
}

const byNumber = ([a]: [string, LineClass], [b]: [string, LineClass]) => (a < b ? -1 : 1);

const CHANNELS: BookChannel[] = ['wechat', 'alipay'];

describe('every difference is found and rightly classed, and none is invented', () => {
  test.each(CHANNELS)(
    `in a bill of %s of ${LINES} lines`,
    async (channel) => {
      const db = openMemoryDatabase();
      const stand = reconcileStand(db);
      // A sale in twenty differs; with its refunds the bill is a little longer than the sales are many.
      const books = writeBooks(db, channel, seededSales(42, LINES - 1_000, 20));
      expect(books.entries.length).toBeGreaterThan(LINES);
      const billId = await stand.drop(billFile(channel, books.entries), { channel });
      expect(stand.store.bills.byId(billId)).toMatchObject({ state: 'done', lines: books.entries.length });
      expect(differences(stand.store, billId)).toEqual(books.expected.toSorted(byNumber));
      const sums = stand.store.bills.sums(billId);
      const absent = books.expected.filter(([, name]) => name === 'missing_there').length;
      expect(sums.counts.reduce((sum, { count }) => sum + count, 0)).toBe(books.entries.length + absent);
      for (const [kind, fen] of [
        ['payment', sums.paidFen],
        ['refund', sums.refundedFen],
      ] as const)
        expect(fen).toBe(
          books.entries.reduce((sum, each) => sum + (each.kind === kind ? each.amountFen : 0), 0),
        );
    },
    // About ten seconds on a quiet machine.
    300_000,
  );

  const sale = fc.record({
    way: fc.oneof(
      { weight: 1, arbitrary: fc.constant('agrees' as const) },
      { weight: 4, arbitrary: fc.constantFrom(...WAYS) },
    ),
    amountFen: fc.integer({ min: 2, max: 999_999 }),
  });

  test.each(CHANNELS)('in any bill of %s, however its file is cut, read once or twice', async (channel) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sale, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 50, max: 9_000 }),
        async (sales, pieceBytes) => {
          const db = openMemoryDatabase();
          const stand = reconcileStand(db);
          const books = writeBooks(db, channel, sales);
          fc.pre(books.entries.length > 0);
          const file = billFile(channel, books.entries);
          for (let reading = 0; reading < 2; reading++) {
            const billId = await stand.drop(file, { channel, pieceBytes });
            expect(differences(stand.store, billId)).toEqual(books.expected.toSorted(byNumber));
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('in the movements of the account, which go by the wallet’s numbers', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(sale, { minLength: 1, maxLength: 60 }),
        fc.boolean(),
        async (sales, isTradeBillRead) => {
          const db = openMemoryDatabase();
          const stand = reconcileStand(db);
          const books = writeBooks(db, 'wechat', sales);
          fc.pre(books.entries.length > 0);
          if (isTradeBillRead) await stand.drop(billFile('wechat', books.entries));
          const billId = await stand.drop(fundFlowFile(books.entries), { kind: 'fund_flow' });
          // What has no number of the wallet's here is told by that number, against the payment that it is of.
          const unnamed = new Set([...books.pending, ...books.byHand]);
          const wanted = books.expected
            .filter(([, name]) => name !== 'other_till')
            .map(([number, name]): [string, LineClass] => [
              unnamed.has(number) ? number.replace('/', '/50') : number,
              name,
            ]);
          const found = differences(stand.store, billId).filter(([, name]) => name !== 'other_till');
          expect(found).toEqual(wanted.toSorted(byNumber));
          const fees = stand.store.bills.sums(billId).counts.find((each) => each.class === 'fee')?.count;
          expect(fees).toBe(books.entries.length);
        },
      ),
      { numRuns: 30 },
    );
  });
});
