import { byTill } from '../domain/actor.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Order } from '../domain/order.ts';
import { type RefundDue, type RefundPolicy, refundDue } from '../domain/refund-policy.ts';
import { delayAfter, isPuzzle, isUrgent, type Pace, parkedAfter, stepAfter } from '../domain/steps.ts';
import {
  type Incident,
  isLatePayment,
  isPending,
  readEvidence,
  type Step,
  TRADE_TRANSITIONS,
  type Trade,
  type TradeEvent,
} from '../domain/trade.ts';
import type {
  CloseOutcome,
  OpenOutcome,
  QueryOutcome,
  RefundOutcome,
  RefundQueryOutcome,
} from '../providers/provider.ts';
import { happened } from '../store/events.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { Fence } from '../store/fences.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import { endChargeIfOver } from './charge-end.ts';
import type { RefundBook } from './refund-book.ts';
import { findUnnamedRefund } from './refund-find.ts';

/** What a step brought: one of the provider's outcomes. */
export type Outcome = OpenOutcome | QueryOutcome | CloseOutcome;

/** What a question brought, and when. */
export interface Answer {
  outcome: Outcome;
  nowMs: number;
  /** In [0, 1): spreads the repeats. */
  jitter: number;
  /** What the wire showed; null when it is no news. */
  exchange: Exchange | null;
}

/** The trade as it now is, and what changed. */
export interface Settled {
  trade: Trade;
  /** Trades whose row changed, the settled one among them. */
  changed: Trade[];
}

const BY_ANSWER = { by: byTill('wallet') };
const BY_NOTIFICATION = { by: byTill('relay') };

/** A settled trade with what its wallet is asked next. */
interface Applied extends Settled {
  next: Step | null;
}

/**
 * Settling: applies what the wallet said, or what we decided, to a trade, and writes what its wallet is
 * asked next into the outbox. The one place that changes a trade's state, always in one transaction, on
 * the row as it is then. Safe to repeat, in any order.
 */
export type Settle = ReturnType<typeof createSettle>;

