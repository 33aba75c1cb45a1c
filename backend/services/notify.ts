import { type Clock, MINUTE } from '../../ports/clock.ts';
import { isEnded } from '../domain/refund.ts';
import type { Channel, Trade } from '../domain/trade.ts';
import type { Notified, Posted, QueryOutcome, RefundQueryOutcome, Shown } from '../providers/provider.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { Store } from '../store/store.ts';
import { askAgain } from './ask-again.ts';
import type { Drain } from './drain.ts';
import type { Hub } from './hub.ts';
import type { LostTrades } from './lost-trades.ts';
import { findRefund } from './refund-find.ts';
import { outcomeWord, type Settle } from './settle.ts';
import type { SettleRefund } from './settle-refund.ts';
import type { Wallets } from './wallets.ts';

/**
 * What became of a notification: `taken` it is committed here · `not_now` nobody can judge it yet: bring it again ·
 * `rejected` it can be of no use to this till.
 */
export type Taken =
  | { kind: 'taken' }
  | { kind: 'not_now' }
  | { kind: 'rejected'; reason: 'not_genuine' | 'unreadable' | 'not_ours' | 'not_configured' };

/** A genuine notification proves a payment only so long after its signature; an older one is a reason to ask. */
const PROOF_MS = 5 * MINUTE;

/**
 * Takes the wallets' notifications, whoever brings them: verified here on the bytes as they were posted, with
 * keys that never left the till. A payment or refund that is proven is settled at once; everything else that is
 * genuine is a hint, and the wallet is asked. Safe to repeat, in any order. Throws `StorageError`; then nothing was kept.
 */
export type Notify = ReturnType<typeof createNotify>;

export function createNotify(deps: {
  clock: Clock;
  store: Store;
  settle: Settle;
  settleRefund: SettleRefund;
  wallets: Wallets;
  lostTrades: LostTrades;
  hub: Hub;
  /** A wallet that was silent is worth asking again: a word of it has just arrived. */
  drain: Pick<Drain, 'hurry'>;
}) {
  const { clock, store, settle, settleRefund, wallets, lostTrades, hub, drain } = deps;

  return async function take(channel: Channel, posted: Posted): Promise<Taken> {
    const provider = wallets.provider(channel);
    if (!provider) return { kind: 'rejected', reason: 'not_configured' };
    const notified = await provider.readNotification(posted, { nowMs: clock.nowMs() });
    if (notified.kind === 'not_now') return notified;
    if (notified.kind === 'refused') return { kind: 'rejected', reason: notified.why };
    if (notified.tradeNo === null) return { kind: 'taken' };
    const nowMs = clock.nowMs();
    const trade = store.trades.byNo(notified.tradeNo);
    // Trades are committed before their wallet hears of them: an unknown number is another till's, or one that
    // a backup did not know.
    if (!trade && lostTrades.takeUp(channel, notified, nowMs)) {
      const taken = store.trades.byNo(notified.tradeNo);
      if (taken && notified.kind === 'trade' && notified.refundNo !== null)
        await askRefundSoon(taken, notified.refundNo, nowMs);
      drain.hurry([channel]);
      hub.tell({ kind: 'committed' });
      return { kind: 'taken' };
    }
    if (!trade || trade.channel !== channel) return { kind: 'rejected', reason: 'not_ours' };
    if (notified.kind === 'refund') {
      const isKnown = store.refunds.byNo(notified.refundNo)?.tradeNo === trade.tradeNo;
      if (isKnown && isRefundProof(notified, posted, nowMs)) await settleRefundNow(notified, posted, nowMs);
      else await askRefundSoon(trade, notified.refundNo, nowMs);
      return { kind: 'taken' };
    }
    if (notified.kind === 'trade' && notified.refundNo !== null)
      await askRefundSoon(trade, notified.refundNo, nowMs);
    if (isProof(notified, posted, nowMs)) await settleNow(trade, notified, posted, nowMs);
    else await askSoon(trade, nowMs);
    return { kind: 'taken' };
  };

  async function settleRefundNow(
    { tradeNo, refundNo, outcome, shown }: Extract<Notified, { kind: 'refund' }>,
    posted: Posted,
    nowMs: number,
  ): Promise<void> {
    const exchange = exchangeOf({ tradeNo, refundNo }, { outcome, shown }, posted, nowMs);
    const hasChanged = await store.transactSoon(() =>
      settleRefund.notified(refundNo, outcome, nowMs, exchange),
    );
    if (hasChanged) hub.tell({ kind: 'committed' });
  }

  /**
   * A hint about a refund of ours: the wallet is asked about it now. One that is not known here was made elsewhere, or
   * lost by a restore.
   */
  async function askRefundSoon(trade: Trade, refundNo: string, nowMs: number): Promise<void> {
    const refund = store.refunds.byNo(refundNo);
    const isKnown = refund?.tradeNo === trade.tradeNo;
    if (isKnown && isEnded(refund.state)) return;
    await store.transactSoon(() =>
      isKnown ? store.outbox.hurryRefund(refundNo, nowMs) : findRefund(store, trade, refundNo, nowMs),
    );
    drain.hurry([trade.channel]);
    hub.tell({ kind: 'committed' });
  }

  async function settleNow(
    trade: Trade,
    { outcome, shown }: Extract<Notified, { kind: 'trade' }>,
    posted: Posted,
    nowMs: number,
  ): Promise<void> {
    const exchange = exchangeOf(
      { tradeNo: trade.tradeNo, refundNo: null },
      { outcome, shown },
      posted,
      nowMs,
    );
    const settled = await store.transactSoon(() => settle.notified(trade.tradeNo, outcome, nowMs, exchange));
    if (settled.changed.length > 0) hub.tell({ kind: 'committed' });
  }

  function stateNow(trade: Trade): Trade['state'] {
    return store.trades.byNo(trade.tradeNo)?.state ?? trade.state;
  }

  /** A hint: the wallet is asked about the trade now, even about one that was taken for finished. */
  async function askSoon(trade: Trade, nowMs: number): Promise<void> {
    if (trade.state === 'paid') return;
    await store.transactSoon(() => {
      const state = stateNow(trade);
      if (state === 'paid') return;
      askAgain(store, trade, nowMs);
      store.outbox.hurry(trade.tradeNo, nowMs);
    });
    drain.hurry([trade.channel]);
    hub.tell({ kind: 'committed' });
  }
}

