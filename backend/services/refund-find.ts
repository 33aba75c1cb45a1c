import type { Trade } from '../domain/trade.ts';
import type { Store } from '../store/store.ts';

/**
 * The wallet has told of a refund of our trade that is not known here: it is asked about it, under the number that the
 * wallet has for it. Safe to repeat; what waits for a person is asked about once more. Call inside a transaction.
 */
export function findRefund(store: Store, trade: Trade, number: string, nowMs: number): void {
  const known = store.outbox.findsOf(trade.tradeNo).find(({ payload }) => payload === number);
  if (known?.state === 'parked') store.outbox.retry(known.entryId, nowMs);
  if (!known) add(store, trade, number, nowMs);
}

/**
 * The wallet says of the trade alone that money went back, and nothing of it is known here. A refund that was made
 * without a number goes by the trade's (protocol: Alipay, refund query); under any other it cannot be asked for, and
 * a person is told. Safe to repeat. Call inside a transaction.
 */
export function findUnnamedRefund(store: Store, trade: Trade, nowMs: number): void {
  const { succeededFen, heldFen } = store.refunds.sums(trade.tradeNo);
  if (succeededFen + heldFen > 0 || store.outbox.findsOf(trade.tradeNo).length > 0) return;
  add(store, trade, trade.tradeNo, nowMs);
}

function add(store: Store, { tradeNo, orderNo, channel }: Trade, number: string, nowMs: number): void {
  store.outbox.add(
    {
      kind: 'refund_find',
      queue: channel,
      lane: `find:${tradeNo}:${number}`,
      orderNo,
      tradeNo,
      payload: number,
      why: null,
      priority: 1,
    },
    nowMs,
  );
}
