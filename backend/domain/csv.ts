/** What spreadsheets take as UTF-8. */
export const CSV_START = '\uFEFF';

/** One row of CSV (RFC 4180). */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

/**
 * A text that a spreadsheet would run as a formula, or a number so long that it would round it, is marked as
 * text: by an apostrophe or by a tab behind it.
 */
function csvCell(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = /^[=+\-@\t\r]/.test(cell) && !/^-?\d+(\.\d+)?$/.test(cell) ? `'${cell}` : cell;
  const kept = /^\d{12,}$/.test(safe) ? `${safe}\t` : safe;
  return /[",\r\n\t]/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept;
}
