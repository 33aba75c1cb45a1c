import type { Plight } from '../faults/armed.ts';

/** An answer or a notification as a fault of content makes it: still genuinely signed. */
export function told(result: object, { main }: Plight): object {
  const transaction = result as { amount?: { total: number; refund?: number }; out_trade_no?: string };
  switch (main?.kind) {
    case 'wrong_amount': {
      const { amount } = transaction;
      if (!amount) return result;
      return amount.refund === undefined
        ? { ...result, amount: { ...amount, total: amount.total + 1 } }
        : { ...result, amount: { ...amount, refund: amount.refund + 1 } };
    }
    case 'wrong_app_id':
      return { ...result, appid: 'wx0000000000000000' };
    case 'wrong_merchant':
      return { ...result, mchid: '1600000000' };
    case 'wrong_trade_no':
      return { ...result, out_trade_no: `${transaction.out_trade_no}X` };
    case 'status_word':
      if ('status' in result) return { ...result, status: main.word };
      if ('refund_status' in result) return { ...result, refund_status: main.word };
      return { ...result, trade_state: main.word, trade_state_desc: main.word };
    default:
      return result;
  }
}
