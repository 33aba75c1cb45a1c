import { expect, test } from 'vitest';
import type { Trade } from '../contract/trade.ts';
import { owedWords, tradeWord } from './owed.ts';
import { testTrade } from './store/test-order.ts';

/** The keys themselves, so that a test reads which sentences were chosen. */
const keys = (key: string) => key;
const paid = (change: Partial<Trade>) => testTrade('paid', change);

test.for([
  ['an ordinary payment', {}, null],
  ['a late payment that is kept', { late: true }, 'paid.late paid.accepted'],
  ['a late payment by rule', { late: true, refundDue: 'automatic' }, 'paid.late_back paid.due_automatic'],
  ['a late payment above the rule', { late: true, refundDue: 'manager' }, 'paid.late_back paid.due_manager'],
  ['a surplus by rule', { surplus: true, refundDue: 'automatic' }, 'paid.surplus paid.due_automatic'],
  ['a surplus that is settled', { surplus: true }, 'paid.surplus paid.not_due'],
  ['a late surplus', { late: true, surplus: true, refundDue: 'manager' }, 'paid.surplus paid.due_manager'],
  ['a contradiction', { incident: 'amount_mismatch', late: true }, 'paid.incident'],
] as const)('%s says what becomes of its money', ([, change, words]) => {
  expect(owedWords(keys, paid(change))).toBe(words);
});

test('a list names what is owed before what is odd, and what is odd before the state, and what went back is no longer just paid', () => {
  const ended = { at: '2026-11-21T14:32:00.000+08:00', reason: 'closed there' };
  expect(tradeWord(keys, paid({ surplus: true, refundDue: 'manager' }))).toBe('sale.refund_due');
  expect(tradeWord(keys, paid({ surplus: true, late: true }))).toBe('sale.surplus');
  expect(tradeWord(keys, testTrade('closing', { setAside: ended }))).toBe('sale.set_aside');
  expect(tradeWord(keys, paid({ amountFen: 1_250, refundedFen: 500 }))).toBe('sale.partly_back');
  expect(tradeWord(keys, paid({ amountFen: 1_250, refundedFen: 1_250 }))).toBe('sale.all_back');
  // A payment that turned up later counts.
  expect(tradeWord(keys, paid({ setAside: ended }))).toBe('state.paid');
});
