import type { Channel, TradeState } from '../domain/trade.ts';
import type { Db } from './database.ts';

/** What the ledger holds under a number of a bill, and whether that number was on the bill already. */
export interface KnownTrade {
  channel: Channel | null;
  state: TradeState | null;
  amountFen: number | null;
  providerTradeNo: string | null;
  isRepeated: 0 | 1;
}
export interface KnownRefund {
  tradeNo: string | null;
  amountFen: number | null;
  isDone: 0 | 1 | null;
  isRepeated: 0 | 1;
}

/** What is here of a wallet's day, and not on its bill. */
export interface Unbilled {
  tradeNo: string;
  providerTradeNo: string | null;
  refundNo: string | null;
  amountFen: number;
  atMs: number;
}

/** A payment of a day may be on the bill of one beside it, but not of any. */
const DAYS_AROUND = 7;

/**
 * The table `bill_numbers`, and what the ledger knows under those numbers: many at a time, since a bill has
 * hundreds of thousands.
 */
export function billNumbersTable(db: Db) {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO bill_numbers (bill_id, number) SELECT ?, value FROM json_each(?)',
  );
  const trades = db.prepare<[{ billId: number; asked: string }], KnownTrade>(
    `SELECT channel, state, amount_fen AS amountFen, provider_trade_no AS providerTradeNo, n.number IS NOT NULL AS isRepeated
     FROM json_each(:asked) AS asked LEFT JOIN trades ON trade_no = asked.value
       LEFT JOIN bill_numbers AS n ON n.bill_id = :billId AND n.number = asked.value
     ORDER BY asked.key`,
  );
  const refunds = db.prepare<[{ billId: number; asked: string }], KnownRefund>(
    `SELECT trade_no AS tradeNo, amount_fen AS amountFen, state = 'succeeded' AS isDone, n.number IS NOT NULL AS isRepeated
     FROM json_each(:asked) AS asked LEFT JOIN refunds ON refund_no = asked.value ->> 0
       LEFT JOIN bill_numbers AS n ON n.bill_id = :billId AND n.number = asked.value ->> 1
     ORDER BY asked.key`,
  );
  const tradesByWallet = db.prepare<
    [{ channel: string; asked: string }],
    { number: string; tradeNo: string }
  >(
    `SELECT provider_trade_no AS number, trade_no AS tradeNo
     FROM json_each(:asked) AS asked CROSS JOIN trades INDEXED BY trades_provider_no ON provider_trade_no = asked.value
     WHERE channel = :channel`,
  );
  const refundsByWallet = db.prepare<
    [{ channel: string; asked: string }],
    { number: string; refundNo: string; tradeNo: string }
  >(
    `SELECT provider_refund_no AS number, refund_no AS refundNo, trade_no AS tradeNo
     FROM json_each(:asked) AS asked CROSS JOIN refunds INDEXED BY refunds_provider_no ON provider_refund_no = asked.value
     WHERE channel = :channel`,
  );
  const onTradeBill = db
    .prepare<[{ channel: string; day: string; asked: string }], string>(
      `SELECT asked.value FROM json_each(:asked) AS asked WHERE EXISTS (
         SELECT 1 FROM bills CROSS JOIN bill_numbers AS n USING (bill_id)
         WHERE bills.channel = :channel AND bills.kind = 'trade' AND bills.day = :day AND n.number = '#' || asked.value)`,
    )
    .pluck();
  const tradeBillRead = db
    .prepare<[string, string], number>(
      "SELECT 1 FROM bills WHERE channel = ? AND day = ? AND kind = 'trade' AND state IN ('asking', 'done') LIMIT 1",
    )
    .pluck();
  const removeSome = db.prepare(
    `DELETE FROM bill_numbers WHERE (bill_id, number) IN (
       SELECT bill_id, number FROM bill_numbers WHERE bill_id = ? LIMIT CAST(? AS INTEGER))`,
  );
  // What is on another day's bill of the wallet is not missing: clocks differ around midnight.
  const missing = (number: string) => `
    AND NOT EXISTS (SELECT 1 FROM bill_numbers AS n WHERE n.bill_id = :billId AND n.number = ${number})
    AND NOT EXISTS (
      SELECT 1 FROM bills CROSS JOIN bill_numbers AS n USING (bill_id)
      WHERE bills.day BETWEEN date(:day, '-${DAYS_AROUND} days') AND date(:day, '+${DAYS_AROUND} days') AND bills.day <> :day
        AND bills.channel = :channel AND bills.kind = :kind AND n.number = ${number})`;
  const payments = db.prepare<[Record<string, unknown>], Unbilled>(
    `SELECT trade_no AS tradeNo, provider_trade_no AS providerTradeNo, NULL AS refundNo, amount_fen AS amountFen, paid_at_ms AS atMs
     FROM trades INDEXED BY trades_paid
     WHERE trades.state = 'paid' AND paid_at_ms >= :fromMs AND paid_at_ms < :toMs AND trades.channel = :channel
       ${missing('trades.trade_no')} ORDER BY paid_at_ms, trade_no`,
  );
  const returned = db.prepare<[Record<string, unknown>], Unbilled>(
    `SELECT trade_no AS tradeNo, NULL AS providerTradeNo, refund_no AS refundNo, amount_fen AS amountFen, succeeded_at_ms AS atMs
     FROM refunds INDEXED BY refunds_succeeded
     WHERE refunds.state = 'succeeded' AND succeeded_at_ms >= :fromMs AND succeeded_at_ms < :toMs AND refunds.channel = :channel
       ${missing("refunds.trade_no || '/' || refunds.refund_no")} ORDER BY succeeded_at_ms, refund_no`,
  );

  return {
    /** Each number's trade, in the order of the numbers. */
    trades: (billId: number, tradeNos: readonly string[]): KnownTrade[] =>
      trades.all({ billId, asked: JSON.stringify(tradeNos) }),
    /** Each pair's refund, in their order; a pair is our number of the refund and its number on bills. */
    refunds: (billId: number, pairs: readonly (readonly [string, string])[]): KnownRefund[] =>
      refunds.all({ billId, asked: JSON.stringify(pairs) }),
    /** Our trade numbers by the wallet's. */
    tradesByWallet: (channel: Channel, numbers: readonly string[]) =>
      new Map(
        tradesByWallet
          .all({ channel, asked: JSON.stringify(numbers) })
          .map((row) => [row.number, row.tradeNo]),
      ),
    /** Our refunds by the wallet's number. */
    refundsByWallet: (channel: Channel, numbers: readonly string[]) =>
      new Map(
        refundsByWallet.all({ channel, asked: JSON.stringify(numbers) }).map((row) => [row.number, row]),
      ),
    /** Which of the wallet's numbers are on the day's trade bill as another till's; null when it was not read. */
    othersOnTradeBill(channel: Channel, day: string, numbers: readonly string[]): Set<string> | null {
      if (tradeBillRead.get(channel, day) !== 1) return null;
      return new Set(onTradeBill.all({ channel, day, asked: JSON.stringify(numbers) }));
    },
    keep(billId: number, numbers: readonly string[]): void {
      if (numbers.length > 0) insert.run(billId, JSON.stringify(numbers));
    },
    /** Removes up to `limit` numbers; returns how many there were. */
    remove: (billId: number, limit: number): number => removeSome.run(billId, limit).changes,
    /** Payments and refunds of [fromMs, toMs) that are here and not on the bill. */
    unbilled(
      bill: { billId: number; channel: Channel; kind: string; day: string },
      fromMs: number,
      toMs: number,
    ): Unbilled[] {
      const { billId, channel, kind, day } = bill;
      const asked = { billId, channel, kind, day, fromMs, toMs };
      return [...payments.all(asked), ...returned.all(asked)];
    },
  };
}

/** What stands for the wallet's own number of a payment. */
export function walletNumber(providerTradeNo: string): string {
  return `#${providerTradeNo}`;
}

/** A refund's number on bills: a wallet's numbers of refunds may be unique within a trade alone. */
export function refundNumber(tradeNo: string, refundNo: string): string {
  return `${tradeNo}/${refundNo}`;
}
