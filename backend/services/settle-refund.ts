import { byTill } from '../domain/actor.ts';
import {
  holdsItsPart,
  isEnded,
  REFUND_TRANSITIONS,
  type Refund,
  type RefundEvent,
  type RefundEvidence,
  type RefundIncident,
  readRefundEvidence,
} from '../domain/refund.ts';
import { refundDelayMs, refundStepAfter, untilUnseenCounts } from '../domain/refund-steps.ts';
import { isPuzzle, parkedAfter } from '../domain/steps.ts';
import type { RefundOutcome, RefundQueryOutcome } from '../providers/provider.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import type { RefundBook } from './refund-book.ts';
import { outcomeWord } from './settle.ts';

type Outcome = RefundOutcome | RefundQueryOutcome;

/** What a question about a refund brought, and when. */
export interface RefundAnswer {
  outcome: Outcome;
  nowMs: number;
  /** In [0, 1): spreads the repeats. */
  jitter: number;
  /** What the wire showed; null when it is no news. */
  exchange: Exchange | null;
}

/** What the wallet's words mean to a refund. */
interface Reading {
  event: RefundEvent;
  evidence?: RefundEvidence;
  refusal?: NonNullable<Refund['refusal']>;
  incident?: RefundIncident;
}

interface Applied {
  /** The very same object when nothing changed. */
  refund: Refund;
  /** The wallet's word does not fit; a person is told. */
  isContradicted: boolean;
}

const BY_ANSWER = { by: byTill('wallet') };
const BY_NOTIFICATION = { by: byTill('relay') };

/** After evidence that contradicts us nothing is urgent: a person decides. */
const INCIDENT_MS = 60_000;
/** A first request waits so long for another one of the same trade, which is under way. */
const BEHIND_MS = 3_000;

/**
 * Settling refunds: the one place that changes a refund's state once it is written, always in one transaction,
 * on the row as it is then. Safe to repeat, in any order.
 */
export type SettleRefund = ReturnType<typeof createSettleRefund>;

