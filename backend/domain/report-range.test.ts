import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daysIn, reportRange } from './report-range.ts';
import { addDays } from './store-time.ts';

test.each([
  ['today', '2026-11-21', ['2026-11-21', '2026-11-21'], ['2026-11-14', '2026-11-14']],
  // A Saturday; the week began on Monday.
  ['week', '2026-11-21', ['2026-11-16', '2026-11-21'], ['2026-11-09', '2026-11-14']],
  ['week', '2026-11-16', ['2026-11-16', '2026-11-16'], ['2026-11-09', '2026-11-09']],
  ['week', '2026-11-22', ['2026-11-16', '2026-11-22'], ['2026-11-09', '2026-11-15']],
  ['month', '2026-11-21', ['2026-11-01', '2026-11-21'], ['2026-10-01', '2026-10-21']],
  ['month', '2026-01-01', ['2026-01-01', '2026-01-01'], ['2025-12-01', '2025-12-01']],
  // February has no 30th.
  ['month', '2026-03-30', ['2026-03-01', '2026-03-30'], ['2026-02-01', '2026-02-28']],
  ['month', '2024-03-31', ['2024-03-01', '2024-03-31'], ['2024-02-01', '2024-02-29']],
] as const)('%s on %s', (period, today, [from, to], [before, until]) => {
  expect(reportRange({ period }, today)).toEqual({
    range: { from, to },
    previous: { from: before, to: until },
  });
});

test('a range of one’s own is held against as many days right before it', () => {
  const day = fc.integer({ min: 0, max: 4_000 }).map((count) => addDays('2020-01-01', count));
  fc.assert(
    fc.property(day, fc.integer({ min: 0, max: 365 }), (from, more) => {
      const wish = { from, to: addDays(from, more) };
      const { range, previous } = reportRange(wish, '2026-11-21');
      expect(range).toEqual(wish);
      expect(daysIn(previous)).toHaveLength(daysIn(range).length);
      expect(addDays(previous.to, 1)).toBe(from);
    }),
  );
});
