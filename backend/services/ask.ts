import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { Step, Trade } from '../domain/trade.ts';
import type { Answered, Provider } from '../providers/provider.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { INTERRUPTED, isNews, NOTHING, UNCONFIGURED_MS, verdictOf, wireOf } from './asking.ts';
import type { Tried } from './drain.ts';
import type { Signal } from './hub.ts';
import type { Observe } from './observe.ts';
import { type Outcome, outcomeWord, type Settle } from './settle.ts';
import type { Wallets } from './wallets.ts';

/**
 * Carries out the outbox entries that ask a wallet: sends the question once, and settles what came, or
 * that nothing came. Throws `StorageError` when the answer could not be kept: it is asked for again rather
 * than guessed from memory.
 */
export function createAsk(deps: {
  clock: Clock;
  random: Random;
  store: Store;
  settle: Settle;
  wallets: Wallets;
  observe: Observe;
}) {
  const { clock, random, store, settle, wallets, observe } = deps;

  return async function ask(entry: OutboxEntry, signal: AbortSignal): Promise<Tried> {
    const trade = store.trades.byNo(entry.tradeNo ?? '');
    const provider = trade && wallets.provider(trade.channel);
    if (!provider) {
      store.transact(() => store.outbox.release(entry.entryId, clock.nowMs() + UNCONFIGURED_MS));
      return NOTHING;
    }
    const step = entry.kind as Step;
    const askedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    // Somebody was opening it and is gone: it may exist, so it is looked up before it is opened again.
    const answered =
      entry.interrupted && step === 'open'
        ? INTERRUPTED
        : await take(provider, step, trade, entry.payload, { nowMs: askedAtMs, signal });
    if (signal.aborted) return NOTHING;
    const { outcome } = answered;
    const nowMs = clock.nowMs();
    const [jitter = 0] = random.bytes(1);
    const answer = {
      outcome,
      nowMs,
      jitter: jitter / 256,
      exchange: isNews(entry, outcome)
        ? {
            tradeNo: trade.tradeNo,
            refundNo: null,
            step,
            askedAtMs,
            durationMs: Math.floor(clock.monotonicMs() - startedMs),
            outcome: outcomeWord(outcome),
            ...wireOf(answered),
          }
        : null,
    };
    const settled = await store.transactSoon(() => (signal.aborted ? null : settle.outcome(entry, answer)));
    if (settled === null) return NOTHING;
    const signals: Signal[] = [{ kind: 'checked', tradeNo: trade.tradeNo }];
    if (settled.changed.length > 0) signals.unshift({ kind: 'committed' });
    if (answered === INTERRUPTED) return { verdict: 'answered', signals };
    if (observe(trade.channel, answered, startedMs)) signals.push({ kind: 'status' });
    return { verdict: verdictOf(outcome), signals };
  };
}

function take(
  provider: Provider,
  step: Step,
  trade: Trade,
  notifyUrl: string | null,
  at: { nowMs: number; signal: AbortSignal },
): Promise<Answered<Outcome>> {
  const request = {
    tradeNo: trade.tradeNo,
    amountFen: trade.amountFen,
    createdAtMs: trade.createdAtMs,
    expiresAtMs: trade.expiresAtMs,
  };
  switch (step) {
    case 'open':
      return provider.open(
        { ...request, subject: trade.subject, ...(notifyUrl === null ? {} : { notifyUrl }) },
        at,
      );
    case 'query':
      return provider.query(request, at);
    case 'close':
      return provider.close(request, at);
    case 'cancel':
      return provider.cancel(request, at);
  }
}
