import { byTill } from '../domain/actor.ts';
import { isEnded, originOf, type Refund, type RefundEvidence } from '../domain/refund.ts';
import { parkedAfter, retryDelayMs } from '../domain/steps.ts';
import type { Trade } from '../domain/trade.ts';
import type { RefundQueryOutcome } from '../providers/provider.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { askAgain } from './ask-again.ts';
import type { RefundBook } from './refund-book.ts';
import { outcomeWord } from './settle.ts';
import type { RefundAnswer, SettleRefund } from './settle-refund.ts';

/**
 * What the wallet's answer about a refund that was not known here came to: `recorded` it is, and is here now ·
 * `nothing` it ended and gave nothing back · `not_yet` it is, and cannot be written down before the payment is known,
 * or before a refund of ours has ended that may be the one in its way · `unseen` the wallet has none under this number ·
 * `unfit` it contradicts what is here: more than was paid, another trade's, or no number that can be kept · `silent`.
 */
type Found = 'recorded' | 'nothing' | 'not_yet' | 'unseen' | 'unfit' | 'silent';

const BY_WALLET = { by: byTill('wallet') };
/** After this the trade is asked about, or a refund of ours has ended. */
const NOT_YET_MS = 60_000;

/**
 * Refunds of our trades that this till did not ask for, or that a restore forgot: whoever told of one, notification,
 * bill or a query of the trade, the wallet's answer under its number is what is written down, once, and never sent.
 */
export type FoundRefunds = ReturnType<typeof createFoundRefunds>;

