import { type Bill, type BillProgress, DIFFERENCES } from '../../contract/bill.ts';
import { keyOf, type Words } from '../i18n/index.ts';
import { yuanText } from '../money.ts';

/** How it stands, in a sentence. */
export function stateWord(t: Words, bill: Bill): string {
  // What is said beside the bar is not said twice.
  if (bill.progress !== null && bill.progress.phase !== 'reading') return '';
  if (bill.state === 'failed') return faultWord(t, bill.fault ?? '');
  if (bill.state === 'done' && bill.open > 0)
    return t('bills.state.differs', { open: grouped(bill.open), lines: grouped(bill.lines) });
  const isEnded = bill.counts.some((each) => DIFFERENCES.some((name) => name === each.class));
  if (bill.state === 'done' && isEnded) return t('bills.state.ended', { lines: grouped(bill.lines) });
  return t(`bills.state.${bill.state}`, { lines: grouped(bill.lines) });
}

/** What is being done about it, and how much of that is done. */
export function progressWord(t: Words, { phase, done, of }: BillProgress): string {
  if (phase === 'fetching') return t('bills.progress.fetching');
  if (phase === 'asking') return t('bills.progress.asking', { done: grouped(done), of: grouped(of ?? done) });
  if (of === null) return t('bills.progress.reading_open', { done: kilobytes(done) });
  return t('bills.progress.reading', { done: kilobytes(done), of: kilobytes(of) });
}

/** `12,400 kB` */
function kilobytes(bytes: number): string {
  return `${grouped(Math.ceil(bytes / 1_000))} kB`;
}

function faultWord(t: Words, fault: string): string {
  const key = keyOf('bills.fault', fault);
  return key ? t(key) : t('bills.fault.other', { fault });
}

/** How the account's movements of a day stand to its trade bill, in a sentence. */
export function againstWord(t: Words, { tradeBill, ...bill }: Bill): string {
  if (!tradeBill) return t('bills.against.none');
  const sums = [
    [t('bills.paid'), bill.paidFen, tradeBill.paidFen],
    [t('bills.refunded'), bill.refundedFen, tradeBill.refundedFen],
    [t('bills.fee'), Math.round(bill.feeMilliFen / 1_000), Math.round(tradeBill.feeMilliFen / 1_000)],
  ] as const;
  const different = sums.filter(([, here, there]) => here !== there);
  if (different.length === 0) return t('bills.against.agrees');
  const what = different.map(([name, , there]) => `${name} ¥ ${yuanText(there)}`).join(' · ');
  return t('bills.against.differs', { what });
}

/** `128,000` */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}
