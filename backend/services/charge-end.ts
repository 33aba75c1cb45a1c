import { isLiveCharge } from '../domain/charge.ts';
import type { Trade } from '../domain/trade.ts';
import { happened } from '../store/events.ts';
import type { Store } from '../store/store.ts';

/** Ends the trade's charge when none of its trades is asked about any more; said once. Inside a transaction. */
export function endChargeIfOver(
  store: Store,
  { chargeId, orderNo }: Pick<Trade, 'chargeId' | 'orderNo'>,
  nowMs: number,
): void {
  if (isLiveCharge(store.trades.ofCharge(chargeId))) return;
  if (store.charges.end(chargeId, nowMs)) store.events.append(happened('charge.ended', orderNo, nowMs));
}