export function createSettle(store: Store, policy: RefundPolicy, book: RefundBook) {
  /**
   * Applies the answer to an outbox entry's question to its trade, and plans the next one. Throws
   * `StorageError`; then nothing was written.
   */
  function outcome(entry: OutboxEntry, answer: Answer): Settled {
    const tradeNo = entry.tradeNo ?? '';
    const asked = entry.kind as Step;
    const { outcome: result, nowMs } = answer;
    return store.transact(() => {
      if (answer.exchange) store.exchanges.append(answer.exchange);
      const before = mustRead(store, tradeNo);
      const applied = read(before, asked, result, nowMs);
      planAfter(entry, before, applied, answer);
      return applied;
    }, BY_ANSWER);
  }

  /**
   * Applies what a notification proves. What the wallet is asked next is asked at once when that changed
   * something; a question under way goes on. What only says again that a trade is paid is not kept a second time.
   */
  function notified(
    tradeNo: string,
    result: QueryOutcome,
    nowMs: number,
    exchange: Exchange | null,
    by = BY_NOTIFICATION,
  ): Settled {
    return store.transact(() => {
      const before = mustRead(store, tradeNo);
      const applied = read(before, 'query', result, nowMs);
      if (exchange && (before.state !== 'paid' || applied.changed.length > 0))
        store.exchanges.append(exchange);
      if (applied.changed.length > 0) planNow(applied, nowMs);
      return applied;
    }, by);
  }

  /** What the wallet's words do to the trade. */
  function read(trade: Trade, asked: Step, result: Outcome, nowMs: number): Applied {
    switch (result.kind) {
      case 'code':
        return apply(trade, 'code_obtained', asked, nowMs, { codeUrl: result.codeUrl });
      case 'refused':
        return apply(trade, 'refused', asked, nowMs, {
          refusal: { reason: result.reason, code: result.code, message: result.message },
        });
      case 'evidence': {
        const event = readEvidence(trade, result.evidence);
        if (typeof event !== 'string') return recordIncident(trade, event.incident, nowMs);
        const applied = apply(trade, event, asked, nowMs, { evidence: result.evidence });
        if (result.evidence.status === 'refunded') findUnnamedRefund(store, applied.trade, nowMs);
        return applied;
      }
      case 'mismatch':
        return recordIncident(trade, 'merchant_mismatch', nowMs);
      case 'unknown':
        return apply(trade, 'no_answer', asked, nowMs, {});
      case 'accepted':
      case 'query_first':
        return note(trade, { unknown: null });
      case 'not_yet':
        return note(trade, { unknown: null, payableUntilMs: result.payableUntilMs });
    }
  }

  /** Plans the next question after one was answered, or not. */
  function planAfter(entry: OutboxEntry, before: Trade, { trade, next }: Applied, answer: Answer): void {
    if (next === null) {
      store.outbox.finishTrade(trade.tradeNo);
      return;
    }
    const { outcome: result, nowMs, jitter } = answer;
    const contradicted = contradicts(before, result);
    const isNew = trade.state !== before.state;
    const isShown = trade.state === 'awaiting_payment' || trade.state === 'paying';
    const attempts = isNew || (isShown && result.kind !== 'unknown') ? 0 : entry.attempts + 1;
    const puzzles = contradicted || isPuzzle(result) ? entry.puzzles + 1 : 0;
    const pace: Pace = { attempts, ageMs: nowMs - trade.createdAtMs, jitter, contradicted };
    const delayMs = delayAfter(trade, next, result, pace);
    store.outbox.tried(entry.entryId, entry.kind, {
      kind: next,
      priority: isUrgent(trade.state) ? 0 : 1,
      // What follows at once keeps its place: the oldest trade is resolved to its end before the next.
      dueAtMs: delayMs === 0 ? Math.min(entry.dueAtMs, nowMs) : nowMs + delayMs,
      attempts,
      puzzles,
      park: parkedAfter(puzzles, contradicted),
      outcome: outcomeWord(result),
      atMs: nowMs,
      answered: result.kind !== 'unknown',
    });
  }

  /**
   * Another till had collected the order before us: what may still be paid here is paid no more, and what was paid
   * and is kept goes back. Safe to repeat. Throws what a stale `fence` throws.
   */
  function paidElsewhere(orderNo: string, nowMs: number, fence: Fence): Trade[] {
    const concerned = store.trades.ofOrder(orderNo).filter((trade) => isPending(trade) || isKept(trade));
    if (concerned.length === 0) return [];
    return store.transact(
      () =>
        concerned.flatMap(
          ({ tradeNo }) => decideHere(mustRead(store, tradeNo), 'paid_elsewhere', nowMs).changed,
        ),
      { fence },
    );
  }

  /** Whether the order has a payment that stays with the shop. */
  function hasKeptPayment(orderNo: string): boolean {
    return store.trades.ofOrder(orderNo).some(isKept);
  }

  function isKept(trade: Trade): boolean {
    return trade.state === 'paid' && !trade.surplus && trade.refundDue === null && book.leftFen(trade) > 0;
  }

  /** Applies a decision of ours (deadline, cancel) to the trade. */
  function decide(tradeNo: string, event: 'deadline_passed' | 'cancel_requested', nowMs: number): Settled {
    return store.transact(() => decideHere(mustRead(store, tradeNo), event, nowMs));
  }

  /** Lets every deadline pass that has, at most `limit`, in one transaction. */
  function passDeadlines(nowMs: number, limit: number): Trade[] {
    const expired = store.trades.expired(nowMs, limit);
    if (expired.length === 0) return [];
    return store.transact(() =>
      expired.flatMap(
        ({ tradeNo }) => decideHere(mustRead(store, tradeNo), 'deadline_passed', nowMs).changed,
      ),
    );
  }

  /** `before`: the row as this transaction has read it. */
  function decideHere(before: Trade, event: TradeEvent, nowMs: number): Applied {
    const applied = apply(before, event, null, nowMs, {});
    if (applied.changed.length > 0) planNow(applied, nowMs);
    return applied;
  }

  /** A new state asks at once; a question under way sets the time itself when it ends. */
  function planNow({ trade, next }: Applied, nowMs: number): void {
    if (next === null) store.outbox.finishTrade(trade.tradeNo);
    else store.outbox.redirect(trade.tradeNo, next, isUrgent(trade.state) ? 0 : 1, nowMs);
  }

  interface Facts {
    codeUrl?: string;
    refusal?: NonNullable<Trade['refusal']>;
    evidence?: Evidence;
  }

  function apply(before: Trade, event: TradeEvent, asked: Step | null, nowMs: number, facts: Facts): Applied {
    const { to } = TRADE_TRANSITIONS[before.state][event];
    const becamePaid = to === 'paid' && before.state !== 'paid';
    const becameSurplus = event === 'paid_elsewhere' && isKept(before);
    const isNews = becamePaid || becameSurplus;
    const order = isNews ? store.orders.byNo(before.orderNo) : undefined;
    const others = becamePaid ? othersOfOrder(before) : [];
    // A code that came after we stopped is not kept: it must never be shown.
    const isShown = facts.codeUrl !== undefined && to === 'awaiting_payment';
    const after: Trade = {
      ...before,
      state: to,
      codeUrl: isShown ? (facts.codeUrl ?? null) : before.codeUrl,
      codeAtMs: before.codeAtMs ?? (isShown ? nowMs : null),
      providerTradeNo: facts.evidence?.providerTradeNo ?? before.providerTradeNo,
      payer: facts.evidence?.payer ?? before.payer,
      paidAtMs: becamePaid ? (facts.evidence?.paidAtMs ?? nowMs) : before.paidAtMs,
      closedAtMs: to === 'closed' && before.state !== 'closed' ? nowMs : before.closedAtMs,
      late: before.late || (becamePaid && isLatePayment(before)),
      surplus: before.surplus || becameSurplus || others.some(({ state }) => state === 'paid'),
      refusal: to === 'failed' ? (facts.refusal ?? before.refusal) : before.refusal,
      unknown: unknownAfter(before, to, event, asked, nowMs),
    };
    const due = isNews ? dueBack(after, order) : null;
    after.refundDue = due?.by ?? before.refundDue;
    const next = stepAfter(after, event, asked);
    if (!store.trades.update(before, after)) return { trade: after, changed: [], next };
    if (after.state === before.state && !becameSurplus) return { trade: after, changed: [after], next };
    store.events.append({
      atMs: nowMs,
      type: 'trade.changed',
      orderNo: after.orderNo,
      tradeNo: after.tradeNo,
      fromState: before.state,
      toState: after.state,
      what: event,
      ...(isNews ? { data: paidFacts(after) } : {}),
    });
    const stopped = becamePaid ? collected(after, order, others, nowMs) : [];
    if (due) book.giveBack(after, due, nowMs);
    if (!isPending(after)) endChargeIfOver(store, after, nowMs);
    return { trade: after, changed: [after, ...stopped], next };
  }

  /** Whether a payment that nobody asked for goes back, and by whom. */
  function dueBack(paid: Trade, order: Order | undefined): RefundDue | null {
    const orderCancelled = order?.state === 'cancelled';
    const due = refundDue({ ...paid, orderCancelled }, policy);
    // After a restore its refund may be known while its payment was not.
    return due !== null && book.leftFen(paid) > 0 ? due : null;
  }

  function othersOfOrder({ orderNo, tradeNo }: Trade): Trade[] {
    return store.trades.ofOrder(orderNo).filter((other) => other.tradeNo !== tradeNo);
  }

  /**
   * The order is paid: said once, and every other code of it is closed. Its own charge may have been given up, and
   * another be under way by now.
   */
  function collected(
    paid: Trade,
    order: Order | undefined,
    others: readonly Trade[],
    nowMs: number,
  ): Trade[] {
    if (order?.state !== 'paid') {
      store.orders.markPaid(paid.orderNo, paid.paidAtMs ?? nowMs);
      store.events.append(happened('order.paid', paid.orderNo, nowMs, paid.tradeNo));
    }
    return others.flatMap((other) => decideHere(other, 'other_trade_paid', nowMs).changed);
  }

  function recordIncident(before: Trade, incident: Incident, nowMs: number): Applied {
    const next = stepAfter(before, 'no_answer', 'query');
    if (before.incident === incident) return { trade: before, changed: [], next };
    const after = { ...before, incident };
    store.trades.update(before, after);
    store.events.append({
      atMs: nowMs,
      type: 'trade.incident',
      orderNo: after.orderNo,
      tradeNo: after.tradeNo,
      fromState: after.state,
      toState: after.state,
      what: incident,
    });
    return { trade: after, changed: [after], next };
  }

  /** The wallet took the question: what came of it is asked next. */
  function note(before: Trade, change: Partial<Pick<Trade, 'unknown' | 'payableUntilMs'>>): Applied {
    if (stepAfter(before, 'no_answer', 'query') === null) return { trade: before, changed: [], next: null };
    const after: Trade = { ...before, ...change };
    return { trade: after, changed: store.trades.update(before, after) ? [after] : [], next: 'query' };
  }

  return { outcome, notified, decide, passDeadlines, paidElsewhere, hasKeptPayment };
}

