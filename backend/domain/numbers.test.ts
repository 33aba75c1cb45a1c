import { describe, expect, test } from 'vitest';
import { formatNumber, formatTillId, NUMBER_ALPHABET, type NumberState, nextNumberState } from './numbers.ts';

const START_MS = Date.parse('2026-11-21T06:32:10.000Z');

function* tillNumbers(till: string, randomOf: () => string): Generator<string, never, number> {
  let state: NumberState = { second: 0, count: 0 };
  let nowMs = yield '';
  for (;;) {
    state = nextNumberState(state, nowMs);
    nowMs = yield formatNumber(till, state, randomOf());
  }
}

describe('numbers', () => {
  test('are unique across 16 tills whose clocks go back and forth, without any help from chance', () => {
    const seen = new Set<string>();
    let made = 0;
    for (let till = 0; till < 16; till++) {
      const numbers = tillNumbers(`T${NUMBER_ALPHABET.charAt(till)}00`, () => '000000');
      numbers.next();
      let nowMs = START_MS;
      for (let step = 0; step < 3_000; step++) {
        nowMs += [0, 1, 400, 1_000, -3_600_000, 7_200_000, -1][step % 7] ?? 0;
        seen.add(numbers.next(nowMs).value);
        made += 1;
      }
    }
    expect(seen.size).toBe(made);
  });

  test('fit both wallets: 26 letters and digits, the till first, then the store’s time', () => {
    const number = formatNumber('T7K2', nextNumberState({ second: 0, count: 0 }, START_MS), 'ABC123');
    expect(number).toBe('T7K22611211432100000ABC123');
    expect(number).toMatch(/^[0-9A-Z]{26}$/);
  });

  test('go on in the next second when a second is full', () => {
    const second = Math.floor(START_MS / 1_000);
    expect(nextNumberState({ second, count: 32 ** 4 - 1 }, START_MS)).toEqual({
      second: second + 1,
      count: 0,
    });
  });

  test('start with a letter, so that no program takes one for a number', () => {
    for (let byte = 0; byte < 256; byte++) {
      expect(formatTillId(Uint8Array.of(byte, byte, byte, byte))).toMatch(/^[A-Z][0-9A-Z]{3}$/);
    }
  });
});
