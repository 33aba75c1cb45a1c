import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRADE_EVENTS, TRADE_STATES, TRADE_TRANSITIONS, type TradeEvent, type TradeState } from './trade.ts';

const state = fc.constantFrom(...TRADE_STATES);
const events = fc.array(fc.constantFrom(...TRADE_EVENTS), { maxLength: 40 });

function walk(from: TradeState, path: readonly TradeEvent[]): TradeState {
  return path.reduce((at, event) => TRADE_TRANSITIONS[at][event].to, from);
}

describe('the transition table', () => {
  test('decides every state × event, each with a reason', () => {
    for (const from of TRADE_STATES) {
      for (const event of TRADE_EVENTS) {
        const cell = TRADE_TRANSITIONS[from][event];
        expect(TRADE_STATES).toContain(cell.to);
        expect(cell.why.length).toBeGreaterThan(10);
      }
    }
  });

  test('reaches every state from created', () => {
    const reached = new Set<TradeState>(['created']);
    for (let size = 0; size !== reached.size; ) {
      size = reached.size;
      for (const from of [...reached])
        for (const event of TRADE_EVENTS) reached.add(TRADE_TRANSITIONS[from][event].to);
    }
    expect([...reached].sort()).toEqual([...TRADE_STATES].sort());
  });

  test('turns payment evidence into paid from every state, and never takes paid back', () => {
    fc.assert(
      fc.property(state, events, events, (from, before, after) => {
        const path: TradeEvent[] = [...before, 'paid_seen', ...after];
        expect(walk(from, path)).toBe('paid');
      }),
    );
  });

  test('says closed only on the wallet’s word', () => {
    fc.assert(
      fc.property(events, (path) => {
        fc.pre(!path.includes('closed_seen'));
        expect(walk('created', path)).not.toBe('closed');
      }),
    );
  });

  test('says failed only on the wallet’s refusal, and never of a trade whose code was given out', () => {
    fc.assert(
      fc.property(events, (path) => {
        const end = walk('created', path);
        const refusedAt = path.indexOf('refused');
        if (end === 'failed') expect(refusedAt).toBeGreaterThanOrEqual(0);
        const codeAt = path.indexOf('code_obtained');
        const stopped = path.slice(0, codeAt).some((event) => /deadline|cancel|other|elsewhere/.test(event));
        if (codeAt >= 0 && !stopped && (refusedAt < 0 || codeAt < refusedAt)) {
          fc.pre(!path.some((event) => /deadline|cancel|other|elsewhere/.test(event)));
          expect(end).not.toBe('failed');
        }
      }),
    );
  });

  test('changes nothing on silence', () => {
    for (const from of TRADE_STATES) expect(TRADE_TRANSITIONS[from].no_answer.to).toBe(from);
  });

  test('shows nothing after a deadline, a cancel or another payment', () => {
    for (const from of ['created', 'awaiting_payment', 'paying'] as const) {
      for (const event of [
        'deadline_passed',
        'cancel_requested',
        'other_trade_paid',
        'paid_elsewhere',
      ] as const) {
        expect(TRADE_TRANSITIONS[from][event].to).toBe('closing');
      }
    }
  });
});
