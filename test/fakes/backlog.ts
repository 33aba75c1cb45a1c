import { fen } from '../../backend/domain/money.ts';
import { type Channel, newTrade } from '../../backend/domain/trade.ts';
import { addOrder } from '../../backend/services/orders.ts';
import type { Store } from '../../backend/store/store.ts';

const CHANNELS: readonly Channel[] = ['alipay', 'wechat'];
const TTL_MS = 120_000;
/** Between two orders. */
const APART_MS = 1_000;

/**
 * Fills a till with orders whose codes were on show when it was switched off, one trade per wallet each;
 * the last of them long past its deadline at `nowMs`. Returns the numbers of the trades, oldest first.
 */
export function fillBacklog(store: Store, trades: number, nowMs: number): string[] {
  const orders = trades / CHANNELS.length;
  const firstMs = nowMs - 3_600_000 - orders * APART_MS;
  return store.transact(() =>
    Array.from({ length: orders }, (_, n) => writeOrder(store, n, firstMs + n * APART_MS)).flat(),
  );
}

function writeOrder(store: Store, n: number, atMs: number): string[] {
  const no = String(n).padStart(6, '0');
  const orderNo = `B${no}`;
  const base = { orderNo, createdAtMs: atMs, amountFen: fen(1250), subject: '拿铁' };
  addOrder(store, { ...base, note: null, state: 'open', source: 'till', paidAtMs: null });
  const charge = { chargeId: `C${no}`, createdAtMs: atMs, expiresAtMs: atMs + TTL_MS };
  store.charges.insert({ ...charge, orderNo, endedAtMs: null });
  return CHANNELS.map((channel) => {
    const tradeNo = `${channel.toUpperCase()}${no}`;
    store.trades.insert({
      ...newTrade({ ...base, ...charge, tradeNo, channel }),
      state: 'awaiting_payment',
      codeUrl: `https://${channel}.example/${tradeNo}`,
    });
    const entry = { kind: 'query', queue: channel, lane: tradeNo, payload: null, why: null } as const;
    store.outbox.add({ ...entry, orderNo, tradeNo, priority: 0 }, atMs);
    return tradeNo;
  });
}
