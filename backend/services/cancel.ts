import type { Clock } from '../../ports/clock.ts';
import { isPending } from '../domain/trade.ts';
import { happened } from '../store/events.ts';
import type { Store, Writer } from '../store/store.ts';
import type { Claims } from './claims.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { Settle } from './settle.ts';

/**
 * Cancelling: nothing is shown any more at once; each trade is `closing` until its wallet confirms. What
 * is paid stays paid. Safe to repeat. Run under the order's lock.
 */
export type CancelService = ReturnType<typeof createCancel>;

export function createCancel(deps: { store: Store; clock: Clock; hub: Hub; settle: Settle; claims: Claims }) {
  const { store, clock, hub, settle, claims } = deps;

  function cancelCharge(chargeId: string, as?: Writer): void {
    store.transact(() => stopCharge(chargeId), as);
    hub.tell({ kind: 'committed' });
  }

  /** Throws `order_paid` when there is nothing to cancel any more, `order_elsewhere` while another till collects it. */
  async function cancelOrder(orderNo: string, as?: Writer): Promise<void> {
    await claims.refuseElsewhere(orderNo);
    store.transact(() => {
      const order = store.orders.byNo(orderNo);
      if (!order) throw new ServiceError('order_not_found', { orderNo });
      if (order.state === 'paid') throw new ServiceError('order_paid', { orderNo });
      if (order.state === 'open') {
        store.orders.markCancelled(orderNo);
        store.events.append(happened('order.cancelled', orderNo, clock.nowMs()));
      }
      const charge = store.charges.lastOfOrder(orderNo);
      if (charge) stopCharge(charge.chargeId);
    }, as);
    hub.tell({ kind: 'committed' });
  }

  function stopCharge(chargeId: string): void {
    if (!store.charges.byId(chargeId)) throw new ServiceError('charge_not_found');
    for (const trade of store.trades.ofCharge(chargeId))
      if (isPending(trade)) settle.decide(trade.tradeNo, 'cancel_requested', clock.nowMs());
  }

  return { cancelCharge, cancelOrder };
}
