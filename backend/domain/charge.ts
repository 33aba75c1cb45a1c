import { isLive, type Trade } from './trade.ts';

export type ChargeState = 'creating' | 'waiting' | 'checking' | 'closing' | 'paid' | 'closed' | 'failed';

/** What a charge looks like as a whole; see `ChargeState` in the contract. Order of the questions matters. */
export function chargeState(trades: readonly Pick<Trade, 'state' | 'unknown'>[]): ChargeState {
  const any = (state: Trade['state']) => trades.some((trade) => trade.state === state);
  if (any('paid')) return 'paid';
  if (any('awaiting_payment') || any('paying')) return 'waiting';
  const created = trades.filter((trade) => trade.state === 'created');
  if (created.length > 0) return created.every((trade) => trade.unknown !== null) ? 'checking' : 'creating';
  if (any('closing')) return 'closing';
  return trades.length > 0 && trades.every((trade) => trade.state === 'failed') ? 'failed' : 'closed';
}

/** A charge is live while any of its trades may still be paid. */
export function isLiveCharge(trades: readonly Pick<Trade, 'state'>[]): boolean {
  return trades.some((trade) => isLive(trade.state));
}