function exchangeOf(
  about: Pick<Exchange, 'tradeNo' | 'refundNo'>,
  { outcome, shown }: { outcome: QueryOutcome | RefundQueryOutcome; shown: Shown | undefined },
  posted: Posted,
  nowMs: number,
): Exchange {
  return {
    ...about,
    step: 'notification',
    askedAtMs: posted.receivedMs,
    durationMs: Math.max(0, nowMs - posted.receivedMs),
    outcome: outcomeWord(outcome),
    httpStatus: null,
    providerCode: null,
    requestId: null,
    answer: shown?.answer ?? null,
    seal: shown ? JSON.stringify(shown.seal) : null,
  };
}

/** Signed a moment ago, and received then: what it says stands. */
function isFresh(signedMs: number | null, posted: Posted, nowMs: number): boolean {
  return (
    signedMs !== null &&
    Math.abs(nowMs - signedMs) < PROOF_MS &&
    Math.abs(posted.receivedMs - signedMs) < PROOF_MS
  );
}

/** Of a refund only its success settles it: the rest may have changed since, and is asked about. */
function isRefundProof(
  { signedMs, outcome }: Extract<Notified, { kind: 'refund' }>,
  posted: Posted,
  nowMs: number,
): boolean {
  if (!isFresh(signedMs, posted, nowMs)) return false;
  return (
    outcome.kind === 'mismatch' || (outcome.kind === 'evidence' && outcome.evidence.status === 'succeeded')
  );
}

/**
 * Whether a notification settles the trade by itself: fresh by the time that the wallet signed into it, and a
 * payment, or a contradiction that a manager must see. What is unpaid, closed or going on is asked about.
 */
function isProof(
  notified: Notified,
  posted: Posted,
  nowMs: number,
): notified is Extract<Notified, { kind: 'trade' }> {
  if (notified.kind !== 'trade' || !isFresh(notified.signedMs, posted, nowMs)) return false;
  const { outcome } = notified;
  if (outcome.kind === 'mismatch') return true;
  return (
    outcome.kind === 'evidence' &&
    (outcome.evidence.status === 'paid' || outcome.evidence.status === 'refunded')
  );
}
