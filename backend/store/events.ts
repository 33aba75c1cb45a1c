import type { Statement } from 'better-sqlite3';
import type { Actor, By } from '../domain/actor.ts';
import { LEDGER_START, type LedgerRow } from '../domain/ledger.ts';
import type { Charge, Order } from '../domain/order.ts';
import type { RefundState } from '../domain/refund.ts';
import type { Trade, TradeState } from '../domain/trade.ts';
import type { Db } from './database.ts';
import { ledgerHash } from './ledger-chain.ts';

/** Facts of an event beside those that every event has; kept as JSON. No payer, no key. */
type Facts = Readonly<Record<string, unknown>>;

/** Of an order as a whole. */
interface OrderHappening {
  type: 'order.created' | 'order.cancelled' | 'order.paid' | 'charge.started' | 'charge.ended';
  orderNo: string;
  tradeNo: string | null;
  fromState: null;
  toState: null;
}

/** Of a refund; from null when it begins. */
interface RefundHappening {
  type: 'refund.changed' | 'refund.incident' | 'refund.set_aside';
  orderNo: string;
  tradeNo: string;
  refundNo: string;
  fromState: RefundState | null;
  toState: RefundState;
}

/** What can happen, by what it is about. A further kind is a further member here, and no other change of the table. */
type Happening =
  | OrderHappening
  | {
      type: 'trade.changed' | 'trade.incident' | 'trade.set_aside' | 'trade.kept';
      orderNo: string;
      tradeNo: string;
      fromState: TradeState;
      toState: TradeState;
    }
  | RefundHappening
  | {
      /** One that a backup did not know. */
      type: 'trade.restored';
      orderNo: string;
      tradeNo: string;
      fromState: null;
      toState: null;
    }
  | {
      type:
        | 'setting.changed'
        | 'ledger.restored'
        | 'bill.resolved'
        | 'shift.opened'
        | 'shift.closed'
        | 'person.created'
        | 'person.changed'
        | 'person.pin_reset'
        | 'person.pin_changed'
        | 'person.disabled'
        | 'session.started'
        | 'session.locked'
        | 'session.unlocked'
        | 'session.ended'
        | 'sign_in.locked';
      orderNo: null;
      tradeNo: null;
      fromState: null;
      toState: null;
    };

/** One committed happening. `seq` is the position that streams resume from; `by` is null where it was not yet recorded. */
export type StoredEvent = Happening & {
  seq: number;
  /** 64 hexadecimal digits. */
  hash: string;
  atMs: number;
  what: string | null;
  data: Facts | null;
  by: By | null;
};

/** What windows and other systems are told of: what happens to orders. */
export type OrderEvent = Exclude<Extract<StoredEvent, { orderNo: string }>, { type: 'trade.restored' }>;

/** An event about to be written; `by` is said once for its transaction. */
export type NewEvent = Happening & { atMs: number; what: string | null; refundNo?: string; data?: Facts };

/** The end of the ledger. `hash`: 64 hexadecimal digits; of an empty one as before the first event. */
export interface LedgerHead {
  seq: number;
  hash: string;
}

type Row = LedgerRow & { prev_hash: Buffer; hash: Buffer };

/** Written by place: by name takes three times as long. */
const COLUMNS = [
  'seq',
  'at_ms',
  'type',
  'order_no',
  'trade_no',
  'refund_no',
  'from_state',
  'to_state',
  'what',
  'data',
  'actor',
  'actor_id',
  'via',
  'reason',
  'approved_by',
] as const satisfies (keyof LedgerRow)[];

export type EventsTable = ReturnType<typeof eventsTable>;

/** The table `events`: append only, each chained to the one before it. */
export function eventsTable(db: Db) {
  /** By the columns that an event has, one bit each: binding what it has not takes as long as what it has. */
  const inserts = new Map<number, Statement>();
  function insertOf(given: number): Statement {
    const known = inserts.get(given);
    if (known) return known;
    const names = COLUMNS.filter((_, bit) => given & (1 << bit));
    const insert = db.prepare(
      `INSERT INTO events (${names.join(', ')}, prev_hash, hash)
       VALUES (${names.map(() => '?').join(', ')}, unhex(?), unhex(?))`,
    );
    inserts.set(given, insert);
    return insert;
  }
  const end = db.prepare<[], { seq: number; hash: string; given: number }>(
    `SELECT seq, lower(hex(hash)) AS hash, (SELECT seq FROM sqlite_sequence WHERE name = 'events') AS given
     FROM events ORDER BY seq DESC LIMIT 1`,
  );
  const head = db.prepare<[], { seq: number; hash: Buffer }>(
    'SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1',
  );
  const lastGiven = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck();
  // Cast, so that it is planned once and not at every use: see outbox.ts.
  const after = db.prepare<[number, number], Row>(
    'SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT CAST(? AS INTEGER)',
  );
  const lastSeq = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck();
  const ofOrder = db.prepare<[string], Row>('SELECT * FROM events WHERE order_no = ? ORDER BY seq');
  const ofTrade = db.prepare<[string, string], Row>(
    `SELECT * FROM events WHERE order_no = (SELECT order_no FROM trades WHERE trade_no = ?) AND trade_no = ?
     ORDER BY seq`,
  );

  /** The last event that was written here: the database itself refuses one that does not follow what it holds. */
  let last: LedgerHead | null = null;

  /** The end of the chain as the file has it; a position that was once given out is never given again. */
  function ended(): LedgerHead {
    const found = end.get();
    if (!found) return { seq: lastGiven.get() ?? 0, hash: LEDGER_START };
    return { seq: Math.max(found.given, found.seq), hash: found.hash };
  }

  function link(event: NewEvent, by: By, previous: LedgerHead): number {
    const row = toRow(event, by, previous.seq + 1);
    const hash = ledgerHash(previous.hash, row);
    let given = 0;
    const values: (string | number)[] = [];
    for (const [bit, name] of COLUMNS.entries()) {
      const value = row[name];
      if (value === null) continue;
      given |= 1 << bit;
      values.push(value);
    }
    insertOf(given).run(...values, previous.hash, hash);
    last = { seq: row.seq, hash };
    return row.seq;
  }

  return {
    /**
     * Writes the event as the next link of the chain and returns its position. Call inside a transaction: nobody
     * else may write between.
     */
    append(event: NewEvent, by: By): number {
      if (!db.inTransaction) throw new Error('An event is written in the transaction of what it tells.');
      try {
        // A restore skips positions, and what is taken back takes its position with it.
        return link(event, by, last !== null && last.seq === lastGiven.get() ? last : ended());
      } catch (error) {
        if (!isOutOfStep(error)) throw error;
        // The same position was taken back here, and given out by another process.
        return link(event, by, ended());
      }
    },
    /** Events after position `seq`, in order, at most `limit`. */
    after(seq: number, limit: number): StoredEvent[] {
      return after.all(seq, limit).map(fromRow);
    },
    lastSeq(): number {
      return lastSeq.get() ?? 0;
    },
    head(): LedgerHead {
      const last = head.get();
      return { seq: last?.seq ?? 0, hash: last?.hash.toString('hex') ?? LEDGER_START };
    },
    ofOrder(orderNo: string): StoredEvent[] {
      return ofOrder.all(orderNo).map(fromRow);
    },
    ofTrade(tradeNo: string): StoredEvent[] {
      return ofTrade.all(tradeNo, tradeNo).map(fromRow);
    },
  };
}

