import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { dayAndTime, instantAt, showStoreTimes } from './times.ts';

afterAll(() => showStoreTimes('Asia/Shanghai'));

const shown = (ms: number) => dayAndTime(new Date(ms).toISOString()).replace(' ', 'T').slice(0, 16);
const minute = fc
  .integer({ min: Date.UTC(2020, 0, 1) / 60_000, max: Date.UTC(2036, 0, 1) / 60_000 })
  .map((count) => count * 60_000);

test('a time that the store’s clock has shown is found again, in any zone', () => {
  const zones = [
    'Asia/Shanghai',
    'America/New_York',
    'Australia/Lord_Howe',
    'Pacific/Kiritimati',
    'Asia/Kathmandu',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...zones), minute, (zone, ms) => {
      showStoreTimes(zone);
      const found = instantAt(shown(ms));
      expect(shown(found)).toBe(shown(ms));
      // Of an hour that came twice the earlier one.
      expect(found).toBeLessThanOrEqual(ms);
      expect(ms - found).toBeLessThanOrEqual(3_600_000);
    }),
    { numRuns: 400 },
  );
});

test('a time that the clock leaves out is the moment at which it went forward, or after it', () => {
  showStoreTimes('America/New_York');
  expect(shown(instantAt('2026-03-08T02:30'))).toBe('2026-03-08T03:30');
});
