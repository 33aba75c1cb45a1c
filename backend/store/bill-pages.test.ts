import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { migrate, migrations } from './database.ts';
import { createStore } from './store.ts';

test('a bill that was read before lines were kept by the page shows the same, and is not missing anywhere', () => {
  const db = new Database(':memory:');
  migrate(
    db,
    migrations().filter(({ version }) => version < 17),
  );
  db.exec(`
    INSERT INTO bills (bill_id, channel, day, kind, source, state, lines, begun_at_ms, touched_at_ms, ended_at_ms)
      VALUES (7, 'wechat', '2026-11-20', 'trade', 'file', 'done', 3, 1, 2, 2);
    INSERT INTO bill_lines (bill_id, line, kind, class, why, trade_no, refund_no, amount_fen, here_fen, fee_milli_fen,
      at_ms, status, said, resolution, reason) VALUES
      (7, 1, 'payment', 'matched', NULL, 'TRADE-1', NULL, 1250, 1250, 5000, 10, 'SUCCESS', NULL, NULL, NULL),
      (7, 2, 'payment', 'missing_here', 'not_paid_here', 'TRADE-2', NULL, 800, NULL, 0, 11, 'SUCCESS', 'not_paid', NULL, NULL),
      (7, 3, 'refund', 'refund_differs', 'refund_unknown', 'TRADE-1', 'REFUND-1', 250, NULL, 0, 12, 'SUCCESS', NULL, 'by_person', 'called'),
      (7, 4, 'payment', 'missing_there', NULL, 'TRADE-3', NULL, NULL, 99, 0, 13, '', 'paid', NULL, NULL);`);
  migrate(db, migrations());
  const { bills } = createStore(db);
  expect(bills.lines(7, undefined, 0, 10)).toMatchObject([
    { line: 1, class: 'matched', amountFen: 1_250, feeMilliFen: 5_000 },
    { line: 2, class: 'missing_here', said: 'not_paid' },
    { line: 3, class: 'refund_differs', resolution: 'by_person', reason: 'called' },
    { line: 4, class: 'missing_there', amountFen: null, hereFen: 99 },
  ]);
  expect(bills.sums(7)).toMatchObject({ open: 2, paidFen: 2_050, refundedFen: 250, feeMilliFen: 5_000 });
  const isOnBill = bills.numbers.trades(7, ['TRADE-1', 'TRADE-2', 'TRADE-3']).map((each) => each.isRepeated);
  expect(isOnBill).toEqual([1, 1, 0]);
  expect(bills.numbers.refunds(7, [['REFUND-1', 'TRADE-1/REFUND-1']])).toMatchObject([{ isRepeated: 1 }]);
  while (bills.removeLines(7, 2) > 0);
  bills.remove(7);
  expect(bills.byId(7)).toBeUndefined();
});
