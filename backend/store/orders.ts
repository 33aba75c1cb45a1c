import type { Fen } from '../domain/money.ts';
import type { Order } from '../domain/order.ts';
import type { Db } from './database.ts';
import { asPage, beforeClause, likePattern, type Page, type PageQuery, readCursor } from './page.ts';

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
     VALUES (:order_no, :amount_fen, :subject, :note, :state, :source, :created_at_ms, :paid_at_ms)`,
  );
  const byNo = db.prepare<[string], Row>('SELECT * FROM orders WHERE order_no = ?');
  const setState = db.prepare('UPDATE orders SET state = ?, paid_at_ms = ? WHERE order_no = ?');
  const list = db.prepare<[Record<string, unknown>], Row>(
    `SELECT * FROM orders WHERE ${beforeClause('order_no')}
       AND (:state IS NULL OR state = :state)
       AND (:source IS NULL OR source = :source)
       AND (:pattern IS NULL OR order_no LIKE :pattern ESCAPE '\\' OR subject LIKE :pattern ESCAPE '\\'
            OR note LIKE :pattern ESCAPE '\\' OR amount_fen = :amountFen)
     ORDER BY created_at_ms DESC, order_no DESC LIMIT :limit`,
  );

  return {
    insert(order: Order): void {
      insert.run({
        order_no: order.orderNo,
        amount_fen: order.amountFen,
        subject: order.subject,
        note: order.note,
        state: order.state,
        source: order.source,
        created_at_ms: order.createdAtMs,
        paid_at_ms: order.paidAtMs,
      });
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
    list(
      filter: {
        text?: string;
        amountFen?: number;
        state?: Order['state'];
        source?: Order['source'];
      } & PageQuery,
    ): Page<Order> {
      const rows = list.all({
        ...readCursor(filter.cursor),
        state: filter.state ?? null,
        source: filter.source ?? null,
        pattern: filter.text ? likePattern(filter.text) : null,
        amountFen: filter.amountFen ?? null,
        limit: filter.limit + 1,
      });
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
