import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FEN_MAX, type Fen, fen, fenToYuan, MoneyError, yuanToFen } from '../../backend/domain/money.ts';
import { billFen } from '../../wire/bill.ts';

test('every amount survives the way to yuan and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: FEN_MAX }), (value) => {
      const yuan = fenToYuan(fen(value));
      expect(yuan).toMatch(/^\d+\.\d\d$/);
      expect(yuanToFen(yuan)).toBe(value);
    }),
    { numRuns: 5_000 },
  );
});

test('each amount from 0.01 to 99,999.99 is the same in yuan, back in fen, and on a bill', {
  timeout: 120_000,
}, () => {
  for (let value = 1; value <= 9_999_999; value++) {
    const yuan = fenToYuan(value as Fen);
    if (yuanToFen(yuan) !== value || billFen(yuan) !== value) throw new Error(`${value} became ${yuan}.`);
  }
  expect(['349.48', '145.05', '5.99', '19.99', '0.29'].map(yuanToFen)).toEqual([
    34_948, 14_505, 599, 1_999, 29,
  ]);
});

test('a short form means the same amount as the long one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999_999 }), fc.integer({ min: 0, max: 9 }), (yuan, tenth) => {
      expect(yuanToFen(`${yuan}.${tenth}`)).toBe(yuanToFen(`${yuan}.${tenth}0`));
      expect(yuanToFen(`${yuan}`)).toBe(yuanToFen(`${yuan}.00`));
    }),
  );
});

test('any other text is refused', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^\d{1,12}(\.\d{1,2})?$/.test(text));
      expect(() => yuanToFen(text)).toThrow(MoneyError);
    }),
  );
});

/** What people, spreadsheets and attackers write where an amount is meant. */
const HOSTILE = [
  '',
  ' ',
  '.',
  '1.',
  '.5',
  '1.005',
  '0.001',
  '1.2.3',
  '1,000',
  '1 000.00',
  '+1',
  '-1',
  '-0.01',
  '1e3',
  '1E-2',
  '0x10',
  '0b1',
  '1_000',
  'NaN',
  'Infinity',
  'null',
  '¥1.00',
  '1.00元',
  '１２.５０',
  '٣.٥٠',
  '一百',
  '1\u00a0.00',
  '1.00\n',
  '\u20021.00',
  '1.00\u0000',
  '\u202e00.1',
  '9'.repeat(13),
  `${'9'.repeat(400)}.99`,
];

test.each(HOSTILE)('%j is no amount', (text) => {
  expect(() => yuanToFen(text)).toThrow(MoneyError);
});

test('an amount with one strange character in it, anywhere, is no amount', () => {
  const strange = fc.constantFrom(...' +-,_eExX¥元．。\t\n\r\u0000\u00a0\u200b\uff10٣');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: FEN_MAX }), strange, fc.nat(20), (value, extra, at) => {
      const yuan = fenToYuan(fen(value));
      const place = at % (yuan.length + 1);
      expect(() => yuanToFen(yuan.slice(0, place) + extra + yuan.slice(place))).toThrow(MoneyError);
    }),
  );
});
