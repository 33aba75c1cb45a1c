import type { Bill } from '../../contract/bill.ts';
import { keyOf, type Words } from '../i18n/index.ts';

/** How it stands, in a sentence. */
export function stateWord(t: Words, bill: Bill): string {
  if (bill.state === 'failed') return faultWord(t, bill.fault ?? '');
  if (bill.state === 'done' && bill.open > 0)
    return t('bills.state.differs', { open: grouped(bill.open), lines: grouped(bill.lines) });
  return t(`bills.state.${bill.state}`, { lines: grouped(bill.lines) });
}

function faultWord(t: Words, fault: string): string {
  const key = keyOf('bills.fault', fault);
  return key ? t(key) : t('bills.fault.other', { fault });
}

/** `128,000` */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
