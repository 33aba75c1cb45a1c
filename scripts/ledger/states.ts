import type Database from 'better-sqlite3';
import { createDerived, type Derived, type EventRow } from './derive.ts';
import { createShop, type ShopEvent } from './shop.ts';

/** A row that is not what the ledger says. `ledger` null: the ledger does not know it; `row` null: it is gone. */
export interface Mismatch {
  table: 'orders' | 'trades' | 'refunds' | 'people' | 'policy' | 'shifts';
  key: string;
  column: string;
  ledger: string | null;
  row: string | null;
}

/** Orders whose rows are compared in one go. */
const BATCH = 500;

type Row = Record<string, string | number | null>;

/**
 * Compares the rows of orders, trades and refunds with what the ledger says became of them, an order number's
 * range at a time, each as one moment of a till that may be running. Memory does not grow with the file.
 */
export function verifyStates(db: Database.Database, found: (mismatch: Mismatch) => void): void {
  const bound = db
    .prepare<[string, number], string>(
      'SELECT order_no FROM orders WHERE order_no > ? ORDER BY order_no LIMIT 1 OFFSET ?',
    )
    .pluck();
  const within = (sql: string) => db.prepare<[string, string], Row>(sql);
  // Also what no order is left of.
  const RANGE = 'order_no > ? AND order_no <= ?';
  const orders = within(`SELECT order_no, state, amount_fen FROM orders WHERE ${RANGE}`);
  const trades = within(
    `SELECT trade_no, order_no, charge_id, channel, state, amount_fen, provider_trade_no, paid_at_ms FROM trades WHERE ${RANGE}`,
  );
  const refunds = hasTable(db, 'refunds')
    ? within(
        `SELECT refunds.refund_no, refunds.trade_no, refunds.order_no, refunds.channel, refunds.state,
           refunds.amount_fen, refunds.provider_refund_no, refunds.succeeded_at_ms
         FROM trades JOIN refunds USING (trade_no) WHERE trades.${RANGE.replace(' AND ', ' AND trades.')}`,
      )
    : null;
  const events = db.prepare<[string, string], EventRow>(
    `SELECT type, order_no, trade_no, refund_no, to_state, data FROM events WHERE ${RANGE} ORDER BY seq`,
  );

  const compare = db.transaction((from: string, to: string) => {
    const derived = createDerived(events.all(from, to));
    const rows = trades.all(from, to);
    for (const { trade_no: tradeNo, order_no: orderNo } of rows) {
      const isNamed = derived.trades.has(String(tradeNo)) || !derived.unnamed.has(String(orderNo));
      if (!isNamed) derived.trades.set(String(tradeNo), { state: 'created' });
    }
    checkRows('orders', 'order_no', orders.all(from, to), derived.orders, found);
    checkRows('trades', 'trade_no', rows, derived.trades, found);
    if (refunds) checkRows('refunds', 'refund_no', refunds.all(from, to), derived.refunds, found);
  });

  let from = '';
  for (;;) {
    const to = bound.get(from, BATCH - 1);
    compare(from, to ?? LAST);
    if (to === undefined) return;
    from = to;
  }
}

/** Compares the people, the shop's rules and the closed shifts with what the ledger says of them, as one moment. */
export function verifyShop(db: Database.Database, found: (mismatch: Mismatch) => void): void {
  const events = db.prepare<[], ShopEvent>(
    `SELECT seq, type, what, data, lower(hex(hash)) AS hash FROM events NOT INDEXED
     WHERE type LIKE 'person.%' OR type IN ('setting.changed', 'shift.closed') ORDER BY seq`,
  );
  const compare = db.transaction(() => {
    const shop = createShop(events.iterate());
    // An older version's file has none of them, and its ledger says nothing of them.
    const rows = (table: string, sql: string) => (hasTable(db, table) ? db.prepare<[], Row>(sql).all() : []);
    const people = rows(
      'people',
      `SELECT person_id, name, role, iif(disabled_at_ms IS NULL, 'active', 'disabled') AS state FROM people`,
    );
    const shifts = rows(
      'shifts',
      `SELECT shift_id, 'closed' AS state, to_seq, head_hash, unfinished, totals FROM shifts
       WHERE closed_at_ms IS NOT NULL`,
    );
    checkRows('people', 'person_id', people, shop.people, found);
    checkRows('shifts', 'shift_id', shifts, shop.shifts, found);
    if (hasTable(db, 'policy'))
      checkRows('policy', 'only_row', rows('policy', 'SELECT * FROM policy'), shop.policy, found);
  });
  compare();
}

/** After every order number. */
const LAST = '\u{10FFFF}\u{10FFFF}';

function checkRows(
  table: Mismatch['table'],
  key: string,
  rows: readonly Row[],
  derived: ReadonlyMap<string, Derived>,
  found: (mismatch: Mismatch) => void,
): void {
  const gone = new Set(derived.keys());
  for (const row of rows) {
    const name = String(row[key]);
    gone.delete(name);
    const said = derived.get(name);
    if (!said) {
      found({ table, key: name, column: 'state', ledger: null, row: text(row.state) });
      continue;
    }
    for (const [column, ledger] of Object.entries(said)) {
      const kept = row[column] ?? null;
      if (ledger !== undefined && ledger !== kept)
        found({ table, key: name, column, ledger: text(ledger), row: text(kept) });
    }
  }
  for (const name of gone)
    found({ table, key: name, column: 'state', ledger: text(derived.get(name)?.state), row: null });
}

function text(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function hasTable(db: Database.Database, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
}
