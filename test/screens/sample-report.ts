import { addDays } from '../../backend/domain/store-time.ts';
import { figures, type HourTotals, type ReportDay } from '../../backend/domain/takings.ts';
import type { Cashier, Report } from '../../contract/report.ts';
import { NOW } from './sample.ts';

/** What a small shop takes in an hour, in hundredths of its best one. */
const HOURS = [0, 0, 0, 0, 0, 0, 4, 38, 62, 30, 24, 58, 100, 64, 28, 22, 30, 52, 88, 70, 34, 18, 6, 0];
const PEOPLE = ['person:MORNING', 'person:EVENING', 'integrator:api-key'] as const;
const NAMES: Record<string, string> = {
  'person:MORNING': '早班收银',
  'person:EVENING': '晚班收银',
  'integrator:api-key': 'api-key',
};

export const cashiers: Cashier[] = [
  { cashier: 'integrator:api-key', name: 'api-key', kind: 'integrator' },
  { cashier: 'person:MORNING', name: '早班收银', kind: 'person' },
  { cashier: 'person:EVENING', name: '晚班收银', kind: 'person' },
];

/** The takings of an hour; `best` is what the shop's best hour brings, fen. */
function hourOf(hour: number, best: number, seed: number): HourTotals {
  const wobble = 70 + ((hour * 37 + seed * 53) % 60);
  const paidFen = Math.round(((HOURS[hour] ?? 0) * best * wobble) / 10_000);
  if (paidFen === 0) return { taken: [], waits: [], returned: [] };
  const cashier = PEOPLE[hour % 5 === 4 ? 2 : hour < 15 ? 0 : 1] ?? null;
  const none = { lateFen: 0, lateCount: 0, surplusFen: 0, surplusCount: 0 };
  const wechatFen = Math.round((paidFen * (45 + ((hour + seed) % 20))) / 100);
  const count = (fen: number) => Math.max(1, Math.round(fen / 2_650));
  const isOdd = hour === 12 && seed % 4 === 0;
  return {
    taken: [
      {
        channel: 'alipay',
        cashier,
        paidFen: paidFen - wechatFen,
        paidCount: count(paidFen - wechatFen),
        ...none,
      },
      {
        channel: 'wechat',
        cashier,
        paidFen: wechatFen,
        paidCount: count(wechatFen),
        ...none,
        ...(isOdd ? { surplusFen: 1_250, surplusCount: 1 } : {}),
      },
    ],
    waits: [
      { seconds: 7, count: 3 },
      { seconds: 11, count: 5 },
      { seconds: 34, count: 1 },
    ],
    returned: hour === 18 || isOdd ? [{ channel: 'wechat', refundedFen: 1_280, refundedCount: 1 }] : [],
  };
}

function daysOf(from: string, count: number, best: number, untilHour = 24): ReportDay[] {
  return Array.from({ length: count }, (_, index) => {
    const last = index === count - 1 ? untilHour : 24;
    const hours = HOURS.slice(0, last).map((_, hour) => ({ hour, totals: hourOf(hour, best, index + best) }));
    return { day: addDays(from, index), hours };
  });
}

function reportOf(from: string, before: string, count: number, best: number): Report {
  const now = figures(daysOf(from, count, best, 15));
  const then = figures(daysOf(before, count, Math.round(best * 0.94)));
  const soFar = figures(daysOf(before, count, Math.round(best * 0.94), 15));
  const { totals, waits, byCashier, ...rest } = now;
  return {
    from,
    to: addDays(from, count - 1),
    asOf: NOW,
    ...rest,
    totals: {
      ...totals,
      meanFen: totals.paidCount === 0 ? null : Math.round(totals.paidFen / totals.paidCount),
      refundPer10000:
        totals.paidFen === 0 ? null : Math.round((totals.refundedFen / totals.paidFen) * 10_000),
    },
    wait: waits && { count: waits.count, p50Ms: waits.p50 * 1_000, p95Ms: waits.p95 * 1_000 },
    byCashier: byCashier.map((each) => ({
      ...each,
      name: NAMES[each.cashier ?? ''] ?? null,
      kind: each.cashier?.startsWith('person') ? 'person' : 'integrator',
    })),
    previous: {
      from: before,
      to: addDays(before, count - 1),
      isPart: true,
      totals: soFar.totals,
      byHour: then.byHour,
      byDay: then.byDay,
    },
  };
}

export const today = reportOf('2026-11-21', '2026-11-14', 1, 32_000);
export const month = reportOf('2026-11-01', '2026-10-01', 21, 32_000);
/** A chain's year, in figures that need room. */
export const big = reportOf('2025-11-22', '2024-11-22', 365, 3_200_000_00);
/** A shop that has not sold anything yet. */
export const none = reportOf('2026-11-21', '2026-11-14', 1, 0);
