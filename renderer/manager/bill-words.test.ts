import { expect, test } from 'vitest';
import type { Bill } from '../../contract/bill.ts';
import { stateWord } from './bill-words.ts';

const DONE: Bill = {
  billId: 1,
  channel: 'alipay',
  kind: 'trade',
  day: '2026-11-20',
  state: 'done',
} as Bill;

/** The keys themselves, so that a test reads which sentence was chosen. */
const word = (change: Partial<Bill>) =>
  stateWord((key) => key, { ...DONE, progress: null, lines: 3, open: 0, counts: [], ...change });

test('a bill agrees only where nothing differs: what people have settled is said to be that', () => {
  const counts: Bill['counts'] = [
    { class: 'matched', count: 2 },
    { class: 'missing_here', count: 1 },
  ];
  expect(word({ counts: counts.slice(0, 1) })).toBe('bills.state.done');
  expect(word({ counts, open: 1 })).toBe('bills.state.differs');
  expect(word({ counts })).toBe('bills.state.ended');
});
