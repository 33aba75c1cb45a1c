import type { Shift } from '../../contract/shift.ts';
import { CSV_START, csvRow } from '../domain/csv.ts';
import { type Fen, fenToYuan } from '../domain/money.ts';

/** A shift's slip as CSV, a fact a row: what it took, by wallet and in sum, and the head of the ledger at its end. */
export function shiftCsv(shift: Shift): string {
  const { totals, ledgerHead } = shift;
  const rows: (string | number | null)[][] = [
    ['shift', shift.shiftId],
    ['openedAt', shift.openedAt],
    ['openedBy', shift.openedBy],
    ['closedAt', shift.closedAt],
    ['closedBy', shift.closedBy],
    ['unknown', shift.unfinished],
    ['reason', shift.reason],
    ['ledgerEntry', ledgerHead?.seq ?? null],
    ['ledgerHash', ledgerHead?.hash ?? null],
    [],
    ['wallet', 'paidCount', 'paidYuan', 'refundedCount', 'refundedYuan'],
    ...totals.byChannel.map((each) => [each.channel, ...sums(each)]),
    ['sum', ...sums(totals)],
  ];
  return CSV_START + rows.map(csvRow).join('');
}

function sums(of: { paidFen: number; paidCount: number; refundedFen: number; refundedCount: number }) {
  return [of.paidCount, fenToYuan(of.paidFen as Fen), of.refundedCount, fenToYuan(of.refundedFen as Fen)];
}
