import { z } from 'zod';
import { wechatTime } from '../../wire/china-time.ts';
import type { LedgerTrade } from './trade.ts';

/** WeChat's words for a refund; Alipay's succeed at once or are refused. */
export const REFUND_STATUSES = ['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL'] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

/** Money that one payment gives back. Times are ms since the epoch on the ledger's clock. */
export const refundShape = z.object({
  channel: z.enum(['alipay', 'wechat']),
  tradeNo: z.string(),
  /** `out_request_no`, `out_refund_no`. */
  refundNo: z.string(),
  providerRefundNo: z.string().nullable().default(null),
  amountFen: z.number().int().positive(),
  status: z.enum(REFUND_STATUSES).default('SUCCESS'),
  /** What a PROCESSING one becomes, and when; null: not by itself. */
  endsAs: z.enum(REFUND_STATUSES).default('SUCCESS'),
  endsAtMs: z.number().nullable().default(null),
  /** Null when Alipay's cancel returned it. */
  requestedAtMs: z.number().nullable().default(null),
  refundedAtMs: z.number().nullable(),
  reason: z.string().default(''),
  notifyUrl: z.string().nullable().default(null),
  /** What the merchant asked for, to recognise a repeat, and how often it did. */
  asked: z.string().default(''),
  requests: z.number().int().default(0),
});
export type LedgerRefund = z.infer<typeof refundShape>;

/** What the merchant asks for. */
export type RefundWish = Pick<
  LedgerRefund,
  'refundNo' | 'providerRefundNo' | 'amountFen' | 'reason' | 'notifyUrl' | 'asked' | 'endsAs' | 'endsAtMs'
>;

/** The refund as it begins: done at once where it is not to be paid out later. */
export function newRefund(trade: LedgerTrade, wish: RefundWish, nowMs: number): LedgerRefund {
  const isDone = wish.endsAtMs === null && wish.endsAs === 'SUCCESS';
  return {
    ...wish,
    channel: trade.channel,
    tradeNo: trade.tradeNo,
    status: isDone ? 'SUCCESS' : 'PROCESSING',
    requestedAtMs: nowMs,
    refundedAtMs: isDone ? nowMs : null,
    requests: 1,
  };
}

/** Whether its part of the payment is gone, or may still go. */
export function holdsItsPart({ status }: LedgerRefund): boolean {
  return status !== 'CLOSED';
}

/** What `GET /ledger` shows. */
export function refundView(refund: LedgerRefund): object {
  const { channel, tradeNo, refundNo, providerRefundNo, amountFen, status, reason, requests } = refund;
  const at = (ms: number | null) => (ms === null ? null : wechatTime(ms));
  return {
    channel,
    tradeNo,
    refundNo,
    providerRefundNo,
    amountFen,
    status,
    reason,
    requests,
    requestedAt: at(refund.requestedAtMs),
    refundedAt: at(refund.refundedAtMs),
  };
}

/** All refunds in the order of making. Alipay's numbers are unique within a trade, WeChat's within the merchant. */
export class RefundBook {
  readonly #all = new Map<string, LedgerRefund>();

  constructor(kept: readonly LedgerRefund[]) {
    for (const refund of kept) this.put(refund);
  }

  put(refund: LedgerRefund): LedgerRefund {
    this.#all.set(key(refund), refund);
    return refund;
  }

  find(channel: LedgerRefund['channel'], tradeNo: string, refundNo: string): LedgerRefund | undefined {
    return this.#all.get(key({ channel, tradeNo, refundNo }));
  }

  of({ channel, tradeNo }: Pick<LedgerTrade, 'channel' | 'tradeNo'>): LedgerRefund[] {
    return this.all().filter((refund) => refund.channel === channel && refund.tradeNo === tradeNo);
  }

  all(): LedgerRefund[] {
    return [...this.#all.values()];
  }
}

function key({ channel, tradeNo, refundNo }: Pick<LedgerRefund, 'channel' | 'tradeNo' | 'refundNo'>): string {
  return channel === 'alipay' ? `${channel} ${tradeNo} ${refundNo}` : `${channel} ${refundNo}`;
}
