import type { Bill, LineClass } from '../../contract/bill.ts';
import type { Channel } from '../domain/trade.ts';
import type { BillSums, KeptLine, StoredLine } from './bill-line.ts';
import { billNumbersTable } from './bill-numbers.ts';
import { billPagesTable, isPaged, PAGED, type PagedClass } from './bill-pages.ts';
import type { Db } from './database.ts';

export interface StoredBill {
  billId: number;
  channel: Channel;
  day: string;
  kind: Bill['kind'];
  source: Bill['source'];
  fileName: string | null;
  state: Bill['state'];
  fault: string | null;
  lines: number;
  begunAtMs: number;
  touchedAtMs: number;
  endedAtMs: number | null;
}

const LINE = `line, kind, class, why, trade_no AS tradeNo, provider_trade_no AS providerTradeNo, refund_no AS refundNo,
  amount_fen AS amountFen, here_fen AS hereFen, fee_milli_fen AS feeMilliFen, at_ms AS atMs, status, said, resolution, reason`;
const BILL = `bill_id AS billId, channel, day, kind, source, file_name AS fileName, state, fault, lines,
  begun_at_ms AS begunAtMs, touched_at_ms AS touchedAtMs, ended_at_ms AS endedAtMs`;
/** As the index `bill_lines_open` has it. */
const IS_OPEN = `resolution IS NULL
  AND class IN ('missing_here', 'missing_there', 'amount_differs', 'refund_differs', 'unlisted')`;

const PAGES_AT_ONCE = 20;
/** As SQLite numbers it. */
const FULL = 2;

export type BillsTable = ReturnType<typeof billsTable>;

/**
 * The tables `bills`, `bill_lines` and `bill_pages`: a line that needs nobody is kept with many like it, one that
 * differs is a row of its own.
 */
