import type { Db } from '../../backend/store/database.ts';

/** Trades that share an order: nothing of reconciling reads orders, and writing them takes most of the time. */
const TRADES_OF_ORDER = 100;

export type LedgerPen = ReturnType<typeof ledgerPen>;

/** Writes paid trades and refunds straight into the tables, hundreds of thousands in seconds. */
export function ledgerPen(db: Db, channel: string) {
  const order = db.prepare(
    `INSERT INTO orders (order_no, amount_fen, subject, state, source, created_at_ms, paid_at_ms)
     VALUES (?, 1250, '拿铁', 'paid', 'till', 1000, 1000)`,
  );
  const charge = db.prepare(
    'INSERT INTO charges (charge_id, order_no, created_at_ms, expires_at_ms, ended_at_ms) VALUES (?, ?, 1000, 2000, 2000)',
  );
  const trade = db.prepare(
    `INSERT INTO trades (trade_no, order_no, charge_id, channel, state, amount_fen, subject, created_at_ms,
       expires_at_ms, provider_trade_no, paid_at_ms, closed_at_ms)
     VALUES (:tradeNo, :orderNo, :orderNo, :channel, :state, :amountFen, '拿铁', :createdAtMs, :expiresAtMs,
       :providerTradeNo, :paidAtMs, :closedAtMs)`,
  );
  const refund = db.prepare(
    `INSERT INTO refunds (refund_no, trade_no, order_no, channel, amount_fen, reason, why, state, provider_refund_no,
       requested_at_ms, sends, last_sent_at_ms, succeeded_at_ms, ended_at_ms)
     SELECT :refundNo, trade_no, order_no, channel, :amountFen, '顾客退货', 'asked', :state, :providerRefundNo,
       :atMs, 1, :atMs, :doneAtMs, :doneAtMs FROM trades WHERE trade_no = :tradeNo`,
  );
  let count = 0;
  let orderNo = '';

  return {
    /** A trade that is paid, or that was closed here. */
    trade(written: {
      tradeNo: string;
      amountFen: number;
      atMs: number;
      providerTradeNo: string;
      isPaid: boolean;
    }): void {
      const { isPaid, providerTradeNo, atMs } = written;
      if (count % TRADES_OF_ORDER === 0) {
        orderNo = `${channel}-${count}`;
        order.run(orderNo);
        charge.run(orderNo, orderNo);
      }
      count += 1;
      trade.run({
        ...written,
        isPaid: undefined,
        orderNo,
        channel,
        state: isPaid ? 'paid' : 'closed',
        createdAtMs: atMs - 9_000,
        expiresAtMs: atMs + 111_000,
        providerTradeNo: isPaid ? providerTradeNo : null,
        paidAtMs: isPaid ? atMs : null,
        closedAtMs: isPaid ? null : atMs,
      });
    },
    /** A refund that has succeeded, or that the wallet is paying out. */
    refund(written: {
      refundNo: string;
      tradeNo: string;
      amountFen: number;
      atMs: number;
      isDone: boolean;
    }): void {
      const { refundNo, tradeNo, amountFen, atMs, isDone } = written;
      refund.run({
        refundNo,
        tradeNo,
        amountFen,
        atMs,
        state: isDone ? 'succeeded' : 'processing',
        providerRefundNo: isDone ? `50${refundNo}` : null,
        doneAtMs: isDone ? atMs : null,
      });
    },
  };
}
