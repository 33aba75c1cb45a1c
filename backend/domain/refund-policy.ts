import type { Fen } from './money.ts';

/** Up to this amount a payment that nobody asked for is given back by rule; above it a manager decides. */
export interface RefundPolicy {
  automaticMaxFen: Fen;
}

export interface RefundDue {
  why: 'refund_late' | 'refund_surplus';
  by: 'automatic' | 'manager';
}

/** What the wallet tells the customer. */
export const REFUND_REASONS: Record<RefundDue['why'], string> = {
  refund_late: '订单已取消，款项退回',
  refund_surplus: '重复付款，款项退回',
};

/**
 * What becomes of a payment that came after the till had stopped asking (`late`) or on top of another
 * (`surplus`). A surplus goes back. A late one of an order that was cancelled goes back; of an order that
 * is still wanted it is the payment, and is kept. Null when nothing goes back.
 */
export function refundDue(
  payment: { amountFen: Fen; late: boolean; surplus: boolean; orderCancelled: boolean },
  policy: RefundPolicy,
): RefundDue | null {
  const by = payment.amountFen <= policy.automaticMaxFen ? 'automatic' : 'manager';
  if (payment.surplus) return { why: 'refund_surplus', by };
  return payment.late && payment.orderCancelled ? { why: 'refund_late', by } : null;
}