export function billsTable(db: Db) {
  const pages = billPagesTable(db);
  const numbers = billNumbersTable(db);
  const insert = db.prepare(
    `INSERT INTO bills (channel, day, kind, source, file_name, state, begun_at_ms, touched_at_ms)
     VALUES (:channel, :day, :kind, :source, :fileName, 'running', :nowMs, :nowMs)`,
  );
  const byId = db.prepare<[number], StoredBill>(`SELECT ${BILL} FROM bills WHERE bill_id = ?`);
  const list = db.prepare<[Record<string, unknown>], StoredBill>(
    `SELECT ${BILL} FROM bills WHERE (day, bill_id) < (:day, :billId) ORDER BY day DESC, bill_id DESC LIMIT CAST(:limit AS INTEGER)`,
  );
  const unfinished = db.prepare<[], StoredBill>(
    `SELECT ${BILL} FROM bills INDEXED BY bills_unfinished WHERE state IN ('running', 'asking') ORDER BY bill_id`,
  );
  const same = db
    .prepare<[string, string, string, number], number>(
      'SELECT bill_id FROM bills WHERE channel = ? AND day = ? AND kind = ? AND bill_id <> ?',
    )
    .pluck();
  const tradeBillOf = db
    .prepare<[string, string], number>(
      `SELECT bill_id FROM bills WHERE channel = ? AND day = ? AND kind = 'trade' AND state IN ('asking', 'done')
       ORDER BY bill_id DESC LIMIT 1`,
    )
    .pluck();
  const setState = db.prepare(
    `UPDATE bills SET state = :state, fault = :fault, touched_at_ms = :nowMs,
       ended_at_ms = CASE WHEN :state IN ('done', 'failed') THEN :nowMs END WHERE bill_id = :billId`,
  );
  const progress = db.prepare('UPDATE bills SET lines = ?, touched_at_ms = ? WHERE bill_id = ?');
  const touch = db.prepare('UPDATE bills SET touched_at_ms = ? WHERE bill_id = ?');
  const remove = db.prepare('DELETE FROM bills WHERE bill_id = ?');
  const removeLines = db.prepare(
    'DELETE FROM bill_lines WHERE bill_id = ? AND line IN (SELECT line FROM bill_lines WHERE bill_id = ? LIMIT CAST(? AS INTEGER))',
  );
  const insertLine = db.prepare(
    `INSERT INTO bill_lines (bill_id, line, kind, class, why, trade_no, provider_trade_no, refund_no, amount_fen,
       here_fen, fee_milli_fen, at_ms, status)
     VALUES (:billId, :line, :kind, :class, :why, :tradeNo, :providerTradeNo, :refundNo, :amountFen,
       :hereFen, :feeMilliFen, :atMs, :status)`,
  );
  const lines = db.prepare<[Record<string, unknown>], StoredLine>(
    `SELECT ${LINE} FROM bill_lines WHERE bill_id = :billId AND line > :after ORDER BY line LIMIT CAST(:limit AS INTEGER)`,
  );
  const linesOfClass = db.prepare<[Record<string, unknown>], StoredLine>(
    `SELECT ${LINE} FROM bill_lines WHERE bill_id = :billId AND class = :class AND line > :after ORDER BY line LIMIT CAST(:limit AS INTEGER)`,
  );
  const openLines = db.prepare<[Record<string, unknown>], StoredLine>(
    `SELECT ${LINE} FROM bill_lines WHERE bill_id = :billId AND ${IS_OPEN} AND line > :after ORDER BY line LIMIT CAST(:limit AS INTEGER)`,
  );
  const line = db.prepare<[number, number], StoredLine>(
    `SELECT ${LINE} FROM bill_lines WHERE bill_id = ? AND line = ?`,
  );
  const counts = db.prepare<[number], BillSums['counts'][number]>(
    'SELECT class, count(*) AS count FROM bill_lines WHERE bill_id = ? GROUP BY class',
  );
  const openCount = db
    .prepare<[number], number>(`SELECT count(*) FROM bill_lines WHERE bill_id = ? AND ${IS_OPEN}`)
    .pluck();
  const sums = db.prepare<[number], Omit<BillSums, 'counts' | 'open'>>(
    `SELECT coalesce(sum(amount_fen) FILTER (WHERE kind = 'payment'), 0) AS paidFen,
       coalesce(sum(amount_fen) FILTER (WHERE kind = 'refund'), 0) AS refundedFen,
       coalesce(sum(fee_milli_fen), 0) AS feeMilliFen FROM bill_lines WHERE bill_id = ?`,
  );
  const paidAny = db
    .prepare<[string, number, number], number>(
      "SELECT 1 FROM trades WHERE state = 'paid' AND channel = ? AND paid_at_ms >= ? AND paid_at_ms < ? LIMIT 1",
    )
    .pluck();
  // Cancelled at the wallet: paid and given back whole within one bill, and closed here.
  const undo = db.prepare(
    `UPDATE bill_lines SET class = 'matched', why = 'undone' WHERE bill_id = :billId AND trade_no IN (
       SELECT paid.trade_no FROM bill_lines AS paid JOIN trades USING (trade_no)
       WHERE paid.bill_id = :billId AND paid.class = 'missing_here' AND paid.why = 'not_paid_here'
         AND trades.state = 'closed' AND paid.amount_fen = (
           SELECT sum(back.amount_fen) FROM bill_lines AS back INDEXED BY bill_lines_of_trade
           WHERE back.bill_id = :billId AND back.trade_no = paid.trade_no AND back.kind = 'refund'))`,
  );
  const decided = db.prepare<[number], StoredLine>(
    `SELECT ${LINE} FROM bill_lines WHERE bill_id = ? AND resolution = 'by_person'`,
  );
  const inherit = db.prepare(
    `UPDATE bill_lines INDEXED BY bill_lines_open SET resolution = 'by_person', reason = :reason
     WHERE bill_id = :billId AND ${IS_OPEN} AND class = :class AND trade_no IS :tradeNo AND refund_no IS :refundNo
       AND amount_fen IS :amountFen AND here_fen IS :hereFen`,
  );
  const note = db.prepare(
    'UPDATE bill_lines SET said = :said, resolution = :resolution, reason = :reason WHERE bill_id = :billId AND line = :line',
  );

  return {
    insert(
      bill: Pick<StoredBill, 'channel' | 'day' | 'kind' | 'source' | 'fileName'>,
      nowMs: number,
    ): number {
      return Number(insert.run({ ...bill, nowMs }).lastInsertRowid);
    },
    byId: (billId: number): StoredBill | undefined => byId.get(billId),
    /** Newest day first, after the given one. */
    list: (after: { day: string; billId: number }, limit: number): StoredBill[] =>
      list.all({ ...after, limit }),
    unfinished: (): StoredBill[] => unfinished.all(),
    /** The trade bill of the same wallet and day, once it is read. */
    tradeBillOf: (bill: StoredBill): number | undefined => tradeBillOf.get(bill.channel, bill.day),
    /** Earlier bills of the same wallet, day and kind. */
    earlier: (bill: StoredBill): number[] => same.all(bill.channel, bill.day, bill.kind, bill.billId),
    setState(billId: number, state: StoredBill['state'], fault: string | null, nowMs: number): void {
      setState.run({ billId, state, fault, nowMs });
    },
    progress(billId: number, count: number, nowMs: number): void {
      progress.run(count, nowMs, billId);
    },
    /** A sign of life of whoever works on it. */
    touch(billId: number, nowMs: number): void {
      touch.run(nowMs, billId);
    },
    numbers,
    /**
     * Runs a transaction that a power cut may undo, where every other one waits for the disk. It is on disk with the
     * next that does. For what is read again from a file if it is lost.
     */
    unhurried<T>(transaction: () => T): T {
      const synchronous = db.pragma('synchronous', { simple: true });
      if (synchronous !== FULL) return transaction();
      db.pragma('synchronous = NORMAL');
      try {
        return transaction();
      } finally {
        db.pragma('synchronous = FULL');
      }
    },
    /** Removes up to `limit` lines, numbers and as many pages as are quick; returns how many there were. */
    removeLines: (billId: number, limit: number): number =>
      removeLines.run(billId, billId, limit).changes +
      numbers.remove(billId, limit) +
      pages.remove(billId, PAGES_AT_ONCE),
    /** A bill whose lines are removed. */
    remove(billId: number): void {
      remove.run(billId);
    },
    /** Lines in their order, each to where its class is kept. */
    insertLines(billId: number, stored: readonly KeptLine[]): void {
      const paged = new Map<PagedClass, KeptLine[]>();
      for (const each of stored) {
        const { class: name } = each;
        if (!isPaged(name)) insertLine.run({ billId, ...each });
        else if (paged.has(name)) paged.get(name)?.push(each);
        else paged.set(name, [each]);
      }
      for (const [name, some] of paged) pages.insert(billId, name, some);
    },
    line: (billId: number, number: number): StoredLine | undefined => line.get(billId, number),
    /** Lines after `after`, of one class, or those that wait for a person, or all. */
    lines(billId: number, which: LineClass | 'open' | undefined, after: number, limit: number): StoredLine[] {
      const asked = { billId, after, limit };
      if (which === 'open') return openLines.all(asked);
      const rows = which ? linesOfClass.all({ ...asked, class: which }) : lines.all(asked);
      const paged = PAGED.filter((name) => which === undefined || which === name);
      return [...rows, ...paged.flatMap((name) => pages.lines(billId, name, after, limit))]
        .sort((a, b) => a.line - b.line)
        .slice(0, limit);
    },
    sums(billId: number): BillSums {
      const rows = sums.get(billId) ?? { paidFen: 0, refundedFen: 0, feeMilliFen: 0 };
      const paged = pages.sums(billId);
      const counted = new Map<LineClass, number>();
      for (const { class: name, count } of [...counts.all(billId), ...paged.counts])
        counted.set(name, (counted.get(name) ?? 0) + count);
      return {
        paidFen: rows.paidFen + paged.paidFen,
        refundedFen: rows.refundedFen + paged.refundedFen,
        feeMilliFen: rows.feeMilliFen + paged.feeMilliFen,
        counts: [...counted].map(([name, count]) => ({ class: name, count })),
        open: openCount.get(billId) ?? 0,
      };
    },
    isAnyPaid: (channel: Channel, fromMs: number, toMs: number): boolean =>
      paidAny.get(channel, fromMs, toMs) === 1,
    /** Takes what was cancelled at the wallet, and closed here, for what it is: nothing. */
    matchUndone(billId: number): void {
      undo.run({ billId });
    },
    /** What a person decided about the same difference on an earlier reading still holds. */
    inherit(billId: number, from: number): void {
      for (const line of decided.all(from)) inherit.run({ ...line, billId });
    },
    note(billId: number, number: number, noted: Pick<StoredLine, 'said' | 'resolution' | 'reason'>): void {
      note.run({ billId, line: number, ...noted });
    },
  };
}
