import { fen } from '../domain/money.ts';
import type { Charge, Order } from '../domain/order.ts';
import { newTrade, type Trade } from '../domain/trade.ts';
import type { Store } from './store.ts';

/** Rows as charging writes them. */
export function order(orderNo: string, change: Partial<Order> = {}): Order {
  return {
    orderNo,
    amountFen: 1250 as never,
    subject: '拿铁',
    note: null,
    state: 'open',
    source: 'till',
    createdAtMs: 1_000,
    paidAtMs: null,
    ...change,
  };
}

export function charge(orderNo: string, chargeId: string, change: Partial<Charge> = {}): Charge {
  return { chargeId, orderNo, createdAtMs: 1_000, expiresAtMs: 121_000, endedAtMs: null, ...change };
}

export function trade(
  orderNo: string,
  chargeId: string,
  tradeNo: string,
  change: Partial<Trade> = {},
): Trade {
  return {
    ...newTrade({
      tradeNo,
      orderNo,
      chargeId,
      channel: 'alipay',
      amountFen: fen(1250),
      subject: '拿铁',
      createdAtMs: 1_000,
      expiresAtMs: 121_000,
    }),
    ...change,
  };
}

/** An order, its charge, one trade and the intent to open it, in one transaction. */
export function writeSale(store: Store, n: number): void {
  store.transact(() => {
    store.orders.insert(order(`O${n}`));
    store.charges.insert(charge(`O${n}`, `C${n}`));
    store.trades.insert(trade(`O${n}`, `C${n}`, `TRADE-${n}`));
    store.outbox.add(
      {
        kind: 'open',
        queue: 'alipay',
        lane: `TRADE-${n}`,
        orderNo: `O${n}`,
        tradeNo: `TRADE-${n}`,
        payload: null,
        why: null,
        priority: 0,
      },
      1_000,
    );
  });
}
