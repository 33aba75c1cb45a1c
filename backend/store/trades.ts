import type { Statement } from 'better-sqlite3';
import type { Fen } from '../domain/money.ts';
import type { Channel, Incident, Trade, TradeState } from '../domain/trade.ts';
import type { Db } from './database.ts';
import { asPage, type Page, type PageQuery } from './page.ts';
import { AMOUNT, between, comparison, foundOrders, like, pageFinder } from './search.ts';

interface Row {
  trade_no: string;
  order_no: string;
  charge_id: string;
  channel: string;
  state: string;
  amount_fen: number;
  subject: string;
  created_at_ms: number;
  expires_at_ms: number;
  code_url: string | null;
  code_at_ms: number | null;
  provider_trade_no: string | null;
  payer: string | null;
  paid_at_ms: number | null;
  closed_at_ms: number | null;
  payable_until_ms: number | null;
  late: number;
  surplus: number;
  incident: string | null;
  refusal_reason: string | null;
  refusal_code: string | null;
  refusal_message: string | null;
  unknown_asking: string | null;
  unknown_since_ms: number | null;
  refund_due: string | null;
  set_aside_at_ms: number | null;
  set_aside_reason: string | null;
}

/** What a search of the history asks for; all of it at once. */
export interface TradeFilter {
  text?: string;
  /** What the text means as an amount, if it is one. */
  amountFen?: number;
  state?: TradeState;
  channel?: Channel;
  /** As in the column `charged_by`. */
  cashier?: string;
  /** Begun in [fromMs, toMs). */
  fromMs?: number;
  toMs?: number;
  /** Both inclusive. */
  amountFromFen?: number;
  amountToFen?: number;
}

export type TradesTable = ReturnType<typeof tradesTable>;

/**
 * The table `trades`. Rows are changed only by the settle service, inside its transaction. `chargedBy` says in whose
 * name the running transaction begins a charge.
 */
