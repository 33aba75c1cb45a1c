import type { Channel, TradeState } from '../../contract/trade.ts';
import { fenOf } from '../money.ts';
import { instantAt } from '../times.ts';

/** The fields of the filter as they stand; empty where nothing is demanded. */
export interface Filters {
  /** As the store's clock shows it, `2026-11-21T14:30`. */
  from: string;
  to: string;
  channel: Channel | '';
  state: TradeState | '';
  cashier: string;
  /** Yuan, as typed. */
  amountFrom: string;
  amountTo: string;
}

export const NO_FILTERS: Filters = {
  from: '',
  to: '',
  channel: '',
  state: '',
  cashier: '',
  amountFrom: '',
  amountTo: '',
};

const MINUTE_MS = 60_000;

export function filtersSet(filters: Filters): number {
  return Object.values(filters).filter((each) => each.trim() !== '').length;
}

/** What `GET /trades` is asked. An amount that cannot be read demands nothing. */
export function historyQuery(text: string, filters: Filters) {
  const q = text.trim();
  const { from, to, channel, state, cashier, amountFrom, amountTo } = filters;
  const [low, high] = [fenOf(amountFrom), fenOf(amountTo)];
  return {
    ...(q === '' ? {} : { q }),
    ...(from === '' ? {} : { from: new Date(instantAt(from)).toISOString() }),
    // The minute that is named counts.
    ...(to === '' ? {} : { to: new Date(instantAt(to) + MINUTE_MS).toISOString() }),
    ...(channel === '' ? {} : { channel }),
    ...(state === '' ? {} : { state }),
    ...(cashier === '' ? {} : { cashier }),
    ...(low === null ? {} : { amountFromFen: low }),
    ...(high === null ? {} : { amountToFen: high }),
  };
}
