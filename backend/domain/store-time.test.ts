import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addDays, storeDays } from './store-time.ts';

const run = promisify(execFile);
const HOUR = 3_600_000;

/** Far east and west, half hours, daylight saving on either side of the year, at midnight, and a day left out. */
const ZONES = [
  'Asia/Shanghai',
  'UTC',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/New_York',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Asia/Beirut',
  'Africa/Cairo',
  'Pacific/Apia',
];

const instant = fc.integer({ min: Date.UTC(1993, 0, 1), max: Date.UTC(2037, 0, 1) });
const zone = fc.constantFrom(...ZONES);

describe('an accounting day', () => {
  test('holds the last millisecond before midnight in the store, and midnight begins the next', () => {
    const days = storeDays('Asia/Shanghai');
    const midnight = Date.parse('2026-11-22T00:00:00.000+08:00');
    expect(days.dayOf(midnight - 1)).toEqual({
      day: '2026-11-21',
      startMs: midnight - 24 * HOUR,
      endMs: midnight,
    });
    expect(days.dayOf(midnight).day).toBe('2026-11-22');
  });

  test('holds each of its instants, and days meet without gap or overlap, in every zone', () => {
    fc.assert(
      fc.property(zone, instant, (timeZone, ms) => {
        const days = storeDays(timeZone);
        const { day, startMs, endMs } = days.dayOf(ms);
        expect(startMs).toBeLessThanOrEqual(ms);
        expect(ms).toBeLessThan(endMs);
        expect(days.boundsOf(addDays(day, 1)).startMs).toBe(endMs);
        expect(days.boundsOf(addDays(day, -1)).endMs).toBe(startMs);
        expect(days.dayOf(startMs).day).toBe(day);
        expect(days.dayOf(endMs - 1).day).toBe(day);
        expect(days.dayOf(endMs).day > day).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is named as the calendar on the wall shows it, unless clocks were put back over midnight', () => {
    fc.assert(
      fc.property(zone, instant, (timeZone, ms) => {
        const shown = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(ms);
        const { day, startMs } = storeDays(timeZone).dayOf(ms);
        // St. John's once put its clocks back at one minute past midnight.
        if (shown < day) expect(ms - startMs).toBeLessThan(2 * HOUR);
        else expect(shown).toBe(day);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['America/New_York', '2026-03-08', 23],
    ['America/New_York', '2026-11-01', 25],
    ['Australia/Lord_Howe', '2026-04-05', 24.5],
    // Its clocks went from midnight to one o'clock: that day began at one.
    ['America/Sao_Paulo', '2018-11-04', 23],
    // Samoa moved across the date line and had no such day.
    ['Pacific/Apia', '2011-12-30', 0],
    ['Asia/Shanghai', '2026-11-21', 24],
  ])('%s: %s has %d hours', (timeZone, day, hours) => {
    const { startMs, endMs } = storeDays(timeZone).boundsOf(day);
    expect((endMs - startMs) / HOUR).toBe(hours);
  });

  test.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
    'is the same on a machine that stands in %s',
    async (machine) => {
      const script = `
        import { storeDays } from ${JSON.stringify(new URL('./store-time.ts', import.meta.url).href)};
        const days = storeDays('Asia/Shanghai');
        const at = ['2026-11-21T23:59:59.999+08:00', '2026-11-22T00:00:00.000+08:00'].map(Date.parse);
        console.log(JSON.stringify([new Date(0).getTimezoneOffset(), ...at.map((ms) => days.dayOf(ms).day), ...at.map(days.hourOf)]));`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
        env: { ...process.env, TZ: machine },
      });
      const [offsetMinutes, ...said] = JSON.parse(stdout) as unknown[];
      expect(offsetMinutes).toBe({ UTC: 0, 'Pacific/Kiritimati': 640, 'Pacific/Pago_Pago': 660 }[machine]);
      expect(said).toEqual(['2026-11-21', '2026-11-22', 23, 0]);
    },
  );
});

test('a zone that nobody knows is refused', () => {
  expect(() => storeDays('Asia/Atlantis')).toThrow(RangeError);
});
