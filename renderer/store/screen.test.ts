import { describe, expect, test } from 'vitest';
import { withEvent, withOrder } from './apply.ts';
import { newerOrder } from './merge.ts';
import { screenOf, tray } from './screen.ts';
import { INITIAL_STATE, type TillState } from './state.ts';
import * as steps from './steps.ts';
import { testCharge, testOrder, testTrade } from './test-order.ts';

const AT = '2026-11-21T14:32:05.000+08:00';
const ENDED = { at: AT, reason: 'closed in the merchant platform' };
const selling = (): TillState => steps.beginTyped({ ...INITIAL_STATE, typed: '12.5' }, 'W1');
const waiting = testCharge('waiting', [testTrade('awaiting_payment')]);

describe('the screen', () => {
  test.for([
    ['creating', testCharge('creating', [testTrade('created')])],
    ['waiting', waiting],
    ['checking', testCharge('checking', [testTrade('created')])],
    ['closing', testCharge('closing', [testTrade('closing')])],
    ['not_paid', testCharge('closed', [testTrade('closed')])],
    ['paid', testCharge('paid', [testTrade('paid')])],
    ['refused', testCharge('failed', [testTrade('failed')])],
    ['set_aside', testCharge('set_aside', [testTrade('closing', { setAside: ENDED })])],
  ] as const)('is %s when the charge is so', ([screen, charge]) => {
    expect(screenOf(steps.answered(selling(), charge))).toBe(screen);
  });

  test('is entering from the first digit, and creating from Enter on', () => {
    expect(screenOf(INITIAL_STATE)).toBe('idle');
    expect(screenOf(steps.typeKey(INITIAL_STATE, '1'))).toBe('entering');
    expect(screenOf(selling())).toBe('creating');
  });

  test('hides the codes at once when the cashier cancels', () => {
    const state = steps.wantCancel(steps.answered(selling(), waiting), 'W1');
    expect(screenOf(state)).toBe('closing');
  });

  test('says paid even when the cashier was cancelling', () => {
    const cancelled = steps.wantCancel(steps.answered(selling(), waiting), 'W1');
    const state = withOrder(cancelled, testOrder(testCharge('paid', [testTrade('paid', { late: true })])));
    expect(screenOf(state)).toBe('paid');
  });

  test('shows a repeated attempt as new, not the one that has ended', () => {
    const ended = steps.answered(selling(), testCharge('closed', [testTrade('closed')]));
    const again = steps.retry(ended, 'W2');
    expect(again.shown).toBe('W1');
    expect(screenOf(again)).toBe('creating');
  });

  test('charges a cancelled order’s amount under a new number', () => {
    const order = testOrder(testCharge('closed', [testTrade('closed')]), { state: 'cancelled' });
    const again = steps.retry(withOrder(selling(), order), 'W2');
    expect(again.shown).toBe('W2');
    expect(again.sales.W2).toMatchObject({ amountFen: 1_250, isAsking: true });
  });

  test('never begins a sale with nothing to charge', () => {
    const state = steps.beginTyped({ ...INITIAL_STATE, typed: '0.00' }, 'W1');
    expect(screenOf(state)).toBe('entering');
    expect(state.notice).toEqual({ kind: 'amount', problem: 'zero' });
  });
});

describe('the tray', () => {
  test('keeps what is parked, closing, or still being asked for', () => {
    const parked = steps.show(steps.answered(selling(), waiting), null);
    expect(tray(parked)).toMatchObject([{ orderNo: 'W1', screen: 'waiting', amountFen: 1_250 }]);
    expect(tray(steps.show(selling(), null))).toMatchObject([{ orderNo: 'W1', screen: 'creating' }]);
  });

  test('lets go of what ended unpaid', () => {
    const parked = steps.show(steps.answered(selling(), waiting), null);
    expect(tray(withOrder(parked, testOrder(testCharge('closed', [testTrade('closed')]))))).toEqual([]);
  });

  test('lets go of what a person has ended', () => {
    const parked = steps.show(steps.answered(selling(), waiting), null);
    const ended = testOrder(testCharge('set_aside', [testTrade('closing', { setAside: ENDED })]));
    expect(tray(withOrder(parked, ended))).toEqual([]);
  });

  test('keeps what was paid unseen until somebody looks', () => {
    const parked = steps.show(steps.answered(selling(), waiting), null);
    const order = testOrder(testCharge('paid', [testTrade('paid')]));
    const paid = withEvent(parked, {
      type: 'trade.changed',
      at: AT,
      tradeNo: 'T_alipay',
      fromState: 'awaiting_payment',
      toState: 'paid',
      what: 'paid_seen',
      order,
    });
    expect(tray(paid)).toMatchObject([{ orderNo: 'W1', screen: 'paid' }]);
    expect(tray(steps.show(steps.show(paid, 'W1'), null))).toEqual([]);
  });
});

describe('an older answer', () => {
  test('never takes back a payment that an event has told', () => {
    const paid = testOrder(testCharge('paid', [testTrade('paid')]));
    expect(newerOrder(paid, testOrder(waiting))).toBe(paid);
  });

  test('never brings back codes that are closing', () => {
    const closing = testOrder(testCharge('closing', [testTrade('closing')]));
    expect(newerOrder(closing, testOrder(waiting)).charge?.state).toBe('closing');
  });

  test('never takes up again what a person has ended', () => {
    const ended = testOrder(testCharge('set_aside', [testTrade('closing', { setAside: ENDED })]));
    const older = testOrder(testCharge('closing', [testTrade('closing')]));
    expect(newerOrder(ended, older)).toMatchObject({ charge: { state: 'set_aside' } });
  });

  test('gives way to a newer charge of the same order', () => {
    const closed = testOrder(testCharge('closed', [testTrade('closed')]));
    const next = { chargeId: 'C2', createdAt: '2026-11-21T14:40:00.000+08:00' };
    const fresh = testOrder(testCharge('creating', [testTrade('created')], next));
    expect(newerOrder(closed, fresh).charge?.chargeId).toBe('C2');
  });
});
