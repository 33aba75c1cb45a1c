import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { storeDays } from '../domain/store-time.ts';
import { figures } from '../domain/takings.ts';
import { openMemoryDatabase, openStorage } from '../store/database.ts';
import { createStore, type Store } from '../store/store.ts';
import { createKeptHours } from './kept-hours.ts';
import { type Sale, writeRefund, writeSale } from './test-takings.ts';

const HOUR = 3_600_000;
const START = Date.parse('2026-11-20T00:00:00+08:00');
const DAYS = ['2026-11-20', '2026-11-21'];
const days = storeDays('Asia/Shanghai');

function keptOf(store: Store) {
  return createKeptHours({ store, days, endOfTurn: (task) => queueMicrotask(task) });
}

let count = 0;
const sale = (hour: number, change: Partial<Sale> = {}): Sale => ({
  n: ++count,
  channel: 'wechat',
  amountFen: 1_000,
  paidAtMs: START + hour * HOUR,
  waitMs: 5_000,
  cashier: null,
  ...change,
});

describe('what is kept of past hours', () => {
  test('is never older than the call: after every write it is what a first reading finds', async () => {
    const step = fc.record({
      hour: fc.integer({ min: 0, max: 47 }),
      amountFen: fc.integer({ min: 2, max: 9_999 }),
      what: fc.constantFrom('pay', 'pay', 'open', 'give back', 'nothing'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const store = createStore(openMemoryDatabase());
        const kept = keptOf(store);
        const sold: Sale[] = [];
        for (const { hour, amountFen, what } of steps) {
          if (what === 'pay') {
            sold.push(sale(hour, { amountFen }));
            writeSale(store, sold.at(-1) as Sale);
          }
          if (what === 'open') writeSale(store, sale(hour, { paidAtMs: null }));
          const back = what === 'give back' ? sold.pop() : undefined;
          if (back) writeRefund(store, back, `REFUND-${++count}`, 1, START + hour * HOUR);
          expect(figures(await kept.of(DAYS))).toEqual(figures(await keptOf(store).of(DAYS)));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('sees what another process wrote to the same folder', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mianfu-kept-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const [one, two] = [openStorage(dir, 'shared'), openStorage(dir, 'shared')];
    onTestFinished(() => {
      one.close();
      two.close();
    });
    const kept = keptOf(createStore(one.db));
    const neighbour = createStore(two.db);
    expect(figures(await kept.of(DAYS)).totals.paidFen).toBe(0);
    const sold = sale(9);
    writeSale(neighbour, sold);
    expect(figures(await kept.of(DAYS)).totals.paidFen).toBe(1_000);
    writeRefund(neighbour, sold, 'REFUND-NEXT-DOOR', 400, START + 30 * HOUR);
    expect(figures(await kept.of(DAYS)).byDay.map(({ refundedFen }) => refundedFen)).toEqual([0, 400]);
  });

  test('is read once for a hundred callers, and then only where something happened', async () => {
    const store = createStore(openMemoryDatabase());
    for (let hour = 0; hour < 48; hour++) writeSale(store, sale(hour));
    const read: number[] = [];
    const watched = {
      ...store,
      takings: {
        between(fromMs: number, toMs: number) {
          read.push(fromMs);
          return store.takings.between(fromMs, toMs);
        },
      },
    };
    const kept = keptOf(watched);
    const told = await Promise.all(Array.from({ length: 100 }, () => kept.of(DAYS)));
    expect(read).toHaveLength(48);
    expect(new Set(told.map((each) => figures(each).totals.paidFen))).toEqual(new Set([48_000]));
    read.length = 0;
    writeSale(store, sale(30));
    expect(figures(await kept.of(DAYS)).totals.paidFen).toBe(49_000);
    expect(read).toEqual([START + 30 * HOUR]);
  });

  test('is forgotten as a whole once too much has happened to go through', async () => {
    const store = createStore(openMemoryDatabase());
    const kept = keptOf(store);
    await kept.of(DAYS);
    for (let n = 0; n < 2_100; n++) writeSale(store, sale(n % 48));
    expect(figures(await kept.of(DAYS)).totals.paidCount).toBe(2_100);
  });
});
