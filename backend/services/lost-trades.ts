import { HOUR, SECOND } from '../../ports/clock.ts';
import { byTill } from '../domain/actor.ts';
import { readNumber } from '../domain/numbers.ts';
import type { Order } from '../domain/order.ts';
import { type Channel, newTrade } from '../domain/trade.ts';
import type { Notified } from '../providers/provider.ts';
import { chargeStarted, orderCreated } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { askAgain } from './ask-again.ts';

/** So long a trade that was taken up is asked about before it counts as given up. */
const ASK_MS = 24 * HOUR;
/** Its order is one that nobody knows any more: people find it under this. */
const SUBJECT = '找回的付款 Recovered payment';

/**
 * Trades of this till that it does not know: a backup was restored, and no journal had them. A genuine word of the
 * wallet that one was paid writes it down again under its own number, with an order of the same number; what it
 * then is, the wallet is asked.
 */
export type LostTrades = ReturnType<typeof createLostTrades>;

export function createLostTrades(deps: { store: Store; tillId: string }) {
  const { store, tillId } = deps;
  return {
    /** Whether it was one of ours, and is written down. Throws `StorageError`; then nothing was. */
    takeUp(channel: Channel, notified: Notified, nowMs: number): boolean {
      if (notified.kind !== 'trade' || notified.outcome.kind !== 'evidence') return false;
      const { tradeNo } = notified;
      const { status, amountFen } = notified.outcome.evidence;
      const made = readNumber(tradeNo);
      const wasPaid = status === 'paid' || status === 'refunded';
      if (made?.tillId !== tillId || !wasPaid || amountFen === null) return false;
      const createdAtMs = Math.min(made.second * SECOND, nowMs);
      const order = { orderNo: tradeNo, amountFen, subject: SUBJECT };
      const charge = {
        chargeId: tradeNo,
        orderNo: tradeNo,
        createdAtMs,
        expiresAtMs: nowMs + ASK_MS,
      };
      store.transact(
        () => {
          const lost: Order = {
            ...order,
            note: null,
            state: 'open',
            source: 'till',
            createdAtMs,
            paidAtMs: null,
          };
          const trade = newTrade({ ...order, ...charge, tradeNo, channel });
          store.orders.insert(lost);
          store.events.append({ ...orderCreated(lost), atMs: nowMs });
          store.charges.insert({ ...charge, endedAtMs: null });
          store.events.append({ ...chargeStarted({ ...charge, endedAtMs: null }, [trade]), atMs: nowMs });
          store.trades.insert({ ...trade, unknown: { asking: 'create', sinceMs: nowMs } });
          askAgain(store, trade, nowMs);
        },
        { by: byTill('relay') },
      );
      return true;
    },
  };
}
