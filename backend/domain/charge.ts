import { isLive, isPending, type Trade } from './trade.ts';

export type ChargeState =
  | 'creating'
  | 'waiting'
  | 'checking'
  | 'closing'
  | 'paid'
  | 'closed'
  | 'failed'
  | 'set_aside';

/** What a charge looks like as a whole; see `ChargeState` in the contract. Order of the questions matters. */
export function chargeState(trades: readonly Pick<Trade, 'state' | 'unknown' | 'setAside'>[]): ChargeState {
  if (trades.some((trade) => trade.state === 'paid')) return 'paid';
  const pending = trades.filter(isPending);
  const any = (state: Trade['state']) => pending.some((trade) => trade.state === state);
  if (any('awaiting_payment') || any('paying')) return 'waiting';
  const created = pending.filter((trade) => trade.state === 'created');
  if (created.length > 0) return created.every((trade) => trade.unknown !== null) ? 'checking' : 'creating';
  if (any('closing')) return 'closing';
  if (trades.some((trade) => isLive(trade.state))) return 'set_aside';
  return trades.length > 0 && trades.every((trade) => trade.state === 'failed') ? 'failed' : 'closed';
}

/** A charge is live while any of its trades may still be paid. */
export function isLiveCharge(trades: readonly Pick<Trade, 'state' | 'setAside'>[]): boolean {
  return trades.some(isPending);
}
