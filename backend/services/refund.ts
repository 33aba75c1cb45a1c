import type { Clock } from '../../ports/clock.ts';
import { fen } from '../domain/money.ts';
import { isEnded, mayWithdraw, REFUND_TRANSITIONS, type Refund } from '../domain/refund.ts';
import { REFUND_REASONS } from '../domain/refund-policy.ts';
import type { Trade } from '../domain/trade.ts';
import type { Store, Writer } from '../store/store.ts';
import type { Drain } from './drain.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import { type RefundBook, whyOf } from './refund-book.ts';

/**
 * Giving money back: what a person or the shop's system wants is written with its number and its intent before
 * the wallet hears of it; the drain does the rest. Run under the order's lock.
 */
export type RefundService = ReturnType<typeof createRefunds>;

export function createRefunds(deps: {
  store: Store;
  clock: Clock;
  hub: Hub;
  book: RefundBook;
  drain: Pick<Drain, 'hurry'>;
  /** Throws while nothing may be given back: the database is damaged, or a backup is being completed. */
  mayRefund(): void;
}) {
  const { store, clock, hub, book, drain } = deps;

  function committed<T>(work: () => T, as: Writer | undefined): T {
    const result = store.transact(work, as);
    hub.tell({ kind: 'committed' });
    hub.tell({ kind: 'status' });
    return result;
  }

  function paidTrade(tradeNo: string): Trade {
    const trade = store.trades.byNo(tradeNo);
    if (!trade) throw new ServiceError('trade_not_found');
    if (trade.state !== 'paid') throw new ServiceError('trade_not_paid', { orderNo: trade.orderNo });
    return trade;
  }

  function mustRead(refundNo: string): Refund {
    const refund = store.refunds.byNo(refundNo);
    if (!refund) throw new ServiceError('refund_not_found');
    return refund;
  }

  /**
   * Wants `amountFen` of a trade given back. The same number again is the same refund. Throws `trade_not_paid`,
   * `refund_too_large` with what is left, `refund_differs` for a number that is taken by other content.
   */
  function create(
    wish: { tradeNo: string; refundNo?: string | undefined; amountFen: number; reason: string },
    as?: Writer,
  ): Refund {
    return committed(
      () => {
        const { tradeNo, refundNo, reason } = wish;
        const known = refundNo === undefined ? undefined : store.refunds.byNo(refundNo);
        if (known) {
          // Of one that was found at the wallet nobody knows the reason.
          const isSameReason = known.origin !== 'here' || known.reason === reason;
          const isSame = known.tradeNo === tradeNo && known.amountFen === wish.amountFen && isSameReason;
          if (!isSame) throw new ServiceError('refund_differs', { orderNo: known.orderNo });
          return known;
        }
        deps.mayRefund();
        const trade = paidTrade(tradeNo);
        const leftFen = book.leftFen(trade);
        if (wish.amountFen > leftFen)
          throw new ServiceError('refund_too_large', { orderNo: trade.orderNo, leftFen });
        const nowMs = clock.nowMs();
        const refund = book.add(
          trade,
          { refundNo, amountFen: fen(wish.amountFen), reason, why: 'asked', priority: 0 },
          nowMs,
        );
        book.reconsider(tradeNo, nowMs);
        return refund;
      },
      withReason(as, wish.reason),
    );
  }

  /** Takes a refund back that was never sent. Safe to repeat. Throws `refund_sent` once it may have been. */
  function withdraw(refundNo: string, as?: Writer): Refund {
    return committed(() => {
      const before = mustRead(refundNo);
      if (before.state === 'withdrawn') return before;
      if (!mayWithdraw(before)) throw new ServiceError('refund_sent', { orderNo: before.orderNo });
      const nowMs = clock.nowMs();
      const { to } = REFUND_TRANSITIONS[before.state].withdraw_requested;
      const after: Refund = { ...before, state: to, endedAtMs: nowMs };
      store.refunds.free(after);
      store.outbox.finishRefund(refundNo);
      book.note(after, before.state, 'withdraw_requested', nowMs);
      book.reconsider(after.tradeNo, nowMs);
      return after;
    }, as);
  }

  /** Asks the wallet about a refund now instead of when it is due, also about one that waits for a person. */
  function check(refundNo: string): Refund {
    return committed(() => {
      const refund = mustRead(refundNo);
      if (!isEnded(refund.state)) store.outbox.hurryRefund(refundNo, clock.nowMs());
      drain.hurry([refund.channel]);
      return refund;
    }, undefined);
  }

  /** A person decides that a late or surplus payment goes back: all that is left of it. */
  function giveBack(tradeNo: string, as?: Writer): Refund {
    return committed(() => {
      deps.mayRefund();
      const trade = paidTrade(tradeNo);
      const amountFen = book.leftFen(trade);
      if (!store.outbox.decisionAbout(tradeNo) || amountFen === 0)
        throw new ServiceError('refund_not_due', { orderNo: trade.orderNo });
      const nowMs = clock.nowMs();
      const why = whyOf(trade);
      const refund = book.add(
        trade,
        { amountFen, reason: REFUND_REASONS[`refund_${why}`], why, priority: 1 },
        nowMs,
      );
      book.reconsider(tradeNo, nowMs);
      return refund;
    }, as);
  }

  /** A person decides that a late or surplus payment is kept, and says why. */
  function keep(tradeNo: string, reason: string, as?: Writer): Trade {
    return committed(
      () => {
        const trade = paidTrade(tradeNo);
        const decision = store.outbox.decisionAbout(tradeNo);
        if (!decision) throw new ServiceError('refund_not_due', { orderNo: trade.orderNo });
        return kept(store, trade, decision.entryId, reason, clock.nowMs());
      },
      withReason(as, reason),
    );
  }

  return { create, withdraw, check, giveBack, keep };
}

/** In the name of whoever decides, with their words. */
function withReason(as: Writer | undefined, reason: string): Writer | undefined {
  return as && { ...as, by: as.by && { ...as.by, reason } };
}

/** Writes that a payment is kept; its open question stays on record. Call inside a transaction. */
export function kept(store: Store, trade: Trade, entryId: number, reason: string, nowMs: number): Trade {
  store.outbox.setAside(entryId, nowMs, reason);
  const after: Trade = { ...trade, refundDue: null };
  store.trades.update(trade, after);
  store.events.append({
    atMs: nowMs,
    type: 'trade.kept',
    orderNo: trade.orderNo,
    tradeNo: trade.tradeNo,
    fromState: trade.state,
    toState: trade.state,
    what: reason,
  });
  return after;
}
