import type { ShopMessage, ShopMessageType } from '../../contract/webhook.ts';
import type { Random } from '../../ports/random.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Trade } from '../domain/trade.ts';
import { isAboutOrder, type OrderEvent, type StoredEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import type { Views } from './views.ts';

/**
 * Telling the shop's systems: for each event that matters outside, writes a message into the outbox, in the
 * transaction that wrote the event and as things stand at its end. Not to be called elsewhere.
 */
export function createTell(deps: { store: Store; random: Random; views: Views; tillId: string }) {
  const { store, random, views, tillId } = deps;

  return function tell(events: readonly StoredEvent[]): void {
    for (const event of events.filter(isAboutOrder)) {
      const type = noteworthy(event, store);
      if (type !== null) write(type, event);
    }
  };

  function write(type: ShopMessageType, event: OrderEvent): void {
    const { orderNo, tradeNo, atMs } = event;
    const refundNo = 'refundNo' in event ? event.refundNo : null;
    const trade = tradeNo === null ? undefined : store.trades.byNo(tradeNo);
    const message: ShopMessage = {
      id: `msg_${Buffer.from(random.bytes(16)).toString('hex')}`,
      type,
      at: storeInstant(atMs),
      tillId,
      version: store.orders.nextTold(orderNo),
      order: views.orderByNo(orderNo),
      trade: trade ? views.trade(trade) : null,
      refund: refundNo === null ? null : views.refundByNo(refundNo),
      dueBackFen: trade ? dueBackFen(trade) : 0,
      what: SAID.includes(type) ? event.what : null,
    };
    store.outbox.add(
      {
        kind: 'tell',
        queue: 'shop',
        lane: `order:${orderNo}`,
        orderNo,
        tradeNo,
        payload: JSON.stringify(message),
        why: null,
        priority: 1,
      },
      atMs,
    );
  }

  /** What of an owed payment is not back yet. */
  function dueBackFen({ tradeNo, amountFen, refundDue }: Trade): number {
    return refundDue === null ? 0 : amountFen - store.refunds.sums(tradeNo).succeededFen;
  }
}

/** Messages that carry what the event says in words. */
const SAID: readonly ShopMessageType[] = ['trade.incident', 'trade.set_aside', 'trade.kept'];

/** What the shop's systems are told of an event; null when it is the till's own affair. */
function noteworthy(event: OrderEvent, store: Store): ShopMessageType | null {
  switch (event.type) {
    case 'order.paid':
    case 'order.cancelled':
    case 'trade.incident':
    case 'trade.set_aside':
    case 'trade.kept':
      return event.type;
    case 'refund.changed':
      return refundMessage(event);
    case 'refund.incident':
    case 'refund.set_aside':
      return null;
    case 'charge.ended':
      return isPaid(event.orderNo, store) ? null : event.type;
    case 'trade.changed':
      return event.toState === 'paid' ? unexpected(event.tradeNo, store) : null;
    case 'order.created':
    case 'charge.started':
      return null;
  }
}

/** Whether the charge of the order that has just ended brought a payment. */
function isPaid(orderNo: string, store: Store): boolean {
  const ended = store.charges.lastOfOrder(orderNo);
  return ended !== undefined && store.trades.ofCharge(ended.chargeId).some(({ state }) => state === 'paid');
}

function unexpected(tradeNo: string, store: Store): ShopMessageType | null {
  const paid = store.trades.byNo(tradeNo);
  if (paid?.surplus) return 'trade.surplus';
  return paid?.late ? 'trade.late' : null;
}

function refundMessage({ fromState, toState }: StoredEvent): ShopMessageType | null {
  if (fromState === null && toState === 'queued') return 'refund.requested';
  switch (toState) {
    case 'succeeded':
    case 'abnormal':
      return `refund.${toState}`;
    case 'closed':
    case 'refused':
    case 'withdrawn':
      return 'refund.ended';
    default:
      return null;
  }
}
