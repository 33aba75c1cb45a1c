import type { ShiftTotals } from '../../contract/shift.ts';
import type { Channel } from '../domain/trade.ts';
import type { Db } from './database.ts';

export interface StoredShift {
  shiftId: number;
  openedAtMs: number;
  openedBy: string | null;
  fromSeq: number;
  closed: {
    atMs: number;
    by: string | null;
    toSeq: number;
    headHash: string;
    unfinished: number;
    reason: string | null;
    totals: ShiftTotals;
  } | null;
}

interface Row {
  shift_id: number;
  opened_at_ms: number;
  opened_by: string | null;
  from_seq: number;
  closed_at_ms: number | null;
  closed_by: string | null;
  to_seq: number | null;
  head_hash: string | null;
  unfinished: number | null;
  reason: string | null;
  totals: string | null;
}

export type ShiftsTable = ReturnType<typeof shiftsTable>;

/** The table `shifts`, and what the ledger says was taken between two positions. */
export function shiftsTable(db: Db) {
  const open = db.prepare('INSERT INTO shifts (opened_at_ms, opened_by, from_seq) VALUES (?, ?, ?)');
  const current = db.prepare<[], Row>('SELECT * FROM shifts WHERE closed_at_ms IS NULL');
  const last = db.prepare<[], Row>('SELECT * FROM shifts ORDER BY shift_id DESC LIMIT 1');
  const byId = db.prepare<[number], Row>('SELECT * FROM shifts WHERE shift_id = ?');
  const list = db.prepare<[number, number], Row>(
    'SELECT * FROM shifts WHERE shift_id < ? ORDER BY shift_id DESC LIMIT CAST(? AS INTEGER)',
  );
  const close = db.prepare(
    `UPDATE shifts SET closed_at_ms = :atMs, closed_by = :by, to_seq = :toSeq, head_hash = :headHash,
       unfinished = :unfinished, reason = :reason, totals = :totals WHERE shift_id = :shiftId AND closed_at_ms IS NULL`,
  );
  const taken = db.prepare<[number, number], { channel: Channel; paidFen: number; paidCount: number }>(
    `SELECT trades.channel, sum(trades.amount_fen) AS paidFen, count(*) AS paidCount
     FROM events JOIN trades USING (trade_no)
     WHERE seq > ? AND seq <= ? AND type = 'trade.changed' AND to_state = 'paid' AND from_state <> 'paid'
     GROUP BY trades.channel ORDER BY trades.channel`,
  );
  const returned = db.prepare<
    [number, number],
    { channel: Channel; refundedFen: number; refundedCount: number }
  >(
    `SELECT refunds.channel, sum(refunds.amount_fen) AS refundedFen, count(*) AS refundedCount
     FROM events JOIN refunds USING (refund_no)
     WHERE seq > ? AND seq <= ? AND type = 'refund.changed' AND to_state = 'succeeded'
     GROUP BY refunds.channel`,
  );
  const unfinished = db
    .prepare<[], number>(
      `SELECT (SELECT count(*) FROM trades
         WHERE state IN ('created', 'awaiting_payment', 'paying', 'closing') AND set_aside_at_ms IS NULL)
         + (SELECT count(*) FROM refunds WHERE state IN ('queued', 'asked') AND set_aside_at_ms IS NULL)`,
    )
    .pluck();

  return {
    open(atMs: number, by: string | null, fromSeq: number): number {
      return Number(open.run(atMs, by, fromSeq).lastInsertRowid);
    },
    close(shiftId: number, closed: NonNullable<StoredShift['closed']>): void {
      close.run({ shiftId, ...closed, totals: JSON.stringify(closed.totals) });
    },
    current: (): StoredShift | undefined => fromRow(current.get()),
    last: (): StoredShift | undefined => fromRow(last.get()),
    byId: (shiftId: number): StoredShift | undefined => fromRow(byId.get(shiftId)),
    /** Newest first, older than the given one. */
    list: (before: number, limit: number): StoredShift[] =>
      list.all(before, limit).flatMap((row) => fromRow(row) ?? []),
    /** What became paid, and what was given back, after position `fromSeq`, up to `toSeq`. */
    taken(fromSeq: number, toSeq: number): ShiftTotals {
      const byChannel = new Map<Channel, ChannelTotals>();
      const of = (channel: Channel) => byChannel.get(channel) ?? { ...NOTHING, channel };
      for (const paid of taken.all(fromSeq, toSeq))
        byChannel.set(paid.channel, { ...of(paid.channel), ...paid });
      for (const back of returned.all(fromSeq, toSeq))
        byChannel.set(back.channel, { ...of(back.channel), ...back });
      return totalsOf([...byChannel.values()].sort((a, b) => (a.channel < b.channel ? -1 : 1)));
    },
    /** Trades and refunds whose outcome is not known yet. */
    unfinished: (): number => unfinished.get() ?? 0,
  };
}

type ChannelTotals = ShiftTotals['byChannel'][number];

const NOTHING = { paidFen: 0, paidCount: 0, refundedFen: 0, refundedCount: 0 };

function totalsOf(byChannel: ChannelTotals[]): ShiftTotals {
  const sum = { ...NOTHING };
  for (const each of byChannel) {
    sum.paidFen += each.paidFen;
    sum.paidCount += each.paidCount;
    sum.refundedFen += each.refundedFen;
    sum.refundedCount += each.refundedCount;
  }
  return { ...sum, byChannel };
}

/** As they were printed; the first slips had refunds in one sum alone. */
function printed(totals: string | null): ShiftTotals {
  const kept = { ...NOTHING, byChannel: [], ...(JSON.parse(totals ?? '{}') as Partial<ShiftTotals>) };
  return { ...kept, byChannel: kept.byChannel.map((each) => ({ ...NOTHING, ...each })) };
}

function fromRow(row: Row | undefined): StoredShift | undefined {
  if (!row) return undefined;
  return {
    shiftId: row.shift_id,
    openedAtMs: row.opened_at_ms,
    openedBy: row.opened_by,
    fromSeq: row.from_seq,
    closed:
      row.closed_at_ms === null
        ? null
        : {
            atMs: row.closed_at_ms,
            by: row.closed_by,
            toSeq: row.to_seq ?? 0,
            headHash: row.head_hash ?? '',
            unfinished: row.unfinished ?? 0,
            reason: row.reason,
            totals: printed(row.totals),
          },
  };
}
