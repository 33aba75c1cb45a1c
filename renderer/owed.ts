import type { Trade } from '../contract/trade.ts';
import type { Words } from './i18n/index.ts';
import { yuanText } from './money.ts';

/** What asks a person to look at this payment, and what becomes of its money; null when all is plain. */
export function owedWords(t: Words, trade: Trade): string | null {
  const wallet = t(`wallet.${trade.channel}`);
  const amount = yuanText(trade.amountFen);
  if (trade.incident) return t('paid.incident', { wallet });
  if (!trade.surplus && !trade.late) return null;
  const late = trade.refundDue ? 'paid.late_back' : 'paid.late';
  const what = trade.surplus ? t('paid.surplus', { wallet, amount }) : t(late);
  if (trade.refundDue) return `${what} ${t(`paid.due_${trade.refundDue}`, { amount })}`;
  return `${what} ${t(trade.surplus ? 'paid.not_due' : 'paid.accepted')}`;
}

/** The one word for a trade in a list: what it is, or what is odd about it. */
export function tradeWord(t: Words, trade: Trade): string {
  if (trade.incident) return t('sale.incident');
  if (trade.refundDue) return t('sale.refund_due');
  if (trade.surplus) return t('sale.surplus');
  if (trade.late) return t('sale.late');
  return stateWord(t, trade);
}

/** What became of a trade: paid, and how much of it went back; ended by a person; or its state. */
export function stateWord(t: Words, trade: Trade): string {
  if (trade.state !== 'paid') return t(trade.setAside ? 'sale.set_aside' : `state.${trade.state}`);
  if (trade.refundedFen === 0) return t('state.paid');
  if (trade.refundedFen < trade.amountFen)
    return t('sale.partly_back', { amount: yuanText(trade.refundedFen) });
  return t('sale.all_back');
}
