import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { addDays, storeDays } from '../domain/store-time.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { createKeptHours } from './kept-hours.ts';
import { createReports } from './reports.ts';
import { type Sale, writeRefund, writeSale } from './test-takings.ts';

const run = promisify(execFile);
const HOUR = 3_600_000;
const NOW = '2026-11-21T14:32:10.000+08:00';

function world(timeZone = 'Asia/Shanghai', now = NOW) {
  const clock = new SimClock(Date.parse(now));
  const store = createStore(openMemoryDatabase());
  const days = storeDays(timeZone);
  const hours = createKeptHours({ store, days, endOfTurn: (task) => queueMicrotask(task) });
  return { clock, store, days, reports: createReports({ store, clock, days, hours }) };
}

let count = 0;
const sale = (at: string, change: Partial<Sale> = {}): Sale => ({
  n: ++count,
  channel: 'alipay',
  amountFen: 1_000,
  paidAtMs: Date.parse(at),
  waitMs: 8_000,
  cashier: null,
  ...change,
});
const sum = (values: readonly number[]) => values.reduce((all, each) => all + each, 0);

describe('a report', () => {
  const ZONES = ['Asia/Shanghai', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC'];
  // Two weeks around the day on which New York, or Lord Howe, puts its clocks back.
  const AROUND = Date.parse('2026-04-05T00:00:00Z');
  const aSale = fc.record({
    channel: fc.constantFrom('alipay', 'wechat'),
    amountFen: fc.integer({ min: 1, max: 99_999 }),
    paidAtMs: fc.integer({ min: AROUND - 168 * HOUR, max: AROUND + 168 * HOUR }),
    waitMs: fc.integer({ min: -2_000, max: 200_000 }),
    cashier: fc.constantFrom(null, 'A', 'B', 'C'),
    isPaid: fc.boolean(),
    late: fc.boolean(),
    surplus: fc.boolean(),
    back: fc.option(
      fc.record({
        part: fc.double({ min: 0.01, max: 1, noNaN: true }),
        days: fc.integer({ min: 0, max: 9 }),
      }),
    ),
  });

  test('tells one total by hour, day, wallet and cashier: that of the trades and refunds themselves', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...ZONES),
        fc.array(aSale, { maxLength: 40 }),
        fc.integer({ min: -7, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        async (timeZone, drawn, first, length) => {
          const { store, days, reports } = world(timeZone);
          const sales: Sale[] = drawn.map(({ isPaid, back: _, ...each }) => ({
            ...each,
            n: ++count,
            channel: each.channel as Sale['channel'],
            paidAtMs: isPaid ? each.paidAtMs : null,
          }));
          const backs = drawn.flatMap(({ isPaid, paidAtMs, amountFen, back }, index) =>
            isPaid && back
              ? [
                  {
                    index,
                    fen: Math.max(1, Math.floor(amountFen * back.part)),
                    atMs: paidAtMs + back.days * 24 * HOUR,
                  },
                ]
              : [],
          );
          for (const each of sales) writeSale(store, each);
          for (const { index, fen, atMs } of backs)
            writeRefund(store, sales[index] as Sale, `REFUND-${++count}`, fen, atMs);

          const from = addDays('2026-04-05', first);
          const to = addDays(from, length - 1);
          const told = await reports.report({ from, to });

          // Counted from what was written, by the calendar on the wall.
          const wall = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
          const isIn = (ms: number) => wall.format(ms) >= from && wall.format(ms) <= to;
          const paid = sales.filter(({ paidAtMs }) => paidAtMs !== null && isIn(paidAtMs));
          const back = backs.filter(({ atMs }) => isIn(atMs));
          const expected = {
            paidFen: sum(paid.map(({ amountFen }) => amountFen)),
            paidCount: paid.length,
            refundedFen: sum(back.map(({ fen }) => fen)),
            refundedCount: back.length,
          };
          expect(told.totals).toMatchObject({
            ...expected,
            lateCount: paid.filter(({ late }) => late).length,
            lateFen: sum(paid.filter(({ late }) => late).map(({ amountFen }) => amountFen)),
            surplusCount: paid.filter(({ surplus }) => surplus).length,
            surplusFen: sum(paid.filter(({ surplus }) => surplus).map(({ amountFen }) => amountFen)),
          });
          const { byHour, byDay, byChannel, byCashier } = told;
          for (const name of ['paidFen', 'paidCount', 'refundedFen', 'refundedCount'] as const) {
            for (const parts of [byHour, byDay, byChannel])
              expect(sum(parts.map((each) => each[name]))).toBe(expected[name]);
            for (const each of [...byHour, ...byDay])
              expect(sum(each.byChannel.map((part) => part[name]))).toBe(each[name]);
          }
          expect(sum(byCashier.map(({ paidFen }) => paidFen))).toBe(expected.paidFen);
          expect(sum(byCashier.map(({ paidCount }) => paidCount))).toBe(expected.paidCount);
          expect(byDay.map(({ day }) => day)).toEqual(
            Array.from({ length }, (_, index) => addDays(from, index)),
          );
          for (const { hour, paidFen } of byHour)
            expect(paidFen).toBe(
              sum(
                paid.filter((each) => days.hourOf(each.paidAtMs ?? 0) === hour).map((each) => each.amountFen),
              ),
            );
          const waits = paid
            .map(({ waitMs }) => Math.floor(Math.max(0, waitMs) / 1_000))
            .sort((a, b) => a - b);
          expect(told.wait).toEqual(
            waits.length === 0
              ? null
              : {
                  count: waits.length,
                  p50Ms: (waits[Math.ceil(waits.length * 0.5) - 1] ?? 0) * 1_000,
                  p95Ms: (waits[Math.ceil(waits.length * 0.95) - 1] ?? 0) * 1_000,
                },
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  test('puts the last millisecond of a day in store time into it, and midnight into the next', async () => {
    const { store, reports } = world();
    writeSale(store, sale('2026-11-20T23:59:59.999+08:00', { amountFen: 1 }));
    writeSale(store, sale('2026-11-21T00:00:00.000+08:00', { amountFen: 20 }));
    const told = await reports.report({ from: '2026-11-20', to: '2026-11-21' });
    expect(told.byDay.map(({ paidFen }) => paidFen)).toEqual([1, 20]);
    expect(
      told.byHour.filter(({ paidFen }) => paidFen > 0).map(({ hour, paidFen }) => [hour, paidFen]),
    ).toEqual([
      [0, 20],
      [23, 1],
    ]);
    expect((await reports.report({ period: 'today' })).totals.paidFen).toBe(20);
  });

  test.each(['UTC', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'])(
    'is the same on a machine that stands in %s',
    async (machine) => {
      const module = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
      const script = `
        import { SimClock } from ${module('../../ports/sim-clock.ts')};
        import { storeDays } from ${module('../domain/store-time.ts')};
        import { openMemoryDatabase } from ${module('../store/database.ts')};
        import { createStore } from ${module('../store/store.ts')};
        import { createKeptHours } from ${module('./kept-hours.ts')};
        import { createReports } from ${module('./reports.ts')};
        import { writeSale } from ${module('./test-takings.ts')};
        const store = createStore(openMemoryDatabase());
        const days = storeDays('Asia/Shanghai');
        const hours = createKeptHours({ store, days, endOfTurn: setImmediate });
        const reports = createReports({ store, days, hours, clock: new SimClock(Date.parse('${NOW}')) });
        const at = ['2026-11-20T23:59:59.999+08:00', '2026-11-21T00:00:00.000+08:00'];
        for (const [n, paid] of at.entries())
          writeSale(store, { n, channel: 'wechat', amountFen: n + 1, paidAtMs: Date.parse(paid), waitMs: 0, cashier: null });
        const told = await reports.report({ period: 'week' });
        console.log(JSON.stringify([
          new Date(0).getTimezoneOffset(), told.from, told.to, told.byDay.map((each) => each.paidFen),
          told.byHour.filter((each) => each.paidFen > 0).map((each) => each.hour)]));`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
        env: { ...process.env, TZ: machine },
      });
      const [offsetMinutes, ...told] = JSON.parse(stdout) as unknown[];
      expect(offsetMinutes).toBe({ UTC: 0, 'Pacific/Kiritimati': 640, 'Pacific/Pago_Pago': 660 }[machine]);
      expect(told).toEqual(['2026-11-16', '2026-11-21', [0, 0, 0, 0, 1, 2], [0, 23]]);
    },
  );

  test('counts an hour that the clocks bring twice under that hour, and a day of 23 hours whole', async () => {
    const { store, reports } = world('America/New_York');
    // 01:30 before and after the clocks go back.
    writeSale(store, sale('2026-11-01T01:30:00-04:00', { amountFen: 1 }));
    writeSale(store, sale('2026-11-01T01:30:00-05:00', { amountFen: 20 }));
    writeSale(store, sale('2026-11-01T23:59:59.999-05:00', { amountFen: 300 }));
    writeSale(store, sale('2026-03-08T01:59:59.999-05:00', { amountFen: 7 }));
    writeSale(store, sale('2026-03-08T03:00:00-04:00', { amountFen: 80 }));
    const hoursOf = async (day: string) =>
      (await reports.report({ from: day, to: day })).byHour
        .filter(({ paidFen }) => paidFen > 0)
        .map(({ hour, paidFen }) => [hour, paidFen]);
    expect(await hoursOf('2026-11-01')).toEqual([
      [1, 21],
      [23, 300],
    ]);
    expect(await hoursOf('2026-03-08')).toEqual([
      [1, 7],
      [3, 80],
    ]);
  });

  test('counts a refund on the day on which the money went back, not on that of its payment', async () => {
    const { store, reports } = world();
    const sold = sale('2026-11-19T10:00:00+08:00', { amountFen: 5_000 });
    writeSale(store, sold);
    writeRefund(store, sold, 'REFUND-LATER', 1_250, Date.parse('2026-11-21T09:00:00+08:00'));
    const told = await reports.report({ period: 'week' });
    expect(told.byDay.map(({ paidFen, refundedFen }) => [paidFen, refundedFen])).toEqual([
      [0, 0],
      [0, 0],
      [0, 0],
      [5_000, 0],
      [0, 0],
      [0, 1_250],
    ]);
    expect(told.totals).toMatchObject({ refundPer10000: 2_500, meanFen: 5_000 });
    const today = await reports.report({ period: 'today' });
    expect(today.totals).toMatchObject({ refundedFen: 1_250, refundPer10000: null, meanFen: null });
  });

  test('holds a day that runs against as much of the other day as has passed of it', async () => {
    const { store, reports } = world();
    writeSale(store, sale('2026-11-14T14:32:10.000+08:00', { amountFen: 4 }));
    writeSale(store, sale('2026-11-14T14:32:10.001+08:00', { amountFen: 30 }));
    writeSale(store, sale('2026-11-14T20:00:00+08:00', { amountFen: 200 }));
    const { previous } = await reports.report({ period: 'today' });
    expect(previous).toMatchObject({ from: '2026-11-14', to: '2026-11-14', isPart: true });
    expect(previous.totals.paidFen).toBe(4);
    expect(sum(previous.byHour.map(({ paidFen }) => paidFen))).toBe(234);
    const whole = await reports.report({ from: '2026-11-15', to: '2026-11-15' });
    expect(whole.previous).toMatchObject({ from: '2026-11-14', isPart: false, totals: { paidFen: 234 } });
  });

  test('of a shop that sold nothing has every hour and day, and nothing to divide by', async () => {
    const told = await world().reports.report({ period: 'month' });
    expect(told.byHour).toHaveLength(24);
    expect(told.byDay).toHaveLength(21);
    expect(told).toMatchObject({
      wait: null,
      byCashier: [],
      totals: { meanFen: null, refundPer10000: null },
    });
  });
});
