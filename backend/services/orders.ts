import type { Clock } from '../../ports/clock.ts';
import { fen } from '../domain/money.ts';
import type { Order } from '../domain/order.ts';
import { orderCreated } from '../store/events.ts';
import type { Store, Writer } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';

/**
 * Takes an order that waits to be collected. The same order again is the same order; another amount or
 * subject under its number is `order_differs`.
 */
export function createOrders(deps: { store: Store; clock: Clock; hub: Hub; amountMaxFen: number }) {
  const { store, clock, hub, amountMaxFen } = deps;
  return {
    async create(
      input: { orderNo: string; amountFen: number; subject: string; note?: string | undefined },
      as?: Writer,
    ): Promise<Order> {
      if (input.amountFen > amountMaxFen)
        throw new ServiceError('amount_invalid', { orderNo: input.orderNo });
      const created = await store.transactSoon(() => {
        const existing = store.orders.byNo(input.orderNo);
        if (existing) {
          if (existing.amountFen !== input.amountFen || existing.subject !== input.subject) {
            throw new ServiceError('order_differs', { orderNo: input.orderNo });
          }
          return existing;
        }
        return addOrder(store, {
          orderNo: input.orderNo,
          amountFen: fen(input.amountFen),
          subject: input.subject,
          note: input.note ?? null,
          state: 'open',
          source: 'integrator',
          createdAtMs: clock.nowMs(),
          paidAtMs: null,
        });
      }, as);
      hub.tell({ kind: 'committed' });
      return created;
    },
  };
}

/** Writes the order and says so. Call inside a transaction. */
export function addOrder(store: Store, order: Order): Order {
  store.orders.insert(order);
  store.events.append(orderCreated(order));
  return order;
}
