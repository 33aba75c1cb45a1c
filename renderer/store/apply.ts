import type { TillEvent } from '../../contract/events.ts';
import type { Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import { nextBacklog } from './backlog.ts';
import { newerOrder } from './merge.ts';
import { isLive } from './screen.ts';
import type { Attempt, TillState } from './state.ts';

/** Enough for a shift's glance; the history holds the rest. */
const RECENT_MAX = 30;
const ATTEMPTS_MAX = 20;
/** Orders that are kept in mind beyond the recent ones. */
const ORDERS_MAX = 200;

/** The state after learning how an order stands. */
export function withOrder(state: TillState, incoming: Order): TillState {
  const { orderNo } = incoming;
  const order = newerOrder(state.orders[orderNo], incoming);
  const wasCharged = order.charge !== null;
  return forgetOld({
    ...state,
    orders: { ...state.orders, [orderNo]: order },
    recent:
      wasCharged && !state.recent.includes(orderNo)
        ? [orderNo, ...state.recent].slice(0, RECENT_MAX)
        : state.recent,
  });
}

/** The state after an event of the stream. */
export function withEvent(state: TillState, event: TillEvent): TillState {
  if (event.type === 'status' || event.type === 'ready') {
    const { status, at } = event;
    return { ...state, status, backlog: nextBacklog(state.backlog, state.status, status, at) };
  }
  const before = state.orders[event.order.orderNo];
  const next = noteAttempts(withOrder(state, event.order), before, event.order, event.at);
  const isNewlyPaid =
    event.type === 'trade.changed' && event.toState === 'paid' && event.fromState !== 'paid';
  if (!isNewlyPaid || state.shown === event.order.orderNo) return next;
  const { orderNo } = event.order;
  return next.unseenPaid.includes(orderNo) ? next : { ...next, unseenPaid: [...next.unseenPaid, orderNo] };
}

/** A look at a wallet shows as a later `lastCheckedAt`, or as one more attempt without an answer. */
function noteAttempts(state: TillState, before: Order | undefined, now: Order, at: string): TillState {
  const seen: Attempt[] = [];
  for (const trade of now.charge?.trades ?? []) {
    const last = before?.charge?.trades.find((each) => each.tradeNo === trade.tradeNo);
    const attempts = trade.unknown?.attempts ?? 0;
    if (attempts > (last?.unknown?.attempts ?? 0)) seen.push({ at, channel: trade.channel, answered: false });
    else if (isCheckedLater(trade, last)) seen.push({ at, channel: trade.channel, answered: true });
  }
  if (seen.length === 0) return state;
  const log = [...(state.attempts[now.orderNo] ?? []), ...seen].slice(-ATTEMPTS_MAX);
  return { ...state, attempts: { ...state.attempts, [now.orderNo]: log } };
}

function isCheckedLater(trade: Trade, last: Trade | undefined): boolean {
  return trade.lastCheckedAt !== null && trade.lastCheckedAt !== (last?.lastCheckedAt ?? null);
}

function forgetOld(state: TillState): TillState {
  const orderNos = Object.keys(state.orders);
  if (orderNos.length <= ORDERS_MAX) return state;
  const kept = orderNos.filter(
    (orderNo) =>
      orderNo === state.shown ||
      state.recent.includes(orderNo) ||
      state.unseenPaid.includes(orderNo) ||
      isLive(state.orders[orderNo]),
  );
  const only = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([orderNo]) => kept.includes(orderNo)));
  return { ...state, orders: only(state.orders), attempts: only(state.attempts) };
}
