import type { Charge as ChargeView, Order as OrderView } from '../../contract/order.ts';
import type { TimelineEntry, Trade as TradeView } from '../../contract/trade.ts';
import { chargeState } from '../domain/charge.ts';
import type { Charge, Order } from '../domain/order.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Trade } from '../domain/trade.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Watch } from './watch.ts';

/** What is kept, as the contract shows it. Reads only. */
export type Views = ReturnType<typeof createViews>;

export function createViews(deps: { store: Store; watch: Watch }) {
  const { store, watch } = deps;

  function trade(row: Trade): TradeView {
    const times = watch.times(row.tradeNo);
    const nextAskAt = times.nextAskAtMs === null ? null : storeInstant(times.nextAskAtMs);
    const canBeScanned = row.state === 'awaiting_payment' || row.state === 'paying';
    return {
      tradeNo: row.tradeNo,
      orderNo: row.orderNo,
      chargeId: row.chargeId,
      channel: row.channel,
      state: row.state,
      amountFen: row.amountFen,
      codeUrl: canBeScanned ? row.codeUrl : null,
      providerTradeNo: row.providerTradeNo,
      payer: row.payer,
      createdAt: storeInstant(row.createdAtMs),
      expiresAt: storeInstant(row.expiresAtMs),
      paidAt: optionalInstant(row.paidAtMs),
      closedAt: optionalInstant(row.closedAtMs),
      payableUntil: optionalInstant(row.payableUntilMs),
      lastCheckedAt: optionalInstant(times.lastCheckedAtMs),
      nextCheckAt: nextAskAt,
      unknown: row.unknown && {
        asking: row.unknown.asking,
        since: storeInstant(row.unknown.sinceMs),
        attempts: times.attempts,
        nextAskAt,
      },
      refusal: row.refusal && {
        reason: row.refusal.reason as NonNullable<TradeView['refusal']>['reason'],
        providerCode: row.refusal.code,
        providerMessage: row.refusal.message,
      },
      late: row.late,
      surplus: row.surplus,
      incident: row.incident,
    };
  }

  function charge(row: Charge): ChargeView {
    const order = mustHave(store.orders.byNo(row.orderNo));
    const trades = store.trades.ofCharge(row.chargeId);
    return {
      chargeId: row.chargeId,
      orderNo: row.orderNo,
      state: chargeState(trades),
      amountFen: order.amountFen,
      subject: order.subject,
      createdAt: storeInstant(row.createdAtMs),
      expiresAt: storeInstant(row.expiresAtMs),
      trades: trades.map(trade),
    };
  }

  function order(row: Order): OrderView {
    const last = store.charges.lastOfOrder(row.orderNo);
    return {
      orderNo: row.orderNo,
      amountFen: row.amountFen,
      subject: row.subject,
      note: row.note,
      state: row.state,
      source: row.source,
      createdAt: storeInstant(row.createdAtMs),
      paidAt: optionalInstant(row.paidAtMs),
      charge: last ? charge(last) : null,
    };
  }

  /** State changes and exchanges of a trade, oldest first; of two in the same millisecond the exchange first. */
  function timeline(row: Trade): TimelineEntry[] {
    const states = store.events.ofTrade(row.tradeNo).filter((event) => event.toState !== null);
    const entries: { atMs: number; entry: TimelineEntry }[] = [
      { atMs: row.createdAtMs, entry: stateEntry(row.createdAtMs, null, 'created', 'created') },
      ...store.exchanges.ofTrade(row.tradeNo).map((exchange) => ({
        atMs: exchange.askedAtMs + exchange.durationMs,
        entry: {
          at: storeInstant(exchange.askedAtMs + exchange.durationMs),
          kind: 'exchange' as const,
          fromState: null,
          toState: null,
          what: exchange.step,
          exchange: {
            outcome: exchange.outcome,
            durationMs: exchange.durationMs,
            httpStatus: exchange.httpStatus,
            providerCode: exchange.providerCode,
            requestId: exchange.requestId,
            answer: exchange.answer,
          },
        },
      })),
      ...states.map((event) => ({
        atMs: event.atMs,
        entry: {
          ...stateEntry(event.atMs, event.fromState, event.toState, event.what ?? ''),
          kind: event.type === 'trade.incident' ? ('incident' as const) : ('state' as const),
        },
      })),
    ];
    return entries.sort((a, b) => a.atMs - b.atMs).map(({ entry }) => entry);
  }

  return {
    trade,
    charge,
    order,
    orderByNo(orderNo: string): OrderView {
      const row = store.orders.byNo(orderNo);
      if (!row) throw new ServiceError('order_not_found', { orderNo });
      return order(row);
    },
    chargeById(chargeId: string): ChargeView {
      const row = store.charges.byId(chargeId);
      if (!row) throw new ServiceError('charge_not_found');
      return charge(row);
    },
    tradeByNo(tradeNo: string): { trade: TradeView; order: OrderView; timeline: TimelineEntry[] } {
      const row = store.trades.byNo(tradeNo);
      if (!row) throw new ServiceError('trade_not_found');
      return {
        trade: trade(row),
        order: order(mustHave(store.orders.byNo(row.orderNo))),
        timeline: timeline(row),
      };
    },
  };
}

function stateEntry(
  atMs: number,
  fromState: Trade['state'] | null,
  toState: Trade['state'] | null,
  what: string,
): TimelineEntry {
  return { at: storeInstant(atMs), kind: 'state', fromState, toState, what, exchange: null };
}

function optionalInstant(ms: number | null): string | null {
  return ms === null ? null : storeInstant(ms);
}

function mustHave<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('A row that is referred to does not exist.');
  return row;
}
