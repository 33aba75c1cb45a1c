import { z } from 'zod';

/** `POST /v3/pay/transactions/native`. */
export const nativeShape = z.object({ code_url: z.string().min(1).max(1_024) });

/** `GET /v3/pay/transactions/out-trade-no/…`. */
export const transactionShape = z.object({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string(),
  transaction_id: z.string().optional(),
  trade_state: z.string(),
  success_time: z.string().optional(),
  payer: z.object({ openid: z.string().optional() }).optional(),
  /** Fen. `payer_total` is less than `total` when coupons apply. */
  amount: z.object({ total: z.number().int().min(0).optional(), currency: z.string().optional() }).optional(),
});

const refundAmount = z.object({
  /** Fen: of the order, and of this refund. */
  total: z.number().int().min(0),
  refund: z.number().int().min(0),
  currency: z.string().optional(),
});

/** `POST /v3/refund/domestic/refunds` and its query. */
export const refundShape = z.object({
  refund_id: z.string().optional(),
  out_refund_no: z.string(),
  out_trade_no: z.string(),
  status: z.string(),
  success_time: z.string().optional(),
  amount: refundAmount,
});

/** The content of a refund's notification: the status has another name there, and the merchant is named. */
export const refundNoticeShape = refundShape
  .omit({ status: true })
  .extend({ mchid: z.string(), refund_status: z.string() });

/** What every notification about a trade or a refund names. */
export const numberShape = z.object({
  out_trade_no: z.string().min(1).max(64),
  out_refund_no: z.string().min(1).max(64).optional(),
});

export const errorShape = z.object({ code: z.string(), message: z.string().optional() });
