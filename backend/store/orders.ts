import type { Fen } from '../domain/money.ts';
import type { Order } from '../domain/order.ts';
import type { Db } from './database.ts';
import { asPage, type Page, type PageQuery } from './page.ts';
import { AMOUNT, comparison, foundOrders, NOT_INDEXED, pageFinder, searchGrams } from './search.ts';

interface Row {
  order_no: string;
  amount_fen: number;
  subject: string;
  note: string | null;
  state: string;
  source: string;
  created_at_ms: number;
  paid_at_ms: number | null;
}

export type OrdersTable = ReturnType<typeof ordersTable>;

/** The table `orders`. */
export function ordersTable(db: Db) {
  const insert = db.prepare(
    `INSERT INTO orders (order_no, amount_fen, subject, note, state, source, created_at_ms, paid_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const byNo = db.prepare<[string], Row>('SELECT * FROM orders WHERE order_no = ?');
  const setState = db.prepare('UPDATE orders SET state = ?, paid_at_ms = ? WHERE order_no = ?');
  const find = pageFinder<Row>(db, {
    table: 'orders',
    key: 'order_no',
    compared: comparison(['order_no'], ['subject', 'note']),
    found: `${foundOrders('order_no')}
      UNION ALL SELECT order_no FROM orders WHERE ${AMOUNT}`,
  });
  const toBeFound = db.prepare('INSERT INTO searched_orders (order_no) VALUES (?)');
  const notIndexed = db.prepare<
    [number],
    { id: number; order_no: string; subject: string; note: string | null }
  >(
    `SELECT id, order_no, subject, note FROM searched_orders JOIN orders USING (order_no)
     WHERE ${NOT_INDEXED} ORDER BY id LIMIT CAST(? AS INTEGER)`,
  );
  const writeGrams = db.prepare('INSERT INTO order_search (rowid, grams) VALUES (?, ?)');
  const indexedTo = db.prepare('UPDATE upkeep SET searched_to = ?');
  const tellNext = db
    .prepare<[string], number>('UPDATE orders SET told = told + 1 WHERE order_no = ? RETURNING told')
    .pluck();

  return {
    insert(order: Order): void {
      const { orderNo, amountFen, subject, note, state, source, createdAtMs, paidAtMs } = order;
      insert.run(orderNo, amountFen, subject, note, state, source, createdAtMs, paidAtMs);
      toBeFound.run(orderNo);
    },
    /**
     * Writes the words of orders that are found without an index so far, oldest first and at most `limit`; says how
     * many these were. Call inside a transaction.
     */
    index(limit: number): number {
      const rows = notIndexed.all(limit);
      for (const { id, order_no: orderNo, subject, note } of rows)
        writeGrams.run(id, searchGrams(orderNo, subject, note));
      const last = rows.at(-1);
      if (last) indexedTo.run(last.id);
      return rows.length;
    },
    /** Whether every order is in the index. */
    areIndexed(): boolean {
      return notIndexed.get(1) === undefined;
    },
    byNo(orderNo: string): Order | undefined {
      const row = byNo.get(orderNo);
      return row && fromRow(row);
    },
    markPaid(orderNo: string, paidAtMs: number): void {
      setState.run('paid', paidAtMs, orderNo);
    },
    markCancelled(orderNo: string): void {
      setState.run('cancelled', null, orderNo);
    },
    /** The version of the next message about an order, from 1; each is given out once. */
    nextTold(orderNo: string): number {
      return tellNext.get(orderNo) ?? 1;
    },
    list(
      filter: {
        text?: string;
        amountFen?: number;
        state?: Order['state'];
        source?: Order['source'];
      } & PageQuery,
    ): Page<Order> {
      const rows = find(filter, { state: filter.state, source: filter.source });
      return asPage(rows.map(fromRow), filter.limit, (order) => ({
        ms: order.createdAtMs,
        key: order.orderNo,
      }));
    },
  };
}

function fromRow(row: Row): Order {
  return {
    orderNo: row.order_no,
    amountFen: row.amount_fen as Fen,
    subject: row.subject,
    note: row.note,
    state: row.state as Order['state'],
    source: row.source as Order['source'],
    createdAtMs: row.created_at_ms,
    paidAtMs: row.paid_at_ms,
  };
}
