import { byTill } from '../domain/actor.ts';
import { fen } from '../domain/money.ts';
import type { Channel } from '../domain/trade.ts';
import type { Store } from '../store/store.ts';
import { charge, order, trade } from '../store/test-rows.ts';

/** A sale as the rows of a till have it. */
export interface Sale {
  n: number;
  channel: Channel;
  amountFen: number;
  /** By the wallet's time; null: not paid. */
  paidAtMs: number | null;
  /** From code to payment. */
  waitMs: number;
  /** A person's id; null: nobody signed in. */
  cashier: string | null;
  late?: boolean;
  surplus?: boolean;
}

export function tradeNoOf({ n }: Pick<Sale, 'n'>): string {
  return `TRADE-${n}`;
}

/** Writes a sale: its charge by its cashier, then its payment, each with its event. */
export function writeSale(store: Store, sale: Sale): void {
  const { n, channel, amountFen, paidAtMs, waitMs, cashier, late = false, surplus = false } = sale;
  const [orderNo, chargeId, tradeNo] = [`O${n}`, `C${n}`, tradeNoOf(sale)];
  const codeAtMs = (paidAtMs ?? 1_000_000) - waitMs;
  const sold = { channel, amountFen: fen(amountFen), createdAtMs: codeAtMs - 500 };
  const begun = { ...trade(orderNo, chargeId, tradeNo, sold), state: 'awaiting_payment', codeAtMs } as const;
  store.transact(
    () => {
      store.orders.insert(order(orderNo, { amountFen: fen(amountFen), createdAtMs: sold.createdAtMs }));
      store.charges.insert(charge(orderNo, chargeId));
      store.trades.insert(begun);
    },
    cashier === null ? {} : { by: { ...byTill('window'), actor: { kind: 'person', personId: cashier } } },
  );
  if (paidAtMs === null) return;
  store.transact(() => {
    store.trades.update(begun, { ...begun, state: 'paid', paidAtMs, late, surplus });
    store.events.append({
      atMs: paidAtMs,
      type: 'trade.changed',
      orderNo,
      tradeNo,
      fromState: 'awaiting_payment',
      toState: 'paid',
      what: 'paid_seen',
    });
  });
}

/** Writes that a part of the sale has gone back. */
export function writeRefund(
  store: Store,
  sale: Sale,
  refundNo: string,
  amountFen: number,
  atMs: number,
): void {
  const refund = {
    refundNo,
    tradeNo: tradeNoOf(sale),
    orderNo: `O${sale.n}`,
    channel: sale.channel,
    amountFen: fen(amountFen),
    reason: '退货',
    why: 'asked',
    origin: 'here',
    providerRefundNo: null,
    requestedAtMs: atMs - 1_000,
    sends: 1,
    lastSentAtMs: null,
    unknownSinceMs: null,
    held: null,
    refusal: null,
    incident: null,
    setAside: null,
  } as const;
  store.transact(() => {
    store.refunds.insert({ ...refund, state: 'asked', succeededAtMs: null, endedAtMs: null });
    store.refunds.update({ ...refund, state: 'succeeded', succeededAtMs: atMs, endedAtMs: atMs });
    store.events.append({
      atMs,
      type: 'refund.changed',
      orderNo: refund.orderNo,
      tradeNo: refund.tradeNo,
      refundNo,
      fromState: 'asked',
      toState: 'succeeded',
      what: 'succeeded_seen',
    });
  });
}