/** A genuine answer about another amount, merchant, app or number. */
function contradicts(before: Trade, outcome: Outcome): boolean {
  if (outcome.kind === 'mismatch') return true;
  return outcome.kind === 'evidence' && typeof readEvidence(before, outcome.evidence) !== 'string';
}

/** An outcome in one word, with the wallet's status or the cause of silence. */
export function outcomeWord(outcome: Outcome | RefundOutcome | RefundQueryOutcome): string {
  switch (outcome.kind) {
    case 'evidence':
      return `evidence:${outcome.evidence.providerStatus}`;
    case 'unknown':
      return `unknown:${outcome.cause}`;
    case 'mismatch':
      return `mismatch:${outcome.field}`;
    default:
      return outcome.kind;
  }
}

/** What the ledger keeps of a payment: enough to hold the trade's row against it. */
function paidFacts({ providerTradeNo, paidAtMs, late, surplus }: Trade) {
  return { providerTradeNo, paidAtMs, late, surplus };
}

function mustRead(store: Store, tradeNo: string): Trade {
  const trade = store.trades.byNo(tradeNo);
  if (!trade) throw new Error(`Trade ${tradeNo} does not exist.`);
  return trade;
}

/** An unanswered question is remembered from its first silence until the wallet's next word. */
function unknownAfter(
  before: Trade,
  to: Trade['state'],
  event: TradeEvent,
  asked: Step | null,
  nowMs: number,
): Trade['unknown'] {
  if (to === 'paid' || to === 'closed' || to === 'failed') return null;
  if (event !== 'no_answer') {
    // A decision of ours answers nothing; in `created` a query alone brings no code either.
    const undecided = asked === null || (to === 'created' && before.unknown?.asking === 'create');
    return undecided ? before.unknown : null;
  }
  if (before.unknown) return before.unknown;
  const asking = asked === 'open' ? 'create' : asked === 'query' ? 'query' : 'close';
  return { asking, sinceMs: nowMs };
}
