import { describe, expect, test } from 'vitest';
import { isPaymentCode, looksScanned, NO_BURST, nextBurst, scannedAt } from './scanner.ts';

const CODE = '281234567890123456';

function typed(keys: string, gapMs: (index: number) => number) {
  let atMs = 1_000;
  let burst = NO_BURST;
  for (const [index, key] of [...keys].entries()) {
    atMs += gapMs(index);
    burst = nextBurst(burst, key, atMs);
  }
  return { burst, atMs };
}

describe('a barcode gun', () => {
  test('is told from a hand by its speed', () => {
    const { burst, atMs } = typed(CODE, () => 8);
    expect(scannedAt(burst, atMs + 8)).toBe(CODE);
  });

  test('is told even when the computer stumbled over some of its keys', () => {
    const { burst, atMs } = typed(CODE, (index) => (index % 6 === 5 ? 90 : 10));
    expect(scannedAt(burst, atMs + 60)).toBe(CODE);
  });

  test('is told although a digit was typed by hand shortly before', () => {
    let { burst, atMs } = typed('1', () => 0);
    for (const key of CODE) {
      atMs += burst.text.length === 1 ? 140 : 9;
      burst = nextBurst(burst, key, atMs);
    }
    expect(looksScanned(burst)).toBe(true);
  });

  test('leaves out the control characters of its prefix', () => {
    const { burst, atMs } = typed(`\u0002${CODE}`, () => 5);
    expect(scannedAt(burst, atMs + 5)).toBe(CODE);
  });
});

describe('a hand', () => {
  test.each([60, 90, 140])('that types a long amount at %i ms a key is no gun', (gapMs) => {
    const { burst, atMs } = typed('1234567890.12', () => gapMs);
    expect(scannedAt(burst, atMs + gapMs)).toBeNull();
  });

  test('that is quick with a short amount is no gun', () => {
    const { burst, atMs } = typed('12.50', () => 20);
    expect(scannedAt(burst, atMs + 20)).toBeNull();
  });

  test('whose Enter comes after a pause has not scanned', () => {
    const { burst, atMs } = typed(CODE, () => 8);
    expect(scannedAt(burst, atMs + 500)).toBeNull();
  });
});

test.each([
  ['286123456789012345', true],
  ['134512345678901234', true],
  ['2026112122001400000000000001', false],
  ['4200000000202611210000000001', false],
  ['WWHW2611211433390003WJ2425', false],
  ['W0123456789ABCDEFGHJ', false],
])('%s is a payment code: %s', (text, isOne) => {
  expect(isPaymentCode(text)).toBe(isOne);
});
