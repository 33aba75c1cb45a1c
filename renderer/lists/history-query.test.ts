import { expect, test } from 'vitest';
import { filtersSet, historyQuery, NO_FILTERS } from './history-query.ts';

test('nothing demanded asks for everything', () => {
  expect(historyQuery('  ', NO_FILTERS)).toEqual({});
  expect(filtersSet(NO_FILTERS)).toBe(0);
});

test('times are the store’s, the last minute included; amounts are read digit by digit', () => {
  const filters = {
    ...NO_FILTERS,
    from: '2026-11-21T14:00',
    to: '2026-11-21T14:30',
    amountFrom: '¥ 1,012.5',
    amountTo: '1012.05',
  };
  expect(historyQuery(' 4242 ', filters)).toEqual({
    q: '4242',
    from: '2026-11-21T06:00:00.000Z',
    to: '2026-11-21T06:31:00.000Z',
    amountFromFen: 101_250,
    amountToFen: 101_205,
  });
  expect(filtersSet(filters)).toBe(4);
});

test.each(['', 'abc', '1.234', '-5', '1e3', '1.2.3'])(
  'an amount that is none (%s) demands nothing',
  (typed) => {
    expect(historyQuery('', { ...NO_FILTERS, amountFrom: typed })).toEqual({});
  },
);
