import type { DaySummary, Till as TillView } from '../../contract/till.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreDays } from '../domain/store-time.ts';
import type { Store } from '../store/store.ts';

/** Who this till is; fixed while it runs. */
export type Till = TillView;

/** The accounting day's takings so far, by the wallets' own time of payment. */
export function createToday(deps: { store: Store; clock: Clock; days: StoreDays }): () => DaySummary {
  const { store, clock, days } = deps;
  return () => {
    const { day, startMs, endMs } = days.dayOf(clock.nowMs());
    const byChannel = store.trades.paidBetween(startMs, endMs);
    return {
      day,
      paidFen: byChannel.reduce((sum, row) => sum + row.paidFen, 0),
      paidCount: byChannel.reduce((sum, row) => sum + row.paidCount, 0),
      byChannel,
    };
  };
}