export function tradesTable(db: Db, chargedBy: () => string | null) {
  const columns = [
    'trade_no',
    'order_no',
    'charge_id',
    'channel',
    'state',
    'amount_fen',
    'subject',
    'created_at_ms',
    'expires_at_ms',
    'code_url',
    'code_at_ms',
    'provider_trade_no',
    'payer',
    'paid_at_ms',
    'closed_at_ms',
    'payable_until_ms',
    'late',
    'surplus',
    'incident',
    'refusal_reason',
    'refusal_code',
    'refusal_message',
    'unknown_asking',
    'unknown_since_ms',
    'refund_due',
    'set_aside_at_ms',
    'set_aside_reason',
  ] as const;
  const fixed = new Set<keyof Row>([
    'trade_no',
    'order_no',
    'charge_id',
    'channel',
    'amount_fen',
    'subject',
    'created_at_ms',
    'expires_at_ms',
  ]);
  const changeable = columns.filter((name) => !fixed.has(name));
  const insert = db.prepare(
    `INSERT INTO trades (${columns.join(', ')}, charged_by)
     VALUES (${columns.map(() => '?').join(', ')}, ?)`,
  );
  /** By the columns that it changes, one bit each: an index costs only whoever changes what it holds. */
  const updates = new Map<number, Statement>();
  function updateOf(changed: number): Statement {
    const known = updates.get(changed);
    if (known) return known;
    const set = changeable.filter((_, bit) => changed & (1 << bit)).map((name) => `${name} = ?`);
    const update = db.prepare(`UPDATE trades SET ${set.join(', ')} WHERE trade_no = ?`);
    updates.set(changed, update);
    return update;
  }
  const byNo = db.prepare<[string], Row>('SELECT * FROM trades WHERE trade_no = ?');
  // Cast, here and below, so that it is planned once and not at every use: see outbox.ts.
  const ofCharge = db.prepare<[string], Row>(
    'SELECT * FROM trades WHERE charge_id = CAST(? AS TEXT) ORDER BY channel, created_at_ms',
  );
  const ofOrder = db.prepare<[string], Row>(
    'SELECT * FROM trades WHERE order_no = CAST(? AS TEXT) ORDER BY created_at_ms, channel',
  );
  // By its charge: the planner would take the index by state and read every trade that is being opened.
  const anyOpening = db
    .prepare<[string], number>(
      "SELECT EXISTS (SELECT 1 FROM trades WHERE charge_id = ? AND +state = 'created' AND unknown_asking IS NULL)",
    )
    .pluck();
  // Named, since the planner would take the index by state and read every trade that is open.
  const expired = db.prepare<[number, number], Row>(
    `SELECT * FROM trades INDEXED BY trades_deadline
     WHERE state IN ('created', 'awaiting_payment', 'paying') AND set_aside_at_ms IS NULL
       AND expires_at_ms <= ? ORDER BY expires_at_ms LIMIT CAST(? AS INTEGER)`,
  );
  const nextDeadline = db
    .prepare<[], number | null>(
      `SELECT min(expires_at_ms) FROM trades INDEXED BY trades_deadline
       WHERE state IN ('created', 'awaiting_payment', 'paying') AND set_aside_at_ms IS NULL`,
    )
    .pluck();
  /** What went back has a number of its own, by its beginning or end. */
  const refunded = `SELECT trade_no FROM refunds WHERE ${between('refund_no', 'from', 'to')}
      UNION ALL SELECT trade_no FROM refunds WHERE ${between('refund_no', 'upper', 'upperTo')}
      UNION ALL SELECT trade_no FROM refunds WHERE substr(refund_no, -4) = :end AND ${like('refund_no', 'ends')}
      UNION ALL SELECT trade_no FROM refunds WHERE substr(refund_no, -4) = :upperEnd AND ${like('refund_no', 'ends')}`;
  const find = pageFinder<Row>(db, {
    table: 'trades',
    key: 'trade_no',
    compared: comparison(
      ['trade_no', 'order_no', 'provider_trade_no'],
      ['subject'],
      [`trade_no IN (${refunded})`],
    ),
    bounds: {
      fromMs: 'created_at_ms >= CAST(:fromMs AS INTEGER)',
      toMs: 'created_at_ms < CAST(:toMs AS INTEGER)',
      amountFromFen: 'amount_fen >= CAST(:amountFromFen AS INTEGER)',
      amountToFen: 'amount_fen <= CAST(:amountToFen AS INTEGER)',
    },
    found: `
      ${foundOrders('trade_no', 'CROSS JOIN trades USING (order_no)')}
      UNION ALL SELECT trade_no FROM trades WHERE ${between('trade_no', 'upper', 'upperTo')}
      UNION ALL SELECT trade_no FROM trades WHERE substr(trade_no, -4) = :upperEnd AND ${like('trade_no', 'ends')}
      UNION ALL SELECT trade_no FROM trades WHERE ${between('provider_trade_no', 'from', 'to')}
      UNION ALL SELECT trade_no FROM trades WHERE substr(provider_trade_no, -4) = :end AND provider_trade_no IS NOT NULL
      UNION ALL ${refunded}
      UNION ALL SELECT trade_no FROM trades WHERE ${AMOUNT}`,
  });
  // From one to the next: reading each trade for it would take as long as there are trades.
  const cashiers = db
    .prepare<[], string>(
      `WITH RECURSIVE one (name) AS (
         SELECT min(charged_by) FROM trades WHERE charged_by IS NOT NULL
         UNION ALL SELECT (SELECT min(charged_by) FROM trades WHERE charged_by > name) FROM one WHERE name IS NOT NULL)
       SELECT name FROM one WHERE name IS NOT NULL`,
    )
    .pluck();
  const paidBetween = db.prepare<[number, number], { channel: string; paid_fen: number; paid_count: number }>(
    `SELECT channel, sum(amount_fen) AS paid_fen, count(*) AS paid_count FROM trades
     WHERE state = 'paid' AND paid_at_ms >= ? AND paid_at_ms < ? GROUP BY channel ORDER BY channel`,
  );

  return {
    insert(trade: Trade): void {
      const row = toRow(trade);
      insert.run(...columns.map((name) => row[name]), chargedBy());
    },
    /** Writes what differs between the row as it is, read in this transaction, and as it is to be; whether anything does. */
    update(before: Trade, after: Trade): boolean {
      const [was, row] = [toRow(before), toRow(after)];
      let changed = 0;
      const values: (string | number | null)[] = [];
      for (const [bit, name] of changeable.entries()) {
        if (row[name] === was[name]) continue;
        changed |= 1 << bit;
        values.push(row[name]);
      }
      if (changed !== 0) updateOf(changed).run(...values, before.tradeNo);
      return changed !== 0;
    },
    byNo(tradeNo: string): Trade | undefined {
      return fromRow(byNo.get(tradeNo));
    },
    ofCharge(chargeId: string): Trade[] {
      return ofCharge.all(chargeId).map((row) => fromRow(row));
    },
    /** Every trade of the order, of all its charges, oldest first. */
    ofOrder(orderNo: string): Trade[] {
      return ofOrder.all(orderNo).map((row) => fromRow(row));
    },
    /** Whether a wallet is being asked for a code of this charge, with no answer missing yet. */
    anyOpening(chargeId: string): boolean {
      return anyOpening.get(chargeId) === 1;
    },
    /** Trades whose deadline has passed and that still wait for a payment, longest first. */
    expired(nowMs: number, limit: number): Trade[] {
      return expired.all(nowMs, limit).map((row) => fromRow(row));
    },
    /** The earliest deadline that is still to pass, ms since the epoch; null when there is none. */
    nextDeadlineMs(): number | null {
      return nextDeadline.get() ?? null;
    },
    /** `text` finds numbers by beginning or end, and subjects. */
    list(filter: TradeFilter & PageQuery): Page<Trade> {
      const { state, channel, cashier, fromMs, toMs, amountFromFen, amountToFen } = filter;
      const rows = find(filter, {
        state,
        channel,
        charged_by: cashier,
        fromMs,
        toMs,
        amountFromFen,
        amountToFen,
      });
      const page = asPage(rows, filter.limit, (row) => ({ ms: row.created_at_ms, key: row.trade_no }));
      return { ...page, items: page.items.map((row) => fromRow(row)) };
    },
    /** Everybody who has ever begun a charge, as in the column `charged_by`. */
    cashiers: (): string[] => cashiers.all(),
    /** Takings by channel of trades paid in [fromMs, toMs). */
    paidBetween(fromMs: number, toMs: number): { channel: Channel; paidFen: number; paidCount: number }[] {
      return paidBetween.all(fromMs, toMs).map((row) => ({
        channel: row.channel as Channel,
        paidFen: row.paid_fen,
        paidCount: row.paid_count,
      }));
    },
  };
}

