import type { Charge, Order } from '../../contract/order.ts';
import type { Trade, TradeState } from '../../contract/trade.ts';

/** How far a trade has come; a snapshot in which one has gone back is older than what we hold. */
const PROGRESS: Record<TradeState, number> = {
  created: 0,
  awaiting_payment: 1,
  paying: 1,
  closing: 2,
  failed: 3,
  closed: 3,
  paid: 4,
};

/**
 * The newer of two snapshots of an order. Answers and events travel apart, so that an answer may be older
 * than an event that came before it; money states never go back.
 */
export function newerOrder(known: Order | undefined, incoming: Order): Order {
  if (known === undefined) return incoming;
  if (known.state !== 'open' && incoming.state === 'open') return known;
  return { ...incoming, charge: newerCharge(known.charge, incoming.charge) };
}

function newerCharge(known: Charge | null, incoming: Charge | null): Charge | null {
  if (known === null || incoming === null) return incoming ?? known;
  if (known.chargeId !== incoming.chargeId)
    return Date.parse(incoming.createdAt) < Date.parse(known.createdAt) ? known : incoming;
  const wentBack = incoming.trades.some((trade) => {
    const before = known.trades.find((each) => each.tradeNo === trade.tradeNo);
    return before !== undefined && isOlder(trade, before);
  });
  return wentBack ? known : incoming;
}

function isOlder(a: Trade, b: Trade): boolean {
  if (PROGRESS[a.state] !== PROGRESS[b.state]) return PROGRESS[a.state] < PROGRESS[b.state];
  // What a person has ended is not taken up again.
  if ((a.setAside === null) !== (b.setAside === null)) return a.setAside === null;
  return checkedMs(a) < checkedMs(b);
}

function checkedMs(trade: Trade): number {
  return trade.lastCheckedAt === null ? 0 : Date.parse(trade.lastCheckedAt);
}