/** The trigger `events_follow`. */
function isOutOfStep(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return code === 'SQLITE_CONSTRAINT_TRIGGER' && message === 'events follow one another';
}

function toRow(event: NewEvent, by: By, seq: number): LedgerRow {
  return {
    seq,
    at_ms: event.atMs,
    type: event.type,
    order_no: text(event.orderNo),
    trade_no: text(event.tradeNo),
    refund_no: event.refundNo ?? null,
    from_state: event.fromState,
    to_state: event.toState,
    what: text(event.what),
    data: event.data === undefined ? null : JSON.stringify(event.data),
    actor: by.actor.kind,
    actor_id: text(actorId(by.actor)),
    via: by.via,
    reason: text(by.reason),
    approved_by: by.approvedBy,
  };
}

/** As the database will give it back: half a surrogate pair has no UTF-8. */
function text(value: string | null): string | null {
  return value === null ? null : value.toWellFormed();
}

function actorId(actor: Actor): string | null {
  switch (actor.kind) {
    case 'person':
      return actor.personId;
    case 'integrator':
      return actor.name;
    case 'till':
      return null;
  }
}

function fromRow(row: Row): StoredEvent {
  return {
    seq: row.seq,
    hash: row.hash.toString('hex'),
    atMs: row.at_ms,
    type: row.type,
    orderNo: row.order_no,
    tradeNo: row.trade_no,
    refundNo: row.refund_no,
    fromState: row.from_state,
    toState: row.to_state,
    what: row.what,
    data: row.data === null ? null : JSON.parse(row.data),
    by: byOf(row),
  } as StoredEvent;
}

function byOf({ actor, actor_id: id, via, reason, approved_by: approvedBy }: Row): By | null {
  if (actor === null) return null;
  const who = {
    kind: actor,
    ...(actor === 'person' ? { personId: id } : {}),
    ...(actor === 'integrator' ? { name: id } : {}),
  };
  return { actor: who as Actor, via: via as By['via'], reason, approvedBy };
}

/** An event that happened to an order, and is told outside. */
export function isAboutOrder(event: StoredEvent): event is OrderEvent {
  return event.orderNo !== null && event.type !== 'trade.restored';
}

/** An event about an order as a whole. */
export function happened(
  type: OrderHappening['type'],
  orderNo: string,
  atMs: number,
  tradeNo: string | null = null,
): NewEvent {
  return { atMs, type, orderNo, tradeNo, fromState: null, toState: null, what: null };
}

/** What happened at the till that is about no order: to its people, their sessions, its settings. */
export function atTheTill(
  type: Extract<Happening, { orderNo: null }>['type'],
  atMs: number,
  data: Facts,
  what: string | null = null,
): NewEvent {
  return { atMs, type, orderNo: null, tradeNo: null, fromState: null, toState: null, what, data };
}

/** A setting that was one thing and is another. `what` names it. */
export function settingChanged(
  what: string,
  atMs: number,
  change: { before: unknown; now: unknown },
): NewEvent {
  return atTheTill('setting.changed', atMs, change, what);
}

/** A new order, with what was to be paid and who wanted it. */
export function orderCreated({ orderNo, amountFen, source, createdAtMs }: Order): NewEvent {
  return { ...happened('order.created', orderNo, createdAtMs), data: { amountFen, source } };
}

/** A new charge, with its trades. */
export function chargeStarted(
  { chargeId, orderNo, createdAtMs }: Charge,
  trades: readonly Trade[],
): NewEvent {
  return {
    ...happened('charge.started', orderNo, createdAtMs),
    data: {
      chargeId,
      trades: trades.map(({ tradeNo, channel, amountFen }) => ({ tradeNo, channel, amountFen })),
    },
  };
}
