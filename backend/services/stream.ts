import { withEventMeta } from '@orpc/server';
import type { TillEvent } from '../../contract/events.ts';
import type { Order } from '../../contract/order.ts';
import type { Clock } from '../../ports/clock.ts';
import { storeInstant } from '../domain/store-time.ts';
import { isAboutOrder, type OrderEvent } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';
import type { StatusService } from './status.ts';
import type { Views } from './views.ts';

/** Events read from the table at once. */
const BATCH = 100;

/**
 * The event stream: what was committed after `lastEventId` (or from now on), in order and complete, with
 * a position to resume from; between those, how things stand now. A slow reader holds a position and at
 * most one pending notice per trade, never a queue.
 */
export function createStream(deps: {
  store: Store;
  hub: Hub;
  clock: Clock;
  status: StatusService;
  views: Views;
}) {
  const { store, hub, clock, status, views } = deps;

  return async function* stream(
    lastEventId: string | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TillEvent, void> {
    let position = startPosition(lastEventId);
    const checked = new Set<string>();
    /** As they stand now: what is told of one commit shows one order once. */
    const orders = new Map<string, Order>();
    let statusChanged = false;
    let wake = () => {};
    const stopListening = hub.listen((notice) => {
      if (notice.kind === 'checked') checked.add(notice.tradeNo);
      if (notice.kind === 'status') statusChanged = true;
      orders.clear();
      wake();
    });
    const onAbort = () => wake();
    signal?.addEventListener('abort', onAbort);
    try {
      // Carries the position, so that a reader who has seen nothing else can resume from here.
      yield withPosition({ type: 'ready', at: now(), status: status.read() }, position);
      while (!signal?.aborted) {
        const asleep = new Promise<void>((resolve) => {
          wake = resolve;
        });
        orders.clear();
        const events = store.events.after(position, BATCH);
        for (const event of events) {
          position = event.seq;
          if (isAboutOrder(event)) yield withPosition(view(event, orderIn(orders, event.orderNo)), event.seq);
        }
        if (events.length > 0) continue;
        if (statusChanged) {
          statusChanged = false;
          yield { type: 'status', at: now(), status: status.read() };
        }
        for (const tradeNo of [...checked]) {
          checked.delete(tradeNo);
          const trade = store.trades.byNo(tradeNo);
          if (trade)
            yield { type: 'trade.checked', at: now(), tradeNo, order: views.orderByNo(trade.orderNo) };
        }
        await asleep;
      }
    } finally {
      stopListening();
      signal?.removeEventListener('abort', onAbort);
    }
  };

  /** An id that is no position of ours starts from now: the reader re-reads the state anyway. */
  function startPosition(lastEventId: string | undefined): number {
    const last = store.events.lastSeq();
    if (lastEventId === undefined || !/^\d{1,15}$/.test(lastEventId)) return last;
    return Math.min(Number(lastEventId), last);
  }

  function orderIn(orders: Map<string, Order>, orderNo: string): Order {
    let order = orders.get(orderNo);
    if (!order) {
      order = views.orderByNo(orderNo);
      orders.set(orderNo, order);
    }
    return order;
  }

  function view(event: OrderEvent, order: Order): TillEvent {
    const at = storeInstant(event.atMs);
    switch (event.type) {
      case 'trade.changed':
      case 'trade.incident':
      case 'trade.set_aside':
      case 'trade.kept':
        return {
          type: event.type,
          at,
          tradeNo: event.tradeNo,
          fromState: event.fromState,
          toState: event.toState,
          what: event.what ?? '',
          order,
        };
      case 'refund.changed':
      case 'refund.incident':
      case 'refund.set_aside':
        return {
          type: event.type,
          at,
          refund: views.refundByNo(event.refundNo),
          fromState: event.fromState,
          toState: event.toState,
          what: event.what ?? '',
          order,
        };
      default:
        return { type: event.type, at, order };
    }
  }

  function now(): string {
    return storeInstant(clock.nowMs());
  }
}

function withPosition(event: TillEvent, position: number): TillEvent {
  return withEventMeta(event, { id: String(position) });
}
