import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AMOUNT_MAX_FEN as CONTRACT_MAX_FEN } from '../../contract/money.ts';
import { yuanText } from '../money.ts';
import { amountFen, eraseLast, pastedAmount, typeAmount } from './amount.ts';
import { AMOUNT_MAX_FEN } from './steps.ts';

const typing = (keys: string) => [...keys].reduce(typeAmount, '');

test('the largest amount is the contract’s', () => {
  expect(AMOUNT_MAX_FEN).toBe(CONTRACT_MAX_FEN);
});

test.for([
  ['12.5', '12.5', 1_250],
  ['12.', '12.', 1_200],
  ['.5', '0.5', 50],
  ['007', '7', 700],
  ['0.07', '0.07', 7],
  ['1.999', '1.99', 199],
  ['1..2.3', '1.23', 123],
  ['100000000.00', '100000000.00', 10_000_000_000],
  ['1234567890123', '123456789', 12_345_678_900],
  ['1a2b', '12', 1_200],
] as const)('typing %s shows %s', ([keys, shown, fen]) => {
  const typed = typing(keys);
  expect(typed).toBe(shown);
  expect(amountFen(typed, Number.MAX_SAFE_INTEGER)).toEqual({ fen });
});

test.for(['', '0', '0.', '0.0', '0.00'])('nothing is charged for “%s”', (typed) => {
  expect(amountFen(typed, AMOUNT_MAX_FEN)).toEqual({ problem: 'zero' });
});

test('an amount above the till’s limit is not charged', () => {
  expect(amountFen('100000000.01', AMOUNT_MAX_FEN)).toEqual({ problem: 'too_large' });
});

test('every amount that can be typed becomes exactly the fen that its digits say', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: AMOUNT_MAX_FEN }), (fen) => {
      const text = yuanText(fen).replaceAll(',', '');
      expect(amountFen(typing(text), AMOUNT_MAX_FEN)).toEqual({ fen });
      expect(pastedAmount(yuanText(fen))).toBe(text);
    }),
  );
});

test('erasing takes back one key', () => {
  expect(eraseLast('12.5')).toBe('12.');
  expect(eraseLast('0.')).toBe('');
  expect(eraseLast('')).toBe('');
});

test.for([
  [' ¥1,250.5 ', '1250.5'],
  ['１２．５０元', '12.50'],
  ['0012', '12'],
  ['RMB 8', '8'],
] as const)('pasting “%s” gives %s', ([text, typed]) => {
  expect(pastedAmount(text)).toBe(typed);
});

test.for(['-5', '1e3', '12.505', '1,25', '12 50', 'W123', '', '9999999999', '1.2.3'])(
  'pasting “%s” changes nothing',
  (text) => {
    expect(pastedAmount(text)).toBeNull();
  },
);
