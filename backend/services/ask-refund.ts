import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import type { Refund } from '../domain/refund.ts';
import type { RefundStep } from '../domain/refund-steps.ts';
import type { Trade } from '../domain/trade.ts';
import type { Answered, Provider, RefundOutcome, RefundQueryOutcome } from '../providers/provider.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { INTERRUPTED, isNews, NOTHING, UNCONFIGURED_MS, verdictOf, wireOf } from './asking.ts';
import type { Tried } from './drain.ts';
import type { Signal } from './hub.ts';
import type { Observe } from './observe.ts';
import { outcomeWord } from './settle.ts';
import type { SettleRefund } from './settle-refund.ts';
import type { Wallets } from './wallets.ts';

type Outcome = RefundOutcome | RefundQueryOutcome;

/**
 * Carries out the outbox entries about refunds: notes that one is about to be sent, sends it once, always under
 * its number, and settles what came, or that nothing came. Throws `StorageError` as `createAsk` does.
 */
export function createAskRefund(deps: {
  clock: Clock;
  random: Random;
  store: Store;
  settle: SettleRefund;
  wallets: Wallets;
  observe: Observe;
}) {
  const { clock, random, store, settle, wallets, observe } = deps;

  return async function askRefund(entry: OutboxEntry, signal: AbortSignal): Promise<Tried> {
    const refund = store.refunds.byNo(entry.refundNo ?? '');
    const trade = refund && store.trades.byNo(refund.tradeNo);
    const provider = refund && wallets.provider(refund.channel);
    if (!trade || !provider) {
      store.transact(() => store.outbox.release(entry.entryId, clock.nowMs() + UNCONFIGURED_MS));
      return NOTHING;
    }
    // Somebody was sending it and is gone: it may have arrived, so it is looked up before it is sent again.
    const isInterrupted = entry.interrupted && entry.kind === 'refund' && refund.sends > 0;
    const askedAtMs = clock.nowMs();
    if (entry.kind === 'refund' && !isInterrupted && !settle.begin(entry, askedAtMs, provider.refundGapMs))
      return NOTHING;
    const startedMs = clock.monotonicMs();
    const answered = isInterrupted
      ? INTERRUPTED
      : await take(provider, entry, refund, trade, { nowMs: askedAtMs, signal });
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
            refundNo: refund.refundNo,
            step: entry.kind as RefundStep,
            askedAtMs,
            durationMs: Math.floor(clock.monotonicMs() - startedMs),
            outcome: outcomeWord(outcome),
            ...wireOf(answered),
          }
        : null,
    };
    const hasChanged = await store.transactSoon(() =>
      signal.aborted ? null : settle.outcome(entry, answer),
    );
    if (hasChanged === null) return NOTHING;
    const signals: Signal[] = [{ kind: 'checked', tradeNo: trade.tradeNo }];
    if (hasChanged) signals.unshift({ kind: 'committed' });
    if (isInterrupted) return { verdict: 'answered', signals };
    if (observe(refund.channel, answered, startedMs)) signals.push({ kind: 'status' });
    return { verdict: verdictOf(outcome), signals };
  };
}

function take(
  provider: Provider,
  entry: OutboxEntry,
  refund: Refund,
  trade: Trade,
  at: { nowMs: number; signal: AbortSignal },
): Promise<Answered<Outcome>> {
  const { refundNo, amountFen, reason } = refund;
  const about = {
    refundNo,
    amountFen,
    trade: { tradeNo: trade.tradeNo, amountFen: trade.amountFen },
  };
  if (entry.kind === 'refund_query') return provider.refundQuery(about, at);
  const notifyUrl = entry.payload;
  return provider.refund({ ...about, reason, ...(notifyUrl === null ? {} : { notifyUrl }) }, at);
}
