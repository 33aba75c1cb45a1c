import type { EndOfTurn } from '../../ports/turn.ts';
import type { StoreDays } from '../domain/store-time.ts';
import type { HourTotals, ReportDay } from '../domain/takings.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';

/** Hours that are kept: a report of a year and the year before it. */
const KEPT_MAX = 20_000;
/** Further behind the ledger than this, nothing kept is worth looking after. */
const EVENTS_MAX = 2_000;
/** Payments that are added up before other work gets its turn: a few ms. */
const SLICE = 2_000;
/** What reading an hour costs in which nothing was paid, in payments. */
const EMPTY_HOUR = 20;

export type KeptHours = ReturnType<typeof createKeptHours>;

/**
 * What each hour of the store's clock took, kept in memory for reports alone: whatever decides about money reads the
 * trades. Before anything kept is told, the ledger is read to its end, and the hours of each trade that something
 * happened to are forgotten: so whoever wrote it, this process or another, no figure is older than the call. An
 * hour is read in one go; of callers at once, the first reads it for all.
 */
export function createKeptHours(deps: { store: Store; days: StoreDays; endOfTurn: EndOfTurn }) {
  const { store, days, endOfTurn } = deps;
  /** By the instant at which the hour begins. */
  const kept = new Map<number, HourTotals>();
  /** The position in the ledger up to which they are true. */
  let upTo = store.events.lastSeq();

  function catchUp(): void {
    const last = store.events.lastSeq();
    if (last === upTo) return;
    if (last < upTo || last - upTo > EVENTS_MAX) kept.clear();
    else for (const tradeNo of tradesOf(store.events.after(upTo, EVENTS_MAX))) forget(tradeNo);
    upTo = last;
  }

  function forget(tradeNo: string): void {
    const trade = store.trades.byNo(tradeNo);
    const refunds = store.refunds.ofTrade(tradeNo);
    for (const atMs of [trade?.paidAtMs, ...refunds.map(({ succeededAtMs }) => succeededAtMs)]) {
      if (typeof atMs !== 'number') continue;
      const { day } = days.dayOf(atMs);
      const hour = days.hoursOf(day).find(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
      if (hour) kept.delete(hour.startMs);
    }
  }

  /** The days with their hours; other work has its turns between them. Throws `StorageError`. */
  async function of(names: readonly string[]): Promise<ReportDay[]> {
    const found: ReportDay[] = [];
    let read = 0;
    catchUp();
    for (const day of names) {
      const hours: ReportDay['hours'][number][] = [];
      for (const { hour, startMs, endMs } of days.hoursOf(day)) {
        let totals = kept.get(startMs);
        if (!totals) {
          totals = store.takings.between(startMs, endMs);
          keep(startMs, totals);
          read += EMPTY_HOUR + totals.taken.reduce((sum, { paidCount }) => sum + paidCount, 0);
        }
        hours.push({ hour, totals });
        if (read < SLICE) continue;
        read = 0;
        await new Promise<void>((resolve) => endOfTurn(resolve));
        catchUp();
      }
      found.push({ day, hours });
    }
    return found;
  }

  /** The first that came is the first to go. */
  function keep(startMs: number, totals: HourTotals): void {
    kept.set(startMs, totals);
    if (kept.size <= KEPT_MAX) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
  }

  return { of };
}

function tradesOf(events: readonly StoredEvent[]): Set<string> {
  return new Set(events.flatMap(({ tradeNo }) => tradeNo ?? []));
}
