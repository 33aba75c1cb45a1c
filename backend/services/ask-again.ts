import type { Trade } from '../domain/trade.ts';
import type { Store } from '../store/store.ts';

/**
 * Has the wallet asked about a trade, also about one that was given up on or taken for finished; a question that is
 * due already stays when it is. Call it inside a transaction.
 */
export function askAgain(
  store: Store,
  { tradeNo, orderNo, channel }: Pick<Trade, 'tradeNo' | 'orderNo' | 'channel'>,
  nowMs: number,
): void {
  const dialogue = store.outbox.ofTrade(tradeNo);
  // Whoever gave up on it did not know that the wallet had something to say.
  if (dialogue && dialogue.state !== 'due') store.outbox.revive(tradeNo, nowMs);
  if (dialogue) return;
  store.outbox.add(
    {
      kind: 'query',
      queue: channel,
      lane: tradeNo,
      orderNo,
      tradeNo,
      payload: null,
      why: null,
      priority: 1,
    },
    nowMs,
  );
}
