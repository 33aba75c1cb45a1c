import type { Evidence } from '../../domain/evidence.ts';
import type { RefundEvidence } from '../../domain/refund.ts';

/** WeChat's words for an order. A word that is not here proves nothing. */
const STATUS: Readonly<Record<string, Evidence['status']>> = {
  SUCCESS: 'paid',
  REFUND: 'refunded', // Any refund, in part or whole: it was paid.
  NOTPAY: 'unpaid', // May lag seconds behind a payment.
  USERPAYING: 'paying', // Typing the password.
  ACCEPT: 'paying', // Accepted, the debit is pending.
  CLOSED: 'closed',
  REVOKED: 'closed', // Reversed; bar-code payments only.
  PAYERROR: 'unpaid', // This try failed; the order itself is still open.
};

/** Our word for WeChat's; null when it is not listed. */
export function statusOf(tradeState: string): Evidence['status'] | null {
  return Object.hasOwn(STATUS, tradeState) ? (STATUS[tradeState] ?? null) : null;
}

/** WeChat's words for a refund. A word that is not here proves nothing. */
const REFUND_STATUS: Readonly<Record<string, RefundEvidence['status']>> = {
  PROCESSING: 'processing',
  SUCCESS: 'succeeded',
  CLOSED: 'closed', // Failed for good; nothing went back.
  ABNORMAL: 'abnormal', // The customer's account took it not: a person must act. Not final.
};

/** Our word for WeChat's; null when it is not listed. */
export function refundStatusOf(status: string): RefundEvidence['status'] | null {
  return Object.hasOwn(REFUND_STATUS, status) ? (REFUND_STATUS[status] ?? null) : null;
}
