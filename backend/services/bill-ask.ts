import type { Clock } from '../../ports/clock.ts';
import { byTill } from '../domain/actor.ts';
import type { Refund } from '../domain/refund.ts';
import type { Trade } from '../domain/trade.ts';
import type { Answered, Provider, QueryOutcome, RefundQueryOutcome } from '../providers/provider.ts';
import type { StoredLine } from '../store/bill-line.ts';
import type { StoredBill } from '../store/bills.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { Store } from '../store/store.ts';
import { wireOf } from './asking.ts';
import { boundsOf } from './bill-run.ts';
import type { FoundRefunds } from './found-refunds.ts';
import type { Hub } from './hub.ts';
import type { Observe } from './observe.ts';
import { findRefund } from './refund-find.ts';
import { outcomeWord, type Settle } from './settle.ts';
import type { SettleRefund } from './settle-refund.ts';
import type { Wallets } from './wallets.ts';

/**
 * Asks the wallet about one difference. A line is a reason to ask and no proof: a file may have been made by
 * anybody. The answer settles the trade or the refund, and the difference where both sides then say the same.
 * Returns what became of the question: `none` there was nothing that an answer could settle · `silent` no answer ·
 * `answered`.
 */
export type AskAboutLine = ReturnType<typeof createAskAboutLine>;

/** Whose wallet is asked. */
interface About {
  trade: Trade;
  provider: Provider;
  signal: AbortSignal;
}

/** What the wallet says to a difference. */
type Word = Pick<StoredLine, 'said'> & { isSettled: boolean };

