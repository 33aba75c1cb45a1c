import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FEN_MAX, fen, fenToYuan, MoneyError, yuanToFen } from '../../backend/domain/money.ts';

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
