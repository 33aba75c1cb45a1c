import type { Clock } from '../../ports/clock.ts';
import { isLive } from '../domain/trade.ts';
import { happened } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { Settle, Settled } from './settle.ts';
import type { Watch } from './watch.ts';

/**
 * Cancelling: nothing is shown any more at once; each trade is `closing` until its wallet confirms. What
 * is paid stays paid. Safe to repeat. Run under the order's lock.
 */
export type CancelService = ReturnType<typeof createCancel>;

export function createCancel(deps: { store: Store; clock: Clock; hub: Hub; settle: Settle; watch: Watch }) {
  const { store, clock, hub, settle, watch } = deps;

  function cancelCharge(chargeId: string): void {
    tell(store.transact(() => stopCharge(chargeId)));
  }

  /** Throws `order_paid` when there is nothing to cancel any more. */
  function cancelOrder(orderNo: string): void {
    tell(
      store.transact(() => {
        const order = store.orders.byNo(orderNo);
        if (!order) throw new ServiceError('order_not_found', { orderNo });
        if (order.state === 'paid') throw new ServiceError('order_paid', { orderNo });
        if (order.state === 'open') {
          store.orders.markCancelled(orderNo);
          store.events.append(happened('order.cancelled', orderNo, clock.nowMs()));
        }
        const charge = store.charges.lastOfOrder(orderNo);
        return charge ? stopCharge(charge.chargeId) : [];
      }),
    );
  }

  function stopCharge(chargeId: string): Settled[] {
    if (!store.charges.byId(chargeId)) throw new ServiceError('charge_not_found');
    return store.trades
      .ofCharge(chargeId)
      .filter((trade) => isLive(trade.state))
      .map((trade) => settle.decide(trade.tradeNo, 'cancel_requested', clock.nowMs()));
  }

  function tell(settled: Settled[]): void {
    for (const each of settled) watch.announce(each);
    hub.tell({ kind: 'committed' });
  }

  return { cancelCharge, cancelOrder };
}
