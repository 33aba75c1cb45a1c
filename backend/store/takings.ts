import type { HourTotals, Returned, Taken, Waits } from '../domain/takings.ts';
import type { Db } from './database.ts';

export type TakingsTable = ReturnType<typeof takingsTable>;

/**
 * What was taken and given back in a stretch of time, added up by the database from the indexes `trades_paid` and
 * `refunds_succeeded` alone: they are named, since without statistics the planner would take the index by state and
 * read every row (a million trades: minutes instead of a second).
 */
export function takingsTable(db: Db) {
  const paid =
    "FROM trades INDEXED BY trades_paid WHERE state = 'paid' AND paid_at_ms >= ? AND paid_at_ms < ?";
  const taken = db.prepare<[number, number], Taken>(
    `SELECT channel, charged_by AS cashier, sum(amount_fen) AS paidFen, count(*) AS paidCount,
       sum(amount_fen * late) AS lateFen, sum(late) AS lateCount,
       sum(amount_fen * surplus) AS surplusFen, sum(surplus) AS surplusCount
     ${paid} GROUP BY channel, charged_by`,
  );
  // The wallet's clock and ours differ by moments: nobody pays before there is a code.
  const waits = db.prepare<[number, number], Waits>(
    `SELECT max(0, paid_at_ms - code_at_ms) / 1000 AS seconds, count(*) AS count
     ${paid} AND code_at_ms IS NOT NULL GROUP BY seconds`,
  );
  const returned = db.prepare<[number, number], Returned>(
    `SELECT channel, sum(amount_fen) AS refundedFen, count(*) AS refundedCount
     FROM refunds INDEXED BY refunds_succeeded
     WHERE state = 'succeeded' AND succeeded_at_ms >= ? AND succeeded_at_ms < ? GROUP BY channel`,
  );

  return {
    /** By the wallets' own time, in [fromMs, toMs). A refund counts when it was given back, whenever it was paid. */
    between(fromMs: number, toMs: number): HourTotals {
      const rows = taken.all(fromMs, toMs);
      return {
        taken: rows,
        waits: rows.length > 0 ? waits.all(fromMs, toMs) : [],
        returned: returned.all(fromMs, toMs),
      };
    },
  };
}
