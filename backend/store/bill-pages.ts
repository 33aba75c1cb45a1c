import type { LineClass } from '../../contract/bill.ts';
import type { BillSums, KeptLine, StoredLine } from './bill-line.ts';
import type { Db } from './database.ts';

/** Classes of lines that nobody has to look at: kept by the page. */
export const PAGED = ['matched', 'fee', 'other_till', 'withdrawal'] as const satisfies LineClass[];
export type PagedClass = (typeof PAGED)[number];

/** Of the sums of a bill, what does not change any more. */
export type PageSums = Omit<BillSums, 'open'>;

/** A line as a page has it: its cells in the order of {@link cellsOf}. */
type Cells = [
  number,
  StoredLine['kind'],
  string | null,
  string | null,
  string | null,
  string | null,
  number | null,
  number | null,
  number,
  number | null,
  string,
];

interface Page {
  class: PagedClass;
  lines: string;
}

/** So few that a page's text is no large object to the garbage collector. */
const PAGE_LINES = 250;

/** The table `bill_pages`: the lines of a bill that agree, many in a row. */
export function billPagesTable(db: Db) {
  const insert = db.prepare(
    `INSERT INTO bill_pages (bill_id, class, first_line, last_line, count, paid_fen, refunded_fen, fee_milli_fen, lines)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const after = db.prepare<[number, string, number], Page>(
    'SELECT class, lines FROM bill_pages WHERE bill_id = ? AND class = ? AND last_line > ? ORDER BY last_line',
  );
  const counts = db.prepare<[number], PageSums['counts'][number]>(
    'SELECT class, sum(count) AS count FROM bill_pages WHERE bill_id = ? GROUP BY class',
  );
  const sums = db.prepare<[number], Omit<PageSums, 'counts'>>(
    `SELECT coalesce(sum(paid_fen), 0) AS paidFen, coalesce(sum(refunded_fen), 0) AS refundedFen,
       coalesce(sum(fee_milli_fen), 0) AS feeMilliFen FROM bill_pages WHERE bill_id = ?`,
  );
  const removeSome = db.prepare(
    `DELETE FROM bill_pages WHERE page_id IN (
       SELECT page_id FROM bill_pages WHERE bill_id = ? LIMIT CAST(? AS INTEGER))`,
  );

  function page(billId: number, name: PagedClass, lines: readonly KeptLine[]): void {
    const [first, last] = [lines[0], lines.at(-1)];
    if (!first || !last) return;
    let [paidFen, refundedFen, feeMilliFen] = [0, 0, 0];
    for (const line of lines) {
      if (line.kind === 'payment') paidFen += line.amountFen ?? 0;
      if (line.kind === 'refund') refundedFen += line.amountFen ?? 0;
      feeMilliFen += line.feeMilliFen;
    }
    const cells = JSON.stringify(lines.map(cellsOf));
    insert.run(billId, name, first.line, last.line, lines.length, paidFen, refundedFen, feeMilliFen, cells);
  }

  return {
    /** Lines of one class, in their order. */
    insert(billId: number, name: PagedClass, lines: readonly KeptLine[]): void {
      for (let at = 0; at < lines.length; at += PAGE_LINES)
        page(billId, name, lines.slice(at, at + PAGE_LINES));
    },
    /** Up to `limit` lines of a class, after the line `from`. */
    lines(billId: number, name: PagedClass, from: number, limit: number): StoredLine[] {
      const found: StoredLine[] = [];
      for (const page of after.iterate(billId, name, from)) {
        for (const cells of JSON.parse(page.lines) as Cells[])
          if (cells[0] > from) found.push(lineOf(page, cells));
        if (found.length >= limit) break;
      }
      return found.slice(0, limit);
    },
    sums(billId: number): PageSums {
      const summed = sums.get(billId) ?? { paidFen: 0, refundedFen: 0, feeMilliFen: 0 };
      return { ...summed, counts: counts.all(billId) };
    },
    /** Removes up to `limit` pages; returns how many there were. */
    remove: (billId: number, limit: number): number => removeSome.run(billId, limit).changes,
  };
}

export function isPaged(name: LineClass): name is PagedClass {
  return (PAGED as readonly LineClass[]).includes(name);
}

function cellsOf(line: KeptLine): Cells {
  return [
    line.line,
    line.kind,
    line.why,
    line.tradeNo,
    line.providerTradeNo,
    line.refundNo,
    line.amountFen,
    line.hereFen,
    line.feeMilliFen,
    line.atMs,
    line.status,
  ];
}

function lineOf(page: Page, cells: Cells): StoredLine {
  const [line, kind, why, tradeNo, providerTradeNo, refundNo, amountFen, hereFen, feeMilliFen, atMs, status] =
    cells;
  return {
    line,
    kind,
    class: page.class,
    why,
    tradeNo,
    providerTradeNo,
    refundNo,
    amountFen,
    hereFen,
    feeMilliFen,
    atMs,
    status,
    said: null,
    resolution: null,
    reason: null,
  };
}
