import type { Cashier, Report } from '../../contract/report.ts';
import type { Clock } from '../../ports/clock.ts';
import { cashierNamed } from '../domain/cashier.ts';
import { daysIn, type ReportWish, reportRange } from '../domain/report-range.ts';
import { type StoreDays, storeInstant } from '../domain/store-time.ts';
import { type Figures, figures, type HourTotals, type Sums, sumsOf } from '../domain/takings.ts';
import type { Store } from '../store/store.ts';
import type { KeptHours } from './kept-hours.ts';

const SECOND = 1_000;

export type Reports = ReturnType<typeof createReports>;

/** The takings of a range of accounting days, beside those of the range before it. Reads only. */
export function createReports(deps: { store: Store; clock: Clock; days: StoreDays; hours: KeptHours }) {
  const { store, clock, days, hours } = deps;

  /** Throws `StorageError`. */
  async function report(wish: ReportWish): Promise<Report> {
    const nowMs = clock.nowMs();
    const today = days.dayOf(nowMs);
    const { range, previous } = reportRange(wish, today.day);
    const now = figures(await hours.of(daysIn(range)));
    const before = figures(await hours.of(daysIn(previous)));
    const isPart = range.to === today.day;
    return {
      ...range,
      asOf: storeInstant(nowMs),
      ...told(now),
      previous: {
        ...previous,
        isPart,
        totals: isPart
          ? await upToNow(previous.from, previous.to, nowMs - today.startMs)
          : sums(before.totals),
        byHour: before.byHour,
        byDay: before.byDay,
      },
    };
  }

  /** A day that runs is held against as much of the other one as has passed of it. */
  async function upToNow(from: string, to: string, passedMs: number): Promise<Sums> {
    const parts: HourTotals[] = [];
    const { startMs, endMs } = days.boundsOf(to);
    const untilMs = Math.min(endMs, startMs + passedMs + 1);
    for (const { day, hours: ofDay } of await hours.of(daysIn({ from, to }))) {
      const stretches = days.hoursOf(day);
      for (const [index, { totals }] of ofDay.entries()) {
        const stretch = stretches[index];
        if (!stretch || stretch.startMs >= untilMs) continue;
        parts.push(stretch.endMs <= untilMs ? totals : store.takings.between(stretch.startMs, untilMs));
      }
    }
    return sumsOf(parts);
  }

  function told({
    totals,
    waits,
    byHour,
    byDay,
    byChannel,
    byCashier,
  }: Figures): Omit<Report, 'from' | 'to' | 'asOf' | 'previous'> {
    const { paidFen, paidCount, refundedFen } = totals;
    return {
      totals: {
        ...totals,
        meanFen: paidCount === 0 ? null : Math.round(paidFen / paidCount),
        refundPer10000: paidFen === 0 ? null : Math.round((refundedFen / paidFen) * 10_000),
      },
      wait: waits && { count: waits.count, p50Ms: waits.p50 * SECOND, p95Ms: waits.p95 * SECOND },
      byHour,
      byDay,
      byChannel,
      byCashier: byCashier.map((each) => ({ ...each, ...nameOf(each.cashier) })),
    };
  }

  function nameOf(cashier: string | null): Pick<Report['byCashier'][number], 'name' | 'kind'> {
    const actor = cashierNamed(cashier);
    switch (actor.kind) {
      case 'person':
        return { kind: 'person', name: store.people.byId(actor.personId)?.name ?? actor.personId };
      case 'integrator':
        return { kind: 'integrator', name: actor.name };
      case 'till':
        return { kind: 'till', name: null };
    }
  }

  return {
    report,
    /** Who has ever begun a charge here: whom the history can be searched for. */
    cashiers(): Cashier[] {
      return store.trades.cashiers().map((cashier) => {
        const { kind, name } = nameOf(cashier);
        return { cashier, kind: kind === 'integrator' ? kind : 'person', name: name ?? cashier };
      });
    },
  };
}

function sums({ paidFen, paidCount, refundedFen, refundedCount }: Sums): Sums {
  return { paidFen, paidCount, refundedFen, refundedCount };
}
