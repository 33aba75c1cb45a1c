import { z } from 'zod';
import { type Fen, fen } from '../../backend/domain/money.ts';
import { HOUR } from '../../ports/clock.ts';
import { ALIPAY_MOVES, type LedgerEvent, type LedgerState, moved, WECHAT_MOVES } from './moves.ts';

const DAY = 24 * HOUR;
/** Both wallets let a code die two hours after it was made. */
export const CODE_LIFE_MS = 2 * HOUR;
/** Alipay closes a scanned trade after this long, unless `timeout_express` or `time_expire` says less. */
const ALIPAY_TRADE_LIFE_MS = 15 * DAY;
/** Alipay's window for refunds; afterwards a paid trade is finished. */
const ALIPAY_REFUND_WINDOW_MS = 365 * DAY;
const ALIPAY_CANCEL_WINDOW_MS = 24 * HOUR;

const money = z.number().transform((value, context): Fen => {
  try {
    return fen(value);
  } catch {
    context.addIssue({ code: 'custom', message: 'not a whole number of fen' });
    return z.NEVER;
  }
});

const codeShape = z.object({ code: z.string(), madeAtMs: z.number(), expiresAtMs: z.number() });

/** One trade as its wallet holds it. Times are ms since the epoch on the ledger's clock. */
export const tradeShape = z.object({
  channel: z.enum(['alipay', 'wechat']),
  /** `out_trade_no`. */
  tradeNo: z.string(),
  /** Alipay gives it at the scan, WeChat at the payment. */
  providerTradeNo: z.string().nullable(),
  state: z.enum([...Object.keys(ALIPAY_MOVES), ...Object.keys(WECHAT_MOVES)] as [LedgerState]),
  amountFen: money,
  refundedFen: money,
  subject: z.string(),
  notifyUrl: z.string().nullable(),
  attach: z.string().nullable(),
  /** Newest last. */
  codes: z.array(codeShape),
  /** How long the trade lives from the scan on (Alipay `timeout_express`). */
  lifeFromScanMs: z.number().nullable(),
  /** The last payable moment, as far as the wallet knows it now. */
  payableUntilMs: z.number().nullable(),
  /** Alipay: until when a cancel of the paid trade is taken, and when it is finished. */
  cancellableUntilMs: z.number().nullable(),
  finishesAtMs: z.number().nullable(),
  createdAtMs: z.number(),
  scannedAtMs: z.number().nullable(),
  paidAtMs: z.number().nullable(),
  closedAtMs: z.number().nullable(),
  /** What the merchant asked for, to recognise a repeat. */
  asked: z.string(),
});

export type LedgerTrade = z.infer<typeof tradeShape>;
export type LedgerCode = z.infer<typeof codeShape>;

export type PhoneRefusal =
  | 'already_paid'
  | 'closed'
  | 'expired'
  /** The code is too old, although the trade itself may live on under a newer code. */
  | 'code_expired';

/** The trade as time alone has moved it by `nowMs`. */
export function aged(trade: LedgerTrade, nowMs: number): LedgerTrade {
  if (trade.state === 'WAIT_BUYER_PAY' && trade.payableUntilMs !== null && nowMs > trade.payableUntilMs)
    return { ...step(trade, 'expire'), closedAtMs: Math.max(trade.payableUntilMs, trade.createdAtMs) };
  // Whoever is still typing the password then is turned away; the merchant can close it.
  if (trade.state === 'USERPAYING' && trade.payableUntilMs !== null && nowMs > trade.payableUntilMs)
    return step(trade, 'turn_back');
  if (trade.state === 'TRADE_SUCCESS' && trade.finishesAtMs !== null && nowMs > trade.finishesAtMs)
    return step(trade, 'finish');
  return trade;
}

/** The trade with all that is still to end ending `ms` sooner. What has happened keeps its time. */
export function hastened(trade: LedgerTrade, ms: number): LedgerTrade {
  const sooner = (at: number | null) => (at === null ? null : at - ms);
  return {
    ...trade,
    codes: trade.codes.map((code) => ({ ...code, expiresAtMs: code.expiresAtMs - ms })),
    payableUntilMs: sooner(trade.payableUntilMs),
    cancellableUntilMs: sooner(trade.cancellableUntilMs),
    finishesAtMs: sooner(trade.finishesAtMs),
  };
}

/** Why a customer who scans `code` now cannot pay; null when they can. The trade is aged already. */
export function phoneRefusal(trade: LedgerTrade, code: LedgerCode, nowMs: number): PhoneRefusal | null {
  if (trade.paidAtMs !== null) return 'already_paid';
  if (trade.payableUntilMs !== null && nowMs > trade.payableUntilMs) return 'expired';
  if (trade.closedAtMs !== null) return 'closed';
  // Who scanned in time may finish: the code's life ends at the scan.
  if (trade.scannedAtMs === null && nowMs > code.expiresAtMs) return 'code_expired';
  return null;
}

/** The customer scans. `freshNo` is used when this makes the trade (Alipay). Only call without a refusal. */
export function scanned(trade: LedgerTrade, freshNo: () => string, nowMs: number): LedgerTrade {
  const after = step(trade, 'scan');
  if (trade.channel === 'wechat' || trade.scannedAtMs !== null) return after;
  const lifeEndMs = nowMs + (trade.lifeFromScanMs ?? ALIPAY_TRADE_LIFE_MS);
  return {
    ...after,
    providerTradeNo: freshNo(),
    scannedAtMs: nowMs,
    payableUntilMs: Math.min(lifeEndMs, trade.payableUntilMs ?? lifeEndMs),
  };
}

/** The customer pays a scanned trade. Only call without a refusal. */
export function paid(trade: LedgerTrade, freshNo: () => string, nowMs: number): LedgerTrade {
  const after = { ...step(trade, 'pay'), paidAtMs: nowMs };
  if (trade.channel === 'wechat') return { ...after, providerTradeNo: freshNo() };
  return {
    ...after,
    cancellableUntilMs: nowMs + ALIPAY_CANCEL_WINDOW_MS,
    finishesAtMs: nowMs + ALIPAY_REFUND_WINDOW_MS,
  };
}

/** The merchant closes it; null when its state does not allow that. */
export function closed(trade: LedgerTrade, nowMs: number): LedgerTrade | null {
  return moved(trade.state, 'close') ? { ...step(trade, 'close'), closedAtMs: nowMs } : null;
}

/** Applies an event that the table allows. Throws on one that it does not: the caller has to look first. */
export function step(trade: LedgerTrade, event: LedgerEvent): LedgerTrade {
  const state = moved(trade.state, event);
  if (!state) throw new Error(`A trade in ${trade.state} takes no ${event}.`);
  return { ...trade, state };
}
