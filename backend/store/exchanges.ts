import type { RefundStep } from '../domain/refund-steps.ts';
import type { Step } from '../domain/trade.ts';
import type { Db } from './database.ts';

/** One question to a wallet and its answer, as the wire showed it. */
export interface Exchange {
  tradeNo: string;
  /** The refund that it was about; null when it was about the trade itself. */
  refundNo: string | null;
  step: Step | RefundStep | 'notification';
  askedAtMs: number;
  durationMs: number;
  /** The outcome's word, with the wallet's status or the cause of silence: `evidence:NOTPAY`, `unknown:no_answer`. */
  outcome: string;
  httpStatus: number | null;
  providerCode: string | null;
  requestId: string | null;
  answer: string | null;
  /** What was sent, and how the answer was signed: JSON of the provider's `Said` and `Seal`. */
  said?: string | null;
  seal?: string | null;
}

export type ExchangesTable = ReturnType<typeof exchangesTable>;

/** The table `exchanges`: append only. */
export function exchangesTable(db: Db) {
  // By place, here and in the other tables that every payment writes: by name takes three times as long.
  const append = db.prepare(
    `INSERT INTO exchanges (trade_no, refund_no, step, asked_at_ms, duration_ms, outcome, http_status, provider_code, request_id, answer, said, seal)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const ofTrade = db.prepare<[string], Exchange>(
    `SELECT trade_no AS tradeNo, refund_no AS refundNo, step, asked_at_ms AS askedAtMs, duration_ms AS durationMs, outcome,
            http_status AS httpStatus, provider_code AS providerCode, request_id AS requestId, answer, said, seal
     FROM exchanges WHERE trade_no = ? ORDER BY id LIMIT 500`,
  );

  return {
    append(exchange: Exchange): void {
      append.run(
        exchange.tradeNo,
        exchange.refundNo,
        exchange.step,
        exchange.askedAtMs,
        exchange.durationMs,
        exchange.outcome,
        exchange.httpStatus,
        exchange.providerCode,
        exchange.requestId,
        exchange.answer,
        exchange.said ?? null,
        exchange.seal ?? null,
      );
    },
    ofTrade(tradeNo: string): Exchange[] {
      return ofTrade.all(tradeNo);
    },
  };
}
