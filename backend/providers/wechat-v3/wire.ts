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

/** What every notification about a trade or a refund names. */
export const numberShape = z.object({ out_trade_no: z.string().min(1).max(64) });

export const errorShape = z.object({ code: z.string(), message: z.string().optional() });
