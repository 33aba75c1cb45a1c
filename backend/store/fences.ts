import type { Db } from './database.ts';

/** What a writer under an order's lock shows when it commits. */
export interface Fence {
  readonly orderNo: string;
  /** Greater than every earlier token of the order; null where a hold cannot be lost. */
  readonly token: number | null;
  isLive(): boolean;
}

/** The writer had lost the order's lock by the time it wrote. Nothing was written. */
export class StaleHold extends Error {
  override readonly name = 'StaleHold';
  readonly orderNo: string;
  constructor(orderNo: string, options?: ErrorOptions) {
    super(`The lock on order ${orderNo} was lost before the write; nothing was written.`, options);
    this.orderNo = orderNo;
  }
}

export type FencesTable = ReturnType<typeof fencesTable>;

/** The table `fences`. `isLeased` where the lock itself is kept in this database's table `leases`. */
export function fencesTable(db: Db, isLeased: boolean) {
  const greatest = db.prepare<[string], number>('SELECT token FROM fences WHERE order_no = ?').pluck();
  const record = db.prepare(
    'INSERT INTO fences (order_no, token) VALUES (?, ?) ON CONFLICT (order_no) DO UPDATE SET token = excluded.token',
  );
  const leaseStands = db
    .prepare<[number, string], number>('SELECT 1 FROM leases WHERE ticket = ? AND order_no = ? AND held = 1')
    .pluck();
  return {
    /** The greatest token under which the order was written; 0 when there is none. */
    greatest(orderNo: string): number {
      return greatest.get(orderNo) ?? 0;
    },
    /** Lets the writer pass or throws {@link StaleHold}. Call first thing in the transaction of the write. */
    pass({ orderNo, token, isLive }: Fence): void {
      if (!isLive()) throw new StaleHold(orderNo);
      if (token === null) return;
      const seen = greatest.get(orderNo) ?? 0;
      if (token < seen) throw new StaleHold(orderNo);
      if (isLeased && leaseStands.get(token, orderNo) === undefined) throw new StaleHold(orderNo);
      if (token > seen) record.run(orderNo, token);
    },
  };
}
