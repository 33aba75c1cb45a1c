import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { delayAfter, pollDelayMs, RETRY_MAX_MS, retryDelayMs, stepAfter, THROTTLED_MAX_MS } from './steps.ts';
import { TRADE_EVENTS, TRADE_STATES } from './trade.ts';

describe('polling', () => {
  test('looks first after 2.5 s, then every 2 s for half a minute, then every 5 s', () => {
    const looks: number[] = [];
    for (let ageMs = 0; ageMs < 60_000; ) {
      ageMs += pollDelayMs(ageMs);
      looks.push(ageMs);
    }
    expect(looks.slice(0, 4)).toEqual([2_500, 4_500, 6_500, 8_500]);
    expect(looks.filter((ageMs) => ageMs > 32_000).slice(0, 2)).toEqual([35_500, 40_500]);
  });

  test('repeats an unanswered question ever more slowly, within bounds, never at once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.boolean(),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, throttled, jitter) => {
          const pause = retryDelayMs(attempt, throttled, jitter);
          expect(pause).toBeGreaterThanOrEqual(500);
          expect(pause).toBeLessThanOrEqual(throttled ? THROTTLED_MAX_MS : RETRY_MAX_MS);
        },
      ),
    );
  });

  test('never asks again without a pause for ever, in any state', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('created', 'awaiting_payment', 'paying', 'closing' as const),
        fc.constantFrom('evidence', 'accepted', 'not_yet', 'query_first', 'unknown'),
        fc.integer({ min: 0, max: 600_000 }),
        (state, kind, ageMs) => {
          const pace = { attempts: 4, ageMs, jitter: 0, contradicted: false };
          expect(delayAfter({ state }, 'query', { kind }, pace)).toBeGreaterThanOrEqual(500);
        },
      ),
    );
  });
});

describe('the next step', () => {
  test('is nothing exactly when the trade is finished', () => {
    for (const state of TRADE_STATES) {
      for (const event of TRADE_EVENTS) {
        for (const asked of [null, 'open', 'query', 'close', 'cancel'] as const) {
          const isFinal = state === 'paid' || state === 'closed' || state === 'failed';
          expect(stepAfter({ state, codeUrl: null }, event, asked) === null).toBe(isFinal);
        }
      }
    }
  });

  test('looks before it closes, and never reverses a trade whose code somebody may have scanned', () => {
    const shown = { state: 'closing' as const, codeUrl: 'https://qr.example/1' };
    const never = { state: 'closing' as const, codeUrl: null };
    expect(stepAfter(shown, 'deadline_passed', null)).toBe('query');
    expect(stepAfter(shown, 'unpaid_seen', 'query')).toBe('close');
    expect(stepAfter(never, 'unpaid_seen', 'query')).toBe('cancel');
    for (const event of TRADE_EVENTS) {
      for (const asked of [null, 'open', 'query', 'close'] as const) {
        expect(stepAfter(shown, event, asked)).not.toBe('cancel');
      }
    }
  });

  test('looks an unanswered creation up before it is repeated', () => {
    expect(stepAfter({ state: 'created', codeUrl: null }, 'no_answer', 'open')).toBe('query');
    expect(stepAfter({ state: 'created', codeUrl: null }, 'unpaid_seen', 'query')).toBe('open');
  });
});
