import type { TradeState } from '../domain/trade.ts';
import type { Db } from './database.ts';

/** One committed happening. `seq` is the position that streams resume from. */
export interface StoredEvent {
  seq: number;
  atMs: number;
  type:
    | 'order.created'
    | 'order.cancelled'
    | 'order.paid'
    | 'charge.started'
    | 'charge.ended'
    | 'trade.changed'
    | 'trade.incident'
    | 'trade.set_aside';
  orderNo: string;
  tradeNo: string | null;
  fromState: TradeState | null;
  toState: TradeState | null;
  what: string | null;
}

interface Row {
  seq: number;
  at_ms: number;
  type: string;
  order_no: string;
  trade_no: string | null;
  from_state: string | null;
  to_state: string | null;
  what: string | null;
}

export type EventsTable = ReturnType<typeof eventsTable>;

/** The table `events`: append only. */
export function eventsTable(db: Db) {
  const append = db.prepare(
    `INSERT INTO events (at_ms, type, order_no, trade_no, from_state, to_state, what)
     VALUES (:atMs, :type, :orderNo, :tradeNo, :fromState, :toState, :what)`,
  );
  const after = db.prepare<[number, number], Row>('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?');
  const lastSeq = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck();
  const ofTrade = db.prepare<[string], Row>('SELECT * FROM events WHERE trade_no = ? ORDER BY seq');

  return {
    append(event: Omit<StoredEvent, 'seq'>): void {
      append.run(event);
    },
    /** Events after position `seq`, in order, at most `limit`. */
    after(seq: number, limit: number): StoredEvent[] {
      return after.all(seq, limit).map(fromRow);
    },
    lastSeq(): number {
      return lastSeq.get() ?? 0;
    },
    ofTrade(tradeNo: string): StoredEvent[] {
      return ofTrade.all(tradeNo).map(fromRow);
    },
  };
}

function fromRow(row: Row): StoredEvent {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    type: row.type as StoredEvent['type'],
    orderNo: row.order_no,
    tradeNo: row.trade_no,
    fromState: row.from_state as TradeState | null,
    toState: row.to_state as TradeState | null,
    what: row.what,
  };
}

/** An event about an order as a whole. */
export function happened(
  type: Exclude<StoredEvent['type'], `trade.${string}`>,
  orderNo: string,
  atMs: number,
  tradeNo: string | null = null,
): Omit<StoredEvent, 'seq'> {
  return { atMs, type, orderNo, tradeNo, fromState: null, toState: null, what: null };
}
