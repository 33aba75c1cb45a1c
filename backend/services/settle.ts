import { isLiveCharge } from '../domain/charge.ts';
import type { Evidence } from '../domain/evidence.ts';
import { stepAfter } from '../domain/steps.ts';
import {
  type Incident,
  isLatePayment,
  readEvidence,
  type Step,
  TRADE_TRANSITIONS,
  type Trade,
  type TradeEvent,
} from '../domain/trade.ts';
import type { CloseOutcome, OpenOutcome, QueryOutcome } from '../providers/provider.ts';
import { happened } from '../store/events.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { Store } from '../store/store.ts';

/** What a step brought: one of the provider's outcomes. */
export type Outcome = OpenOutcome | QueryOutcome | CloseOutcome;

/** What changed, for those who watch trades and those who show them. */
export interface Settled {
  trade: Trade;
  /** Trades whose row changed, the settled one among them. */
  changed: Trade[];
}

/**
 * Settling: applies what the wallet said, or what we decided, to a trade. The one place that changes a
 * trade's state, always in one transaction, on the row as it is then. Safe to repeat, in any order:
 * what changes nothing writes nothing.
 */
export type Settle = ReturnType<typeof createSettle>;

export function createSettle(store: Store) {
  /**
   * Applies the outcome of `asked` to the trade, and keeps the exchange that brought it (null when it is
   * no news). Throws `StorageError`; then nothing was written.
   */
  function outcome(
    tradeNo: string,
    asked: Step,
    result: Outcome,
    nowMs: number,
    exchange: Exchange | null,
  ): Settled {
    return store.transact(() => {
      if (exchange) store.exchanges.append(exchange);
      const trade = mustRead(store, tradeNo);
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
          return apply(trade, event, asked, nowMs, { evidence: result.evidence });
        }
        case 'mismatch':
          return recordIncident(trade, 'merchant_mismatch', nowMs);
        case 'unknown':
          return apply(trade, 'no_answer', asked, nowMs, {});
        case 'accepted':
        case 'query_first':
          return note(trade, { nextStep: 'query' });
        case 'not_yet':
          return note(trade, { nextStep: 'query', payableUntilMs: result.payableUntilMs });
      }
    });
  }

  /** Applies a decision of ours (deadline, cancel) to the trade. */
  function decide(tradeNo: string, event: 'deadline_passed' | 'cancel_requested', nowMs: number): Settled {
    return store.transact(() => apply(mustRead(store, tradeNo), event, null, nowMs, {}));
  }

  interface Facts {
    codeUrl?: string;
    refusal?: NonNullable<Trade['refusal']>;
    evidence?: Evidence;
  }

  function apply(before: Trade, event: TradeEvent, asked: Step | null, nowMs: number, facts: Facts): Settled {
    const { to } = TRADE_TRANSITIONS[before.state][event];
    const becamePaid = to === 'paid' && before.state !== 'paid';
    const after: Trade = {
      ...before,
      state: to,
      // A code that came after we stopped is not kept: it must never be shown.
      codeUrl: facts.codeUrl !== undefined && to === 'awaiting_payment' ? facts.codeUrl : before.codeUrl,
      providerTradeNo: facts.evidence?.providerTradeNo ?? before.providerTradeNo,
      payer: facts.evidence?.payer ?? before.payer,
      paidAtMs: becamePaid ? (facts.evidence?.paidAtMs ?? nowMs) : before.paidAtMs,
      closedAtMs: to === 'closed' && before.state !== 'closed' ? nowMs : before.closedAtMs,
      late: before.late || (becamePaid && isLatePayment(before.state)),
      surplus:
        before.surplus || (becamePaid && store.trades.orderHasOtherPaidTrade(before.orderNo, before.tradeNo)),
      refusal: to === 'failed' ? (facts.refusal ?? before.refusal) : before.refusal,
      unknown: unknownAfter(before, to, event, asked, nowMs),
    };
    after.nextStep = stepAfter(after, event, asked);
    if (same(before, after)) return { trade: after, changed: [] };
    store.trades.update(after);
    if (after.state === before.state) return { trade: after, changed: [after] };
    store.events.append({
      atMs: nowMs,
      type: 'trade.changed',
      orderNo: after.orderNo,
      tradeNo: after.tradeNo,
      fromState: before.state,
      toState: after.state,
      what: event,
    });
    const others = becamePaid ? collected(after, nowMs) : [];
    if (!isLiveCharge(store.trades.ofCharge(after.chargeId))) store.charges.end(after.chargeId, nowMs);
    return { trade: after, changed: [after, ...others] };
  }

  /** The order is paid: said once, and the other codes of the charge are closed. */
  function collected(paid: Trade, nowMs: number): Trade[] {
    if (store.orders.byNo(paid.orderNo)?.state !== 'paid') {
      store.orders.markPaid(paid.orderNo, paid.paidAtMs ?? nowMs);
      store.events.append(happened('order.paid', paid.orderNo, nowMs, paid.tradeNo));
    }
    return store.trades
      .ofCharge(paid.chargeId)
      .filter((other) => other.tradeNo !== paid.tradeNo)
      .flatMap((other) => apply(other, 'other_trade_paid', null, nowMs, {}).changed);
  }

  function recordIncident(before: Trade, incident: Incident, nowMs: number): Settled {
    if (before.incident === incident) return { trade: before, changed: [] };
    const after = { ...before, incident };
    store.trades.update(after);
    store.events.append({
      atMs: nowMs,
      type: 'trade.incident',
      orderNo: after.orderNo,
      tradeNo: after.tradeNo,
      fromState: after.state,
      toState: after.state,
      what: incident,
    });
    return { trade: after, changed: [after] };
  }

  function note(before: Trade, change: Partial<Pick<Trade, 'nextStep' | 'payableUntilMs'>>): Settled {
    const after: Trade = { ...before, ...change, unknown: null };
    if (before.nextStep === null) return { trade: before, changed: [] };
    if (same(before, after)) return { trade: after, changed: [] };
    store.trades.update(after);
    return { trade: after, changed: [after] };
  }

  return { outcome, decide };
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

function same(a: Trade, b: Trade): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
