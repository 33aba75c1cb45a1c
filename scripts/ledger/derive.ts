/** The columns of an event from which a row's state follows. */
export interface EventRow {
  type: string;
  order_no: string;
  trade_no: string | null;
  refund_no: string | null;
  to_state: string | null;
  data: string | null;
}

/** Columns of a row as the ledger has them; undefined where it does not say. */
export type Derived = Record<string, string | number | null | undefined>;

const ORDER_STATES: Readonly<Record<string, string>> = {
  'order.created': 'open',
  'order.cancelled': 'cancelled',
  'order.paid': 'paid',
};

/** What became of orders, trades and refunds, by their events in order. Pure. */
export function createDerived(events: readonly EventRow[]): {
  orders: Map<string, Derived>;
  trades: Map<string, Derived>;
  refunds: Map<string, Derived>;
  /** Orders whose charges began before the ledger named their trades. */
  unnamed: Set<string>;
} {
  const orders = new Map<string, Derived>();
  const trades = new Map<string, Derived>();
  const refunds = new Map<string, Derived>();
  const unnamed = new Set<string>();

  for (const event of events) {
    const { type, order_no: orderNo, trade_no: tradeNo, refund_no: refundNo, to_state: toState } = event;
    if (typeof type !== 'string') continue;
    const data = factsOf(event.data);
    const orderState = ORDER_STATES[type];
    if (orderState !== undefined)
      orders.set(orderNo, { amount_fen: data.amountFen, ...orders.get(orderNo), state: orderState });
    if (type === 'charge.started') {
      if (event.data === null) unnamed.add(orderNo);
      for (const each of Array.isArray(data.trades) ? data.trades : [])
        if (each) trades.set(each.tradeNo, begun(orderNo, { ...each, chargeId: data.chargeId }));
    }
    if (type === 'trade.restored' && tradeNo !== null) trades.set(tradeNo, begun(orderNo, data));
    if (tradeNo !== null && toState !== null && type.startsWith('trade.'))
      trades.set(tradeNo, {
        ...trades.get(tradeNo),
        state: toState,
        ...(toState === 'paid' && event.data !== null
          ? { provider_trade_no: data.providerTradeNo ?? undefined, paid_at_ms: data.paidAtMs }
          : {}),
      });
    if (refundNo !== null && toState !== null && type.startsWith('refund.'))
      refunds.set(refundNo, {
        trade_no: tradeNo,
        order_no: orderNo,
        channel: trades.get(tradeNo ?? '')?.channel,
        amount_fen: data.amountFen,
        ...refunds.get(refundNo),
        state: toState,
        ...(toState === 'succeeded' && event.data !== null
          ? { provider_refund_no: data.providerRefundNo ?? undefined, succeeded_at_ms: data.succeededAtMs }
          : {}),
      });
  }
  return { orders, trades, refunds, unnamed };
}

interface Facts {
  amountFen?: number;
  chargeId?: string;
  channel?: string;
  providerTradeNo?: string | null;
  paidAtMs?: number;
  providerRefundNo?: string | null;
  succeededAtMs?: number;
  trades?: { tradeNo: string; channel: string; amountFen: number }[];
}

function begun(orderNo: string, { channel, amountFen, chargeId }: Facts): Derived {
  return { state: 'created', order_no: orderNo, channel, amount_fen: amountFen, charge_id: chargeId };
}

/**
 * What an event's `data` says, as far as it can be read: who changed it was found in the chain, or made the chain
 * anew with whatever it was.
 */
export function factsOf<T extends object = Facts>(data: string | null): Partial<T> {
  try {
    const facts = JSON.parse(data ?? '{}');
    return typeof facts === 'object' && facts !== null ? facts : {};
  } catch {
    return {};
  }
}