function toRow(trade: Trade): Row {
  return {
    trade_no: trade.tradeNo,
    order_no: trade.orderNo,
    charge_id: trade.chargeId,
    channel: trade.channel,
    state: trade.state,
    amount_fen: trade.amountFen,
    subject: trade.subject,
    created_at_ms: trade.createdAtMs,
    expires_at_ms: trade.expiresAtMs,
    code_url: trade.codeUrl,
    code_at_ms: trade.codeAtMs,
    provider_trade_no: trade.providerTradeNo,
    payer: trade.payer,
    paid_at_ms: trade.paidAtMs,
    closed_at_ms: trade.closedAtMs,
    payable_until_ms: trade.payableUntilMs,
    late: trade.late ? 1 : 0,
    surplus: trade.surplus ? 1 : 0,
    incident: trade.incident,
    refusal_reason: trade.refusal?.reason ?? null,
    refusal_code: trade.refusal?.code ?? null,
    refusal_message: trade.refusal?.message ?? null,
    unknown_asking: trade.unknown?.asking ?? null,
    unknown_since_ms: trade.unknown?.sinceMs ?? null,
    refund_due: trade.refundDue,
    set_aside_at_ms: trade.setAside?.atMs ?? null,
    set_aside_reason: trade.setAside?.reason ?? null,
  };
}

function fromRow(row: Row): Trade;
function fromRow(row: Row | undefined): Trade | undefined;
function fromRow(row: Row | undefined): Trade | undefined {
  if (!row) return undefined;
  return {
    tradeNo: row.trade_no,
    orderNo: row.order_no,
    chargeId: row.charge_id,
    channel: row.channel as Channel,
    state: row.state as TradeState,
    amountFen: row.amount_fen as Fen,
    subject: row.subject,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    codeUrl: row.code_url,
    codeAtMs: row.code_at_ms,
    providerTradeNo: row.provider_trade_no,
    payer: row.payer,
    paidAtMs: row.paid_at_ms,
    closedAtMs: row.closed_at_ms,
    payableUntilMs: row.payable_until_ms,
    late: row.late === 1,
    surplus: row.surplus === 1,
    incident: row.incident as Incident | null,
    refusal:
      row.refusal_reason === null
        ? null
        : { reason: row.refusal_reason, code: row.refusal_code ?? '', message: row.refusal_message ?? '' },
    unknown:
      row.unknown_asking === null || row.unknown_since_ms === null
        ? null
        : { asking: row.unknown_asking as 'create' | 'query' | 'close', sinceMs: row.unknown_since_ms },
    refundDue: row.refund_due as Trade['refundDue'],
    setAside:
      row.set_aside_at_ms === null ? null : { atMs: row.set_aside_at_ms, reason: row.set_aside_reason ?? '' },
  };
}