export function createFoundRefunds(deps: {
  store: Store;
  book: RefundBook;
  settleRefund: SettleRefund;
  tillId: string;
}) {
  const { store, book, settleRefund, tillId } = deps;

  /** Takes what the wallet said under `number`. Safe to repeat, in any order. Throws `StorageError`. */
  function heard(
    tradeNo: string,
    number: string,
    outcome: RefundQueryOutcome,
    nowMs: number,
    exchange: Exchange | null,
  ): Found {
    return store.transact(() => {
      const known = store.refunds.byNo(number);
      if (known?.tradeNo === tradeNo) {
        // Asked for here meanwhile.
        settleRefund.notified(number, outcome, nowMs, exchange, BY_WALLET);
        return 'recorded';
      }
      if (exchange) store.exchanges.append(exchange);
      const trade = store.trades.byNo(tradeNo);
      return trade ? judge(trade, number, outcome, nowMs, known !== undefined) : 'unfit';
    }, BY_WALLET);
  }

  function judge(
    trade: Trade,
    number: string,
    outcome: RefundQueryOutcome,
    nowMs: number,
    isTaken: boolean,
  ): Found {
    switch (outcome.kind) {
      case 'unknown':
        return 'silent';
      case 'unseen':
        return 'unseen';
      case 'mismatch':
        return 'unfit';
      case 'evidence': {
        const { status, amountFen } = outcome.evidence;
        if (status === 'closed') return 'nothing';
        // As the table takes numbers: a wallet's may be unique within the trade alone.
        if (isTaken || number.length < 6 || number.length > 64 || amountFen === null) return 'unfit';
        if (trade.state !== 'paid') return 'not_yet';
        const { succeededFen, heldFen, setAsideFen } = store.refunds.sums(trade.tradeNo);
        if (succeededFen + setAsideFen + amountFen > trade.amountFen) return 'unfit';
        if (succeededFen + heldFen + amountFen > trade.amountFen) return 'not_yet';
        record(trade, { ...outcome.evidence, amountFen }, nowMs);
        return 'recorded';
      }
    }
  }

  function record(
    { tradeNo, orderNo, channel }: Trade,
    evidence: RefundEvidence & { amountFen: Refund['amountFen'] },
    nowMs: number,
  ): void {
    const { refundNo, amountFen, providerRefundNo } = evidence;
    const state = evidence.status;
    const succeededAtMs = state === 'succeeded' ? (evidence.succeededAtMs ?? nowMs) : null;
    const refund: Refund = {
      refundNo,
      tradeNo,
      orderNo,
      channel,
      amountFen,
      reason: '',
      why: 'asked',
      origin: originOf(refundNo, tillId),
      state,
      providerRefundNo,
      requestedAtMs: Math.min(nowMs, succeededAtMs ?? nowMs),
      sends: 0,
      lastSentAtMs: null,
      succeededAtMs,
      endedAtMs: isEnded(state) ? nowMs : null,
      unknownSinceMs: null,
      held: null,
      refusal: null,
      incident: null,
      setAside: null,
    };
    store.refunds.insert(refund);
    book.note(refund, null, 'found', nowMs);
    if (!isEnded(state))
      store.outbox.add(
        {
          kind: 'refund_query',
          queue: channel,
          lane: `refund:${refundNo}`,
          orderNo,
          tradeNo,
          refundNo,
          payload: null,
          why: state === 'abnormal' ? 'refund_abnormal' : null,
          priority: 1,
        },
        nowMs,
      );
    // What the wallet said of the trade alone is explained by it.
    store.outbox.finishFind(tradeNo, tradeNo);
    book.reconsider(tradeNo, nowMs);
  }

  /** Takes the answer to an outbox entry's question, and plans the next one. Returns whether anything happened. */
  function answered(
    entry: OutboxEntry,
    { outcome, nowMs, jitter, exchange }: RefundAnswer & { outcome: RefundQueryOutcome },
  ): boolean {
    const tradeNo = entry.tradeNo ?? '';
    const number = entry.payload ?? '';
    return store.transact(() => {
      const found = heard(tradeNo, number, outcome, nowMs, exchange);
      const isUnnamed = number === tradeNo;
      if (found === 'recorded' || found === 'nothing' || (found === 'unseen' && isUnnamed && isExplained())) {
        store.outbox.finish(entry.entryId);
        return found === 'recorded';
      }
      const isWaiting = found === 'not_yet' && !askAboutTrade(tradeNo, nowMs);
      const puzzles = found === 'silent' || isWaiting ? 0 : entry.puzzles + 1;
      const attempts = entry.attempts + 1;
      const throttled = outcome.kind === 'unknown' && outcome.cause === 'throttled';
      const park =
        found === 'unfit'
          ? 'refund_unfit'
          : found === 'unseen' && isUnnamed
            ? 'refund_unnamed'
            : parkedAfter(puzzles, false);
      store.outbox.tried(entry.entryId, entry.kind, {
        kind: entry.kind,
        priority: entry.priority,
        dueAtMs: nowMs + (found === 'not_yet' ? NOT_YET_MS : retryDelayMs(attempts, throttled, jitter)),
        attempts,
        puzzles,
        park,
        outcome: outcomeWord(outcome),
        atMs: nowMs,
        answered: outcome.kind !== 'unknown',
      });
      return park !== null && tellOf(tradeNo, park, nowMs);
    }, BY_WALLET);

    function isExplained(): boolean {
      const { succeededFen, heldFen } = store.refunds.sums(tradeNo);
      return succeededFen + heldFen > 0;
    }
  }

  /** A refund of what is not paid here says that it was: the wallet is asked. False where it is paid. */
  function askAboutTrade(tradeNo: string, nowMs: number): boolean {
    const trade = store.trades.byNo(tradeNo);
    if (!trade || trade.state === 'paid') return false;
    askAgain(store, trade, nowMs);
    return true;
  }

  /** Once for each reason. */
  function tellOf(tradeNo: string, what: string, nowMs: number): boolean {
    const trade = store.trades.byNo(tradeNo);
    const isTold = store.events
      .ofTrade(tradeNo)
      .some((event) => event.type === 'trade.incident' && event.what === what);
    if (!trade || isTold || what === 'not_understood') return false;
    store.events.append({
      atMs: nowMs,
      type: 'trade.incident',
      orderNo: trade.orderNo,
      tradeNo,
      fromState: trade.state,
      toState: trade.state,
      what,
    });
    return true;
  }

  return { heard, answered };
}
