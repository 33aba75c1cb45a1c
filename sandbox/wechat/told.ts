import type { Plight } from '../faults/armed.ts';

/** An answer or a notification as a fault of content makes it: still genuinely signed. */
export function told(result: object, { main }: Plight): object {
  const transaction = result as { amount?: { total: number }; out_trade_no?: string };
  switch (main?.kind) {
    case 'wrong_amount': {
      const { amount } = transaction;
      return amount ? { ...result, amount: { ...amount, total: amount.total + 1 } } : result;
    }
    case 'wrong_app_id':
      return { ...result, appid: 'wx0000000000000000' };
    case 'wrong_merchant':
      return { ...result, mchid: '1600000000' };
    case 'wrong_trade_no':
      return { ...result, out_trade_no: `${transaction.out_trade_no}X` };
    case 'status_word':
      return { ...result, trade_state: main.word, trade_state_desc: main.word };
    default:
      return result;
  }
}
