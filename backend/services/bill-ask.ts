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
import type { Hub } from './hub.ts';
import type { Observe } from './observe.ts';
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

/** What the wallet says to a difference. */
type Word = Pick<StoredLine, 'said'> & { isSettled: boolean };

export function createAskAboutLine(deps: {
  store: Store;
  clock: Clock & { monotonicMs(): number };
  wallets: Wallets;
  settle: Settle;
  settleRefund: SettleRefund;
  observe: Observe;
  hub: Hub;
}) {
  const { store, clock, wallets, settle, settleRefund, observe, hub } = deps;

  return async function ask(
    bill: StoredBill,
    line: StoredLine,
    signal: AbortSignal,
  ): Promise<'none' | 'silent' | 'answered'> {
    const trade = line.tradeNo === null ? undefined : store.trades.byNo(line.tradeNo);
    const provider = trade && wallets.provider(trade.channel);
    if (!trade || !provider || trade.channel !== bill.channel) return 'none';
    const refund = line.refundNo === null ? undefined : store.refunds.byNo(line.refundNo);
    const isOfRefund = line.kind === 'refund' && refund?.tradeNo === trade.tradeNo;
    if (line.kind !== 'payment' && !isOfRefund) return 'none';
    const word =
      isOfRefund && refund
        ? await aboutRefund(bill, line, { trade, refund, provider, signal })
        : await aboutPayment(bill, line, { trade, provider, signal });
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

  async function aboutPayment(
    bill: StoredBill,
    line: StoredLine,
    about: { trade: Trade; provider: Provider; signal: AbortSignal },
  ): Promise<Word | null> {
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
    return { said, isSettled: isPaid && agrees(bill, line, 'not_paid_here', amountFen, paidAtMs) };
  }

  async function aboutRefund(
    bill: StoredBill,
    line: StoredLine,
    about: { trade: Trade; refund: Refund; provider: Provider; signal: AbortSignal },
  ): Promise<Word | null> {
    const { trade, refund, provider, signal } = about;
    const { refundNo, amountFen } = refund;
    const heard = await asked(trade, signal, (at) =>
      provider.refundQuery({ refundNo, amountFen, trade }, at),
    );
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
    return { said, isSettled: isDone && agrees(bill, line, 'refund_not_done', amountFen, doneAtMs) };
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
  undone: string,
  hereFen: number,
  atMs: number | null,
): boolean {
  if (line.class === 'missing_here' && line.why === undone) return line.amountFen === hereFen;
  if (line.class !== 'missing_there') return false;
  // Done, by the wallet's own clock, on another day: it belongs on that day's bill.
  const { startMs, endMs } = boundsOf(bill.day);
  return atMs !== null && (atMs < startMs || atMs >= endMs);
}
