import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  holdsItsPart,
  isEnded,
  mayWithdraw,
  REFUND_EVENTS,
  REFUND_STATES,
  REFUND_TRANSITIONS,
  type RefundEvent,
  type RefundState,
  readRefundEvidence,
} from './refund.ts';
import {
  payoutDelayMs,
  refundDelayMs,
  refundStepAfter,
  UNSEEN_COUNTS_MS,
  untilUnseenCounts,
} from './refund-steps.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const events = fc.array(fc.constantFrom(...REFUND_EVENTS), { maxLength: 40 });

function walk(from: RefundState, path: readonly RefundEvent[]): RefundState {
  return path.reduce((at, event) => REFUND_TRANSITIONS[at][event].to, from);
}

describe('the refund’s transition table', () => {
  test('decides every state × event, each with a reason', () => {
    for (const from of REFUND_STATES) {
      for (const event of REFUND_EVENTS) {
        const cell = REFUND_TRANSITIONS[from][event];
        expect(REFUND_STATES).toContain(cell.to);
        expect(cell.why.length).toBeGreaterThan(10);
      }
    }
  });

  test('reaches every state from queued', () => {
    const reached = new Set<RefundState>(['queued']);
    for (let size = 0; size !== reached.size; ) {
      size = reached.size;
      for (const from of [...reached])
        for (const event of REFUND_EVENTS) reached.add(REFUND_TRANSITIONS[from][event].to);
    }
    expect([...reached].sort()).toEqual([...REFUND_STATES].sort());
  });

  test('turns the wallet’s success into succeeded from every state, and never takes it back', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REFUND_STATES), events, events, (from, before, after) => {
        expect(walk(from, [...before, 'succeeded_seen', ...after])).toBe('succeeded');
      }),
    );
  });

  test('says succeeded, closed, abnormal and refused only on the wallet’s word', () => {
    const words: [RefundState, RefundEvent][] = [
      ['succeeded', 'succeeded_seen'],
      ['closed', 'closed_seen'],
      ['abnormal', 'abnormal_seen'],
      ['refused', 'refused'],
    ];
    fc.assert(
      fc.property(events, fc.constantFrom(...words), (path, [state, word]) => {
        fc.pre(!path.includes(word));
        expect(walk('queued', path)).not.toBe(state);
      }),
    );
  });

  test('withdraws nothing that was sent and may have arrived', () => {
    for (const state of REFUND_STATES)
      for (const sends of [0, 1, 2])
        expect(mayWithdraw({ state, sends })).toBe(state === 'queued' && sends === 0);
    for (const from of REFUND_STATES)
      if (from !== 'queued' && from !== 'withdrawn')
        expect(REFUND_TRANSITIONS[from].withdraw_requested.to).toBe(from);
  });

  test('frees a part only where the refund has ended without giving anything back', () => {
    for (const state of REFUND_STATES) if (!holdsItsPart(state)) expect(isEnded(state)).toBe(true);
    for (const state of ['queued', 'asked', 'processing', 'abnormal', 'succeeded'] as const)
      expect(holdsItsPart(state)).toBe(true);
  });

  test('changes nothing on silence, once it was sent', () => {
    for (const from of REFUND_STATES)
      if (from !== 'queued') expect(REFUND_TRANSITIONS[from].no_answer.to).toBe(from);
  });

  test('takes another amount for no evidence', () => {
    const evidence = {
      tradeNo: 'T',
      refundNo: 'R',
      status: 'succeeded',
      amountFen: 99 as never,
      providerRefundNo: null,
      succeededAtMs: null,
      providerStatus: 'SUCCESS',
    } as const;
    expect(readRefundEvidence({ amountFen: 100 as never }, evidence)).toEqual({
      incident: 'amount_mismatch',
    });
    expect(readRefundEvidence({ amountFen: 99 as never }, evidence)).toBe('succeeded_seen');
    expect(readRefundEvidence({ amountFen: 100 as never }, { ...evidence, amountFen: null })).toBe(
      'succeeded_seen',
    );
  });
});

describe('the next question about a refund', () => {
  test('is none exactly when it has ended', () => {
    for (const state of REFUND_STATES)
      for (const event of REFUND_EVENTS)
        expect(refundStepAfter({ state, sends: 1 }, event) === null).toBe(isEnded(state));
  });

  test('is never to send again before it was looked up', () => {
    for (const event of REFUND_EVENTS) {
      const next = refundStepAfter({ state: 'asked', sends: 1 }, event);
      expect(next).toBe(event === 'held' || event === 'unseen' ? 'refund' : 'refund_query');
      expect(refundStepAfter({ state: 'processing', sends: 1 }, event)).toBe('refund_query');
      expect(refundStepAfter({ state: 'abnormal', sends: 1 }, event)).toBe('refund_query');
    }
  });

  test('comes as the wallet wants it while it is paid out: each minute, then ever more rarely', () => {
    const looks: number[] = [];
    for (let ageMs = 0; ageMs < 3 * 60 * MINUTE; ) {
      ageMs += payoutDelayMs(ageMs);
      looks.push(ageMs / MINUTE);
    }
    expect(looks.slice(0, 9)).toEqual([1, 2, 3, 4, 5, 10, 20, 40, 70]);
  });

  test('takes “no such refund” for granted only some time after it was sent', () => {
    expect(untilUnseenCounts({ lastSentAtMs: 1_000 }, 1_000)).toBe(UNSEEN_COUNTS_MS);
    expect(untilUnseenCounts({ lastSentAtMs: 1_000 }, 1_000 + UNSEEN_COUNTS_MS)).toBe(0);
    expect(untilUnseenCounts({ lastSentAtMs: null }, 99 * UNSEEN_COUNTS_MS)).toBe(0);
  });

  test('never follows at once for ever', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('asked', 'processing', 'queued' as const),
        fc.constantFrom(...REFUND_EVENTS),
        fc.integer({ min: 0, max: 1_000 }),
        fc.boolean(),
        (state, event, attempts, throttled) => {
          const refund = { state, requestedAtMs: 0, lastSentAtMs: 0 };
          const pause = refundDelayMs(refund, { event, attempts, throttled, jitter: 0, nowMs: 1 });
          expect(pause).toBeGreaterThanOrEqual(500);
          expect(pause).toBeLessThanOrEqual(30 * MINUTE);
        },
      ),
    );
  });
});
