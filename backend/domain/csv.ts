/** What spreadsheets take as UTF-8. */
export const CSV_START = '\uFEFF';

/** One row of CSV (RFC 4180). */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/** What a spreadsheet takes for the beginning of a formula: in Chinese and Japanese also at full width. */
const FORMULA = /^[=+\-@＝＋－＠\t\r\n]/;
/** Digits that it would round, shorten, or take for a power of ten. */
const NO_NUMBER = /^(\d{12,}|0\d+|\d+[eE]\d+)$/;

/**
 * A text that a spreadsheet would run as a formula, or a number of ours that it would change, is marked as text: by
 * an apostrophe or by a tab behind it.
 */
function csvCell(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = FORMULA.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;
  const kept = NO_NUMBER.test(safe) ? `${safe}\t` : safe;
  return /[",\r\n\t]/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept;
}
