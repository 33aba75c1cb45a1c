import { z } from 'zod';

/** Members that every answer's node has (protocol: return codes); the others pass, for the operation's own shape. */
export const codesShape = z.looseObject({
  code: z.string(),
  msg: z.string().optional(),
  sub_code: z.string().optional(),
  sub_msg: z.string().optional(),
});

/** Answers echo the number they are about; failures may leave it out. */
export const echoShape = z.object({ out_trade_no: z.string().optional() });

export const precreateShape = z.object({
  out_trade_no: z.string(),
  qr_code: z.string().min(1).max(1_024),
});

export const queryShape = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().optional(),
  trade_status: z.string(),
  /** Yuan. What the payer paid (`buyer_pay_amount`) and what arrives (`receipt_amount`) may be less. */
  total_amount: z.string().optional(),
  trans_currency: z.string().optional(),
  seller_id: z.string().optional(),
  buyer_logon_id: z.string().optional(),
  buyer_open_id: z.string().optional(),
  send_pay_date: z.string().optional(),
  gmt_payment: z.string().optional(),
  refund_fee: z.string().optional(),
  gmt_refund: z.string().optional(),
  gmt_refund_pay: z.string().optional(),
  /** JSON text or an object, depending on the product. */
  ext_infos: z.unknown().optional(),
});

export const cancelShape = z.object({
  out_trade_no: z.string().optional(),
  /** `Y`: not done, call again. */
  retry_flag: z.string().optional(),
  /** `close` or `refund`; absent when nothing happened. */
  action: z.string().optional(),
});

export const refundShape = z.object({
  out_trade_no: z.string().optional(),
  /** `Y`: this very call moved money. */
  fund_change: z.string().optional(),
  /** Yuan: everything given back of the trade so far. */
  refund_fee: z.string().optional(),
  gmt_refund_pay: z.string().optional(),
});

export const refundQueryShape = z.object({
  out_trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_status: z.string().optional(),
  /** Yuan: this refund's own amount. */
  refund_amount: z.string().optional(),
  gmt_refund_pay: z.string().optional(),
});
