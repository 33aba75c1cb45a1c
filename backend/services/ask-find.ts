import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { isNews, NOTHING, UNCONFIGURED_MS, verdictOf, wireOf } from './asking.ts';
import type { Tried } from './drain.ts';
import type { FoundRefunds } from './found-refunds.ts';
import type { Signal } from './hub.ts';
import type { Observe } from './observe.ts';
import { outcomeWord } from './settle.ts';
import type { Wallets } from './wallets.ts';

/**
 * Carries out the outbox entries that look for a refund which is not known here: asks the wallet what it holds under
 * its number, and takes the answer. Nothing is ever sent. Throws `StorageError` as `createAsk` does.
 */
export function createAskFind(deps: {
  clock: Clock;
  random: Random;
  store: Store;
  found: FoundRefunds;
  wallets: Wallets;
  observe: Observe;
}) {
  const { clock, random, store, found, wallets, observe } = deps;

  return async function askFind(entry: OutboxEntry, signal: AbortSignal): Promise<Tried> {
    const trade = store.trades.byNo(entry.tradeNo ?? '');
    const provider = trade && wallets.provider(trade.channel);
    const refundNo = entry.payload ?? '';
    if (!provider) {
      store.transact(() => store.outbox.release(entry.entryId, clock.nowMs() + UNCONFIGURED_MS));
      return NOTHING;
    }
    const { tradeNo, amountFen } = trade;
    const askedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const answered = await provider.refundQuery(
      { refundNo, trade: { tradeNo, amountFen } },
      { nowMs: askedAtMs, signal },
    );
    if (signal.aborted) return NOTHING;
    const { outcome } = answered;
    const [jitter = 0] = random.bytes(1);
    const answer = {
      outcome,
      nowMs: clock.nowMs(),
      jitter: jitter / 256,
      exchange: isNews(entry, outcome)
        ? {
            tradeNo,
            refundNo,
            step: 'refund_query' as const,
            askedAtMs,
            durationMs: Math.floor(clock.monotonicMs() - startedMs),
            outcome: outcomeWord(outcome),
            ...wireOf(answered),
          }
        : null,
    };
    const hasHappened = await store.transactSoon(() =>
      signal.aborted ? null : found.answered(entry, answer),
    );
    if (hasHappened === null) return NOTHING;
    const signals: Signal[] = [{ kind: 'checked', tradeNo }];
    if (hasHappened) signals.unshift({ kind: 'committed' });
    if (observe(trade.channel, answered, startedMs)) signals.push({ kind: 'status' });
    return { verdict: verdictOf(outcome), signals };
  };
}
