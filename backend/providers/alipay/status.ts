import type { z } from 'zod';
import type { Evidence } from '../../domain/evidence.ts';
import type { queryShape } from './wire.ts';

type Trade = z.output<typeof queryShape>;

/** Alipay's words for a trade. A word that is not here proves nothing. */
const STATUS: Readonly<Record<string, (trade: Trade) => Evidence['status']>> = {
  WAIT_BUYER_PAY: () => 'paying', // There is a trade only after the scan: the customer is at it.
  TRADE_SUCCESS: () => 'paid', // Stays so through partial refunds.
  TRADE_FINISHED: () => 'paid', // Paid, and no longer refundable.
  TRADE_CLOSED: (trade) => (moneyWentBack(trade) ? 'refunded' : 'closed'), // Unpaid, or refunded in full.
};

/** Our word for Alipay's; null when it is not listed. */
export function statusOf(trade: Trade): Evidence['status'] | null {
  return Object.hasOwn(STATUS, trade.trade_status) ? (STATUS[trade.trade_status]?.(trade) ?? null) : null;
}

/** Whether a closed trade had been paid: a time of payment, refund fields, or the trace of a cancel that refunded. */
function moneyWentBack(trade: Trade): boolean {
  if (trade.send_pay_date || trade.gmt_payment) return true;
  if (trade.gmt_refund || trade.gmt_refund_pay) return true;
  if (trade.refund_fee && /[1-9]/.test(trade.refund_fee)) return true;
  return ['cancel', 'refund'].includes(actionOf(trade.ext_infos));
}

function actionOf(extInfos: unknown): string {
  let infos = extInfos;
  if (typeof infos === 'string') {
    try {
      infos = JSON.parse(infos);
    } catch {
      return '';
    }
  }
  const action = typeof infos === 'object' && infos !== null && 'action' in infos ? infos.action : '';
  return typeof action === 'string' ? action : '';
}