export function createAskAboutLine(deps: {
  store: Store;
  clock: Clock & { monotonicMs(): number };
  wallets: Wallets;
  settle: Settle;
  settleRefund: SettleRefund;
  found: FoundRefunds;
  observe: Observe;
  hub: Hub;
}) {
  const { store, clock, wallets, settle, settleRefund, found, observe, hub } = deps;

  return async function ask(
    bill: StoredBill,
    line: StoredLine,
    signal: AbortSignal,
  ): Promise<'none' | 'silent' | 'answered'> {
    const trade = line.tradeNo === null ? undefined : store.trades.byNo(line.tradeNo);
    const provider = trade && wallets.provider(trade.channel);
    if (!trade || !provider || trade.channel !== bill.channel) return 'none';
    const about = { trade, provider, signal };
    const question = questionAbout(bill, line, about);
    if (question === null) return 'none';
    const word = await question();
    if (!word) return 'silent';
    const { said, isSettled } = word;
    store.transact(() =>
      store.bills.note(bill.billId, line.line, {
        said,
        resolution: isSettled ? 'settled' : null,
        reason: null,
      }),
    );
    return 'answered';
  };

  /** What the wallet can be asked about a line; null where no answer could settle anything. */
  function questionAbout(
    bill: StoredBill,
    line: StoredLine,
    about: About,
  ): (() => Promise<Word | null>) | null {
    if (line.kind === 'payment') return () => aboutPayment(bill, line, about);
    if (line.kind !== 'refund') return null;
    const { refundNo, why } = line;
    const refund = refundOn(bill, line);
    if (refund?.tradeNo === about.trade.tradeNo) return () => aboutRefund(bill, line, refund, about);
    if (why !== 'refund_unknown' || refundNo === null) return null;
    return () => aboutUnknownRefund(line, refundNo, about);
  }

  /** The refund that a line is about; one of movements that was not known here has the wallet's number. */
  function refundOn({ channel }: StoredBill, { refundNo, why }: StoredLine): Refund | undefined {
    if (refundNo === null) return undefined;
    if (why !== 'refund_unnamed') return store.refunds.byNo(refundNo);
    const known = store.bills.numbers.refundsByWallet(channel, [refundNo]).get(refundNo);
    return known && store.refunds.byNo(known.refundNo);
  }

  async function aboutPayment(bill: StoredBill, line: StoredLine, about: About): Promise<Word | null> {
    const { trade, provider, signal } = about;
    const { tradeNo, amountFen, createdAtMs, expiresAtMs } = trade;
    const heard = await asked(trade, signal, (at) =>
      provider.query({ tradeNo, amountFen, createdAtMs, expiresAtMs }, at),
    );
    if (!heard || heard.outcome.kind === 'unknown') return null;
    const { outcome, exchange } = heard;
    if (trade.state !== 'paid') {
      const seen = { ...exchange, refundNo: null, step: 'query' as const };
      settle.notified(tradeNo, outcome, clock.nowMs(), seen, { by: byTill('wallet') });
      hub.tell({ kind: 'committed' });
    }
    const said = wordOf(trade, outcome);
    const isPaid = said === 'paid' && store.trades.byNo(tradeNo)?.state === 'paid';
    const paidAtMs = outcome.kind === 'evidence' ? outcome.evidence.paidAtMs : null;
    return { said, isSettled: isPaid && agrees(bill, line, ['not_paid_here'], amountFen, paidAtMs) };
  }

  async function aboutRefund(
    bill: StoredBill,
    line: StoredLine,
    refund: Refund,
    about: About,
  ): Promise<Word | null> {
    const { trade, provider, signal } = about;
    const { refundNo, amountFen } = refund;
    const heard = await asked(trade, signal, (at) => provider.refundQuery({ refundNo, trade }, at));
    if (!heard || heard.outcome.kind === 'unknown') return null;
    const { outcome, exchange } = heard;
    if (refund.state !== 'succeeded') {
      settleRefund.notified(refundNo, outcome, clock.nowMs(), {
        ...exchange,
        refundNo,
        step: 'refund_query',
      });
      hub.tell({ kind: 'committed' });
    }
    const said = refundWordOf(refund, outcome);
    const isDone = said === 'refunded' && store.refunds.byNo(refundNo)?.state === 'succeeded';
    const doneAtMs = outcome.kind === 'evidence' ? outcome.evidence.succeededAtMs : null;
    const undone = ['refund_not_done', 'refund_unknown', 'refund_unnamed'];
    return { said, isSettled: isDone && agrees(bill, line, undone, amountFen, doneAtMs) };
  }

  /** A refund of our trade that is on the bill alone: the wallet's answer under its number writes it down here. */
  async function aboutUnknownRefund(line: StoredLine, refundNo: string, about: About): Promise<Word | null> {
    const { trade, provider, signal } = about;
    const { tradeNo } = trade;
    const heard = await asked(trade, signal, (at) => provider.refundQuery({ refundNo, trade }, at));
    if (!heard) return null;
    const { outcome, exchange } = heard;
    const nowMs = clock.nowMs();
    const came = store.transact(() => {
      const seen = { ...exchange, refundNo, step: 'refund_query' as const };
      const came = found.heard(tradeNo, refundNo, outcome, nowMs, seen);
      // It is there, and becomes writable later: the machine goes on by itself.
      if (came === 'not_yet') findRefund(store, trade, refundNo, nowMs);
      return came;
    });
    hub.tell({ kind: 'committed' });
    const refund = store.refunds.byNo(refundNo);
    switch (came) {
      case 'silent':
        return null;
      case 'nothing':
      case 'unseen':
        return { said: 'not_refunded', isSettled: false };
      case 'unfit':
        return { said: 'contradicts', isSettled: false };
      case 'not_yet':
        return { said: 'refunded', isSettled: false };
      case 'recorded': {
        const isBack = refund?.state === 'succeeded';
        const isSettled = isBack && refund.amountFen === line.amountFen;
        return { said: isBack ? 'refunded' : 'not_refunded', isSettled };
      }
    }
  }

  /** Puts the question; null when the till stops over it. */
  async function asked<O extends QueryOutcome | RefundQueryOutcome>(
    trade: Trade,
    signal: AbortSignal,
    question: (at: { nowMs: number; signal: AbortSignal }) => Promise<Answered<O>>,
  ): Promise<{ outcome: O; exchange: Omit<Exchange, 'refundNo' | 'step'> } | null> {
    const askedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const answered = await question({ nowMs: askedAtMs, signal });
    if (signal.aborted) return null;
    if (observe(trade.channel, answered, startedMs)) hub.tell({ kind: 'status' });
    const { outcome } = answered;
    return {
      outcome,
      exchange: {
        tradeNo: trade.tradeNo,
        askedAtMs,
        durationMs: Math.floor(clock.monotonicMs() - startedMs),
        outcome: outcomeWord(outcome),
        ...wireOf(answered),
      },
    };
  }
}

function wordOf(trade: Trade, outcome: Exclude<QueryOutcome, { kind: 'unknown' }>): StoredLine['said'] {
  if (outcome.kind === 'mismatch') return 'contradicts';
  const { status, amountFen } = outcome.evidence;
  if (status !== 'paid' && status !== 'refunded') return 'not_paid';
  return amountFen === trade.amountFen ? 'paid' : 'contradicts';
}

function refundWordOf(
  refund: Refund,
  outcome: Exclude<RefundQueryOutcome, { kind: 'unknown' }>,
): StoredLine['said'] {
  if (outcome.kind === 'mismatch') return 'contradicts';
  if (outcome.kind === 'unseen' || outcome.evidence.status !== 'succeeded') return 'not_refunded';
  const { amountFen } = outcome.evidence;
  return amountFen === null || amountFen === refund.amountFen ? 'refunded' : 'contradicts';
}

/** Whether bill and ledger say the same, now that the wallet has confirmed `hereFen`, done at `atMs`. */
function agrees(
  bill: StoredBill,
  line: StoredLine,
  undone: readonly string[],
  hereFen: number,
  atMs: number | null,
): boolean {
  if (line.class === 'missing_here' && undone.includes(line.why ?? '')) return line.amountFen === hereFen;
  if (line.class !== 'missing_there') return false;
  // Done, by the wallet's own clock, on another day: it belongs on that day's bill.
  const { startMs, endMs } = boundsOf(bill.day);
  return atMs !== null && (atMs < startMs || atMs >= endMs);
}
