import type { Fen } from '../domain/money.ts';
import type { Refund, RefundIncident, RefundState } from '../domain/refund.ts';
import type { Channel } from '../domain/trade.ts';
import type { Db } from './database.ts';
import { asPage, type Page, type PageQuery, readCursor } from './page.ts';

interface Row {
  refund_no: string;
  trade_no: string;
  order_no: string;
  channel: string;
  amount_fen: number;
  reason: string;
  why: string;
  origin: string;
  state: string;
  provider_refund_no: string | null;
  requested_at_ms: number;
  sends: number;
  last_sent_at_ms: number | null;
  succeeded_at_ms: number | null;
  ended_at_ms: number | null;
  unknown_since_ms: number | null;
  held: string | null;
  refusal_reason: string | null;
  refusal_code: string | null;
  refusal_message: string | null;
  incident: string | null;
  set_aside_at_ms: number | null;
  set_aside_reason: string | null;
}

/** What became of a payment: given back, and still held by refunds that may give back. */
export interface RefundSums {
  succeededFen: Fen;
  heldFen: Fen;
  /** The part of what is held about which a person ended the asking. */
  setAsideFen: Fen;
}

/** Before the newest row of all. */
const AFTER_ALL = { beforeMs: Number.MAX_SAFE_INTEGER, beforeKey: '' };

export type RefundsTable = ReturnType<typeof refundsTable>;

/**
 * The table `refunds`. That they never exceed what was paid, and keep their terms, the database itself sees to.
 * Call what writes inside a transaction.
 */
export function refundsTable(db: Db) {
  const fixed = [
    'refund_no',
    'trade_no',
    'order_no',
    'channel',
    'amount_fen',
    'reason',
    'why',
    'origin',
    'requested_at_ms',
  ];
  const changing = [
    'state',
    'provider_refund_no',
    'sends',
    'last_sent_at_ms',
    'succeeded_at_ms',
    'ended_at_ms',
    'unknown_since_ms',
    'held',
    'refusal_reason',
    'refusal_code',
    'refusal_message',
    'incident',
    'set_aside_at_ms',
    'set_aside_reason',
  ];
  const columns = [...fixed, ...changing];
  const insert = db.prepare(
    `INSERT INTO refunds (${columns.join(', ')}) VALUES (${columns.map((name) => `:${name}`).join(', ')})`,
  );
  const update = db.prepare(
    `UPDATE refunds SET ${changing.map((name) => `${name} = :${name}`).join(', ')} WHERE refund_no = :refund_no`,
  );
  const byNo = db.prepare<[string], Row>('SELECT * FROM refunds WHERE refund_no = ?');
  const ofTrade = db.prepare<[string], Row>(
    'SELECT * FROM refunds WHERE trade_no = ? ORDER BY requested_at_ms, refund_no',
  );
  const held = "state NOT IN ('succeeded', 'closed', 'refused', 'withdrawn')";
  const sums = db.prepare<[string], { succeeded: number; held: number; setAside: number }>(
    `SELECT coalesce(sum(amount_fen) FILTER (WHERE state = 'succeeded'), 0) AS succeeded,
       coalesce(sum(amount_fen) FILTER (WHERE ${held}), 0) AS held,
       coalesce(sum(amount_fen) FILTER (WHERE ${held} AND set_aside_at_ms IS NOT NULL), 0) AS setAside
     FROM refunds WHERE trade_no = ?`,
  );
  const page = (where: string) =>
    db.prepare<[Record<string, unknown>], Row>(
      `SELECT * FROM refunds WHERE (requested_at_ms, refund_no) < (:beforeMs, :beforeKey) ${where}
       ORDER BY requested_at_ms DESC, refund_no DESC LIMIT :limit`,
    );
  const newest = page('');
  const newestOfState = page('AND state = :state');

  return {
    insert(refund: Refund): void {
      insert.run(toRow(refund));
    },
    update(refund: Refund): void {
      update.run(toRow(refund));
    },
    /** Writes one that ended without giving anything back: its part is free again. */
    free(refund: Refund): void {
      update.run(toRow(refund));
    },
    byNo(refundNo: string): Refund | undefined {
      return fromRow(byNo.get(refundNo));
    },
    /** Oldest first. */
    ofTrade(tradeNo: string): Refund[] {
      return ofTrade.all(tradeNo).map((row) => fromRow(row));
    },
    sums(tradeNo: string): RefundSums {
      const row = sums.get(tradeNo);
      const { succeeded = 0, held: heldFen = 0, setAside = 0 } = row ?? {};
      return { succeededFen: succeeded as Fen, heldFen: heldFen as Fen, setAsideFen: setAside as Fen };
    },
    /** Newest first. */
    list(filter: { state?: RefundState } & PageQuery): Page<Refund> {
      const from = filter.cursor === undefined ? AFTER_ALL : readCursor(filter.cursor);
      const limit = filter.limit + 1;
      const rows =
        filter.state === undefined
          ? newest.all({ ...from, limit })
          : newestOfState.all({ ...from, limit, state: filter.state });
      const found = asPage(rows, filter.limit, (row) => ({ ms: row.requested_at_ms, key: row.refund_no }));
      return { ...found, items: found.items.map((row) => fromRow(row)) };
    },
  };
}

function toRow(refund: Refund): Row {
  return {
    refund_no: refund.refundNo,
    trade_no: refund.tradeNo,
    order_no: refund.orderNo,
    channel: refund.channel,
    amount_fen: refund.amountFen,
    reason: refund.reason,
    why: refund.why,
    origin: refund.origin,
    state: refund.state,
    provider_refund_no: refund.providerRefundNo,
    requested_at_ms: refund.requestedAtMs,
    sends: refund.sends,
    last_sent_at_ms: refund.lastSentAtMs,
    succeeded_at_ms: refund.succeededAtMs,
    ended_at_ms: refund.endedAtMs,
    unknown_since_ms: refund.unknownSinceMs,
    held: refund.held,
    refusal_reason: refund.refusal?.reason ?? null,
    refusal_code: refund.refusal?.code ?? null,
    refusal_message: refund.refusal?.message ?? null,
    incident: refund.incident,
    set_aside_at_ms: refund.setAside?.atMs ?? null,
    set_aside_reason: refund.setAside?.reason ?? null,
  };
}

function fromRow(row: Row): Refund;
function fromRow(row: Row | undefined): Refund | undefined;
function fromRow(row: Row | undefined): Refund | undefined {
  if (!row) return undefined;
  return {
    refundNo: row.refund_no,
    tradeNo: row.trade_no,
    orderNo: row.order_no,
    channel: row.channel as Channel,
    amountFen: row.amount_fen as Fen,
    reason: row.reason,
    why: row.why as Refund['why'],
    origin: row.origin as Refund['origin'],
    state: row.state as RefundState,
    providerRefundNo: row.provider_refund_no,
    requestedAtMs: row.requested_at_ms,
    sends: row.sends,
    lastSentAtMs: row.last_sent_at_ms,
    succeededAtMs: row.succeeded_at_ms,
    endedAtMs: row.ended_at_ms,
    unknownSinceMs: row.unknown_since_ms,
    held: row.held as Refund['held'],
    refusal:
      row.refusal_reason === null
        ? null
        : { reason: row.refusal_reason, code: row.refusal_code ?? '', message: row.refusal_message ?? '' },
    incident: row.incident as RefundIncident | null,
    setAside:
      row.set_aside_at_ms === null ? null : { atMs: row.set_aside_at_ms, reason: row.set_aside_reason ?? '' },
  };
}