export function createSettleRefund(store: Store, book: RefundBook) {
  /**
   * Notes that the refund is about to be sent: from here on it cannot be withdrawn. False when it must not be
   * sent now: it has ended, or the trade's last one is too near (`gapMs`), and the entry waits.
   */
  function begin(entry: OutboxEntry, nowMs: number, gapMs: number): boolean {
    return store.transact(() => {
      const refund = mustRead(entry.refundNo ?? '');
      if (isEnded(refund.state)) {
        store.outbox.finishRefund(refund.refundNo);
        return false;
      }
      const waitMs = waitFor(refund, nowMs, gapMs);
      if (waitMs > 0) {
        store.outbox.release(entry.entryId, nowMs + waitMs);
        return false;
      }
      store.refunds.update({ ...refund, sends: refund.sends + 1, lastSentAtMs: nowMs });
      return true;
    });
  }

  /** How long a request must wait for the trade's others, ms. */
  function waitFor(refund: Refund, nowMs: number, gapMs: number): number {
    const all = store.refunds.ofTrade(refund.tradeNo);
    const isBehind =
      refund.sends === 0 &&
      all.some(
        (other) =>
          other.refundNo !== refund.refundNo &&
          (other.state === 'asked' || (other.state === 'queued' && other.sends > 0)) &&
          other.held === null &&
          other.setAside === null,
      );
    if (isBehind) return BEHIND_MS;
    const last = Math.max(0, ...all.map(({ lastSentAtMs }) => lastSentAtMs ?? 0));
    // One in the future was written by a clock that was ahead.
    return last > nowMs ? 0 : Math.max(0, last + gapMs - nowMs);
  }

  /** Applies the answer to an outbox entry's question, and plans the next one. Returns whether anything changed. */
  function outcome(entry: OutboxEntry, answer: RefundAnswer): boolean {
    const { outcome: result, nowMs } = answer;
    return store.transact(() => {
      if (answer.exchange) store.exchanges.append(answer.exchange);
      const before = mustRead(entry.refundNo ?? '');
      const reading = read(before, entry.kind, result, nowMs);
      const applied = apply(before, reading, nowMs);
      plan(entry, before, applied, reading.event, answer);
      return applied.refund !== before;
    }, BY_ANSWER);
  }

  /** Applies what a notification, or an answer to another question, proves. Returns whether anything changed. */
  function notified(
    refundNo: string,
    result: RefundQueryOutcome,
    nowMs: number,
    exchange: Exchange | null,
    by = BY_NOTIFICATION,
  ): boolean {
    return store.transact(() => {
      const before = mustRead(refundNo);
      const reading = read(before, 'refund_query', result, nowMs);
      const { refund: after } = apply(before, reading, nowMs);
      if (after === before) return false;
      if (exchange) store.exchanges.append(exchange);
      if (refundStepAfter(after, reading.event) === null) store.outbox.finishRefund(refundNo);
      else store.outbox.hurryRefund(refundNo, nowMs);
      return true;
    }, by);
  }

  /** What the wallet's words mean to the refund as it is. */
  function read(refund: Refund, asked: OutboxEntry['kind'], result: Outcome, nowMs: number): Reading {
    switch (result.kind) {
      case 'evidence': {
        const { evidence } = result;
        const event = readRefundEvidence(refund, evidence);
        return typeof event === 'string' ? { event, evidence } : { event: 'no_answer', ...event };
      }
      case 'mismatch':
        return { event: 'no_answer', incident: 'merchant_mismatch' };
      case 'unknown': {
        const isFirst = asked === 'refund' && refund.sends === 1 && refund.state === 'queued';
        return { event: isFirst && result.cause === 'network' ? 'unsent' : 'no_answer' };
      }
      case 'refused': {
        const { reason, code, message } = result;
        const refusal = { reason, code, message };
        // An earlier request may be under way there: a query confirms that nothing goes back.
        return { event: refund.sends > 1 ? 'accepted' : 'refused', refusal };
      }
      case 'query_first':
        return {
          event: 'accepted',
          refusal: { reason: 'other', code: result.code, message: result.message },
        };
      case 'unseen':
        if (untilUnseenCounts(refund, nowMs) > 0) return { event: 'accepted' };
        return { event: refund.refusal && refund.state === 'asked' ? 'refused' : 'unseen' };
      case 'accepted':
      case 'held':
        return { event: result.kind };
    }
  }

  function apply(before: Refund, reading: Reading, nowMs: number): Applied {
    const { event, evidence, refusal } = reading;
    const { to } = REFUND_TRANSITIONS[before.state][event];
    const incident = reading.incident ?? exceeding(before, to);
    if (incident) return { refund: contradicted(before, incident, nowMs), isContradicted: true };
    const isOver = isEnded(to);
    const wasUnsent = event === 'unsent';
    const after: Refund = {
      ...before,
      state: to,
      providerRefundNo: evidence?.providerRefundNo ?? before.providerRefundNo,
      sends: wasUnsent ? 0 : before.sends,
      lastSentAtMs: wasUnsent ? null : before.lastSentAtMs,
      succeededAtMs: to === 'succeeded' ? (before.succeededAtMs ?? evidence?.succeededAtMs ?? nowMs) : null,
      endedAtMs: isOver ? (before.endedAtMs ?? nowMs) : null,
      unknownSinceMs: isOver || event !== 'no_answer' ? null : (before.unknownSinceMs ?? nowMs),
      held: to === 'asked' ? heldAfter(before, event) : null,
      refusal: to === 'asked' || to === 'refused' ? (refusal ?? before.refusal) : null,
    };
    if (same(before, after)) return { refund: before, isContradicted: false };
    if (holdsItsPart(before.state) && !holdsItsPart(to)) store.refunds.free(after);
    else store.refunds.update(after);
    if (after.state !== before.state) {
      book.note(after, before.state, event, nowMs);
      book.reconsider(after.tradeNo, nowMs);
    }
    return { refund: after, isContradicted: false };
  }

  /** Whether the wallet's word would mean that more was given back than was paid. */
  function exceeding(before: Refund, to: Refund['state']): RefundIncident | null {
    if (holdsItsPart(before.state) || !holdsItsPart(to)) return null;
    const trade = store.trades.byNo(before.tradeNo);
    return trade && book.leftFen(trade) >= before.amountFen ? null : 'exceeds_paid';
  }

  function contradicted(before: Refund, incident: RefundIncident, nowMs: number): Refund {
    if (before.incident === incident) return before;
    const after = { ...before, incident };
    store.refunds.update(after);
    const { refundNo, tradeNo, orderNo, state } = after;
    store.events.append({
      atMs: nowMs,
      type: 'refund.incident',
      orderNo,
      tradeNo,
      refundNo,
      fromState: state,
      toState: state,
      what: incident,
    });
    return after;
  }

  /** Plans the next question after one was answered, or not. */
  function plan(
    entry: OutboxEntry,
    before: Refund,
    { refund: after, isContradicted }: Applied,
    event: RefundEvent,
    { outcome: result, nowMs, jitter }: RefundAnswer,
  ): void {
    const next = isContradicted ? 'refund_query' : refundStepAfter(after, event);
    if (next === null) {
      store.outbox.finishRefund(after.refundNo);
      return;
    }
    const attempts = after.state === before.state ? entry.attempts + 1 : 0;
    const puzzles = isContradicted || isPuzzle(result) ? entry.puzzles + 1 : 0;
    const throttled = result.kind === 'unknown' && result.cause === 'throttled';
    const pauseMs = isContradicted
      ? INCIDENT_MS
      : refundDelayMs(after, { event, attempts, throttled, jitter, nowMs });
    const unseenMs = result.kind === 'unseen' ? untilUnseenCounts(after, nowMs) : 0;
    const isAbnormal = after.state === 'abnormal' && event === 'abnormal_seen';
    store.outbox.tried(entry.entryId, entry.kind, {
      kind: next,
      priority: entry.priority,
      dueAtMs: nowMs + Math.max(pauseMs, unseenMs),
      attempts,
      puzzles,
      park: isAbnormal ? 'refund_abnormal' : parkedAfter(puzzles, isContradicted),
      outcome: outcomeWord(result),
      atMs: nowMs,
      answered: result.kind !== 'unknown',
    });
  }

  function mustRead(refundNo: string): Refund {
    const refund = store.refunds.byNo(refundNo);
    if (!refund) throw new Error(`Refund ${refundNo} does not exist.`);
    return refund;
  }

  return { begin, outcome, notified };
}

/** The wallet waits for the merchant until it says something else; silence says nothing. */
function heldAfter(before: Refund, event: RefundEvent): Refund['held'] {
  if (event === 'held') return 'balance';
  return event === 'no_answer' ? before.held : null;
}

function same(a: Refund, b: Refund): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
