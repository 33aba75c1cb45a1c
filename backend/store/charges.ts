import type { Charge } from '../domain/order.ts';
import type { Db } from './database.ts';

interface Row {
  charge_id: string;
  order_no: string;
  created_at_ms: number;
  expires_at_ms: number;
  ended_at_ms: number | null;
}

export type ChargesTable = ReturnType<typeof chargesTable>;

/** The table `charges`. */
export function chargesTable(db: Db) {
  const insert = db.prepare(
    'INSERT INTO charges (charge_id, order_no, created_at_ms, expires_at_ms, ended_at_ms) VALUES (?, ?, ?, ?, NULL)',
  );
  const byId = db.prepare<[string], Row>('SELECT * FROM charges WHERE charge_id = ?');
  // Cast, so that it is planned once and not at every use: see outbox.ts.
  const lastOfOrder = db.prepare<[string], Row>(
    `SELECT * FROM charges WHERE order_no = CAST(? AS TEXT)
     ORDER BY ended_at_ms IS NOT NULL, created_at_ms DESC, charge_id DESC LIMIT 1`,
  );
  const live = db.prepare<[], Row>(
    'SELECT * FROM charges WHERE ended_at_ms IS NULL ORDER BY created_at_ms, charge_id LIMIT 200',
  );
  const end = db.prepare('UPDATE charges SET ended_at_ms = ? WHERE charge_id = ? AND ended_at_ms IS NULL');

  return {
    insert(charge: Charge): void {
      insert.run(charge.chargeId, charge.orderNo, charge.createdAtMs, charge.expiresAtMs);
    },
    byId(chargeId: string): Charge | undefined {
      const row = byId.get(chargeId);
      return row && fromRow(row);
    },
    /** The live charge of an order, or else its last one. */
    lastOfOrder(orderNo: string): Charge | undefined {
      const row = lastOfOrder.get(orderNo);
      return row && fromRow(row);
    },
    /** Unfinished charges, oldest first, at most 200. */
    live(): Charge[] {
      return live.all().map(fromRow);
    },
    /** Ends a charge; false when it had ended before. */
    end(chargeId: string, atMs: number): boolean {
      return end.run(atMs, chargeId).changes > 0;
    },
  };
}

function fromRow(row: Row): Charge {
  return {
    chargeId: row.charge_id,
    orderNo: row.order_no,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    endedAtMs: row.ended_at_ms,
  };
}
