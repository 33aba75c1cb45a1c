import { type Fen, fen } from '../domain/money.ts';
import type { Refund } from '../domain/refund.ts';
import { REFUND_REASONS, type RefundDue } from '../domain/refund-policy.ts';
import type { Channel, Trade } from '../domain/trade.ts';
import type { Store } from '../store/store.ts';
import type { Numbers } from './numbers.ts';

/** What somebody wants to give back of a paid trade. */
export interface RefundWish {
  /** Absent: the till makes one. */
  refundNo?: string | undefined;
  amountFen: Fen;
  reason: string;
  why: Refund['why'];
  /** 0: a customer waits for it. */
  priority: 0 | 1;
}

/**
 * Writes refunds and what is still to be decided about them, each with its intent. Call inside a transaction; the
 * trade must be written as paid before.
 */
export type RefundBook = ReturnType<typeof createRefundBook>;

export function createRefundBook(deps: {
  store: Store;
  numbers: Numbers;
  /** Where the channel's wallet is told to post what happens; null where nobody would hear it. */
  notifyUrl(channel: Channel): string | null;
}) {
  const { store, numbers } = deps;

  /** What can still be given back: paid, and neither given back nor on its way. */
  function leftFen(trade: Trade): Fen {
    if (trade.state !== 'paid') return fen(0);
    const { succeededFen, heldFen } = store.refunds.sums(trade.tradeNo);
    return fen(Math.max(0, trade.amountFen - succeededFen - heldFen));
  }

  /** The refund with its number, on disk before the wallet hears of it. */
  function add(trade: Trade, wish: RefundWish, nowMs: number): Refund {
    const { amountFen, reason, why, priority } = wish;
    const { tradeNo, orderNo, channel } = trade;
    const refund: Refund = {
      refundNo: wish.refundNo ?? numbers.take(1)[0] ?? '',
      tradeNo,
      orderNo,
      channel,
      amountFen,
      reason,
      why,
      origin: 'here',
      state: 'queued',
      providerRefundNo: null,
      requestedAtMs: nowMs,
      sends: 0,
      lastSentAtMs: null,
      succeededAtMs: null,
      endedAtMs: null,
      unknownSinceMs: null,
      held: null,
      refusal: null,
      incident: null,
      setAside: null,
    };
    store.refunds.insert(refund);
    store.outbox.add(
      {
        kind: 'refund',
        queue: channel,
        lane: `refund:${refund.refundNo}`,
        orderNo,
        tradeNo,
        refundNo: refund.refundNo,
        payload: deps.notifyUrl(channel),
        why: null,
        priority,
      },
      nowMs,
    );
    note(refund, null, 'requested', nowMs);
    return refund;
  }

  /** Says what happened to a refund. */
  function note(refund: Refund, fromState: Refund['state'] | null, what: string, nowMs: number): void {
    const { refundNo, tradeNo, orderNo, state } = refund;
    const data = factsOf(refund, fromState);
    store.events.append({
      atMs: nowMs,
      type: 'refund.changed',
      orderNo,
      tradeNo,
      refundNo,
      fromState,
      toState: state,
      what,
      ...(data ? { data } : {}),
    });
  }

  /** What is left of a payment that nobody asked for goes back: by rule, or as a person decides. */
  function giveBack(trade: Trade, due: RefundDue, nowMs: number): void {
    const amountFen = leftFen(trade);
    if (amountFen === 0) return;
    if (due.by === 'manager') askPerson(trade, nowMs);
    else add(trade, { amountFen, reason: REFUND_REASONS[due.why], why: whyOf(trade), priority: 1 }, nowMs);
  }

  function askPerson({ tradeNo, orderNo, channel, surplus }: Trade, nowMs: number): void {
    store.outbox.add(
      {
        kind: 'give_back',
        queue: channel,
        lane: `give_back:${tradeNo}`,
        orderNo,
        tradeNo,
        payload: null,
        why: surplus ? 'refund_surplus' : 'refund_late',
        priority: 1,
      },
      nowMs,
    );
  }

  /** After a refund of the trade has changed: whether the trade is still owed, and whose it is to decide. */
  function reconsider(tradeNo: string, nowMs: number): Trade | null {
    const trade = store.trades.byNo(tradeNo);
    if (!trade || trade.refundDue === null) return null;
    const { succeededFen, heldFen, setAsideFen } = store.refunds.sums(tradeNo);
    // Whoever ended the asking about a part knows what became of it.
    const isSettled = succeededFen + setAsideFen >= trade.amountFen;
    const refundDue = isSettled ? null : succeededFen + heldFen >= trade.amountFen ? 'automatic' : 'manager';
    if (refundDue === trade.refundDue) return null;
    if (refundDue === 'manager') askPerson(trade, nowMs);
    else store.outbox.finishDecision(tradeNo);
    const after = { ...trade, refundDue } as const;
    store.trades.update(trade, after);
    return after;
  }

  return { leftFen, add, note, giveBack, reconsider };
}

/** What the ledger keeps of a refund when it begins, and when the money is back. */
function factsOf(
  { amountFen, channel, reason, why, origin, state, providerRefundNo, succeededAtMs }: Refund,
  fromState: Refund['state'] | null,
): Record<string, unknown> | null {
  const ended = state === 'succeeded' ? { amountFen, providerRefundNo, succeededAtMs } : null;
  if (fromState !== null) return ended;
  return origin === 'here' ? { amountFen, channel, reason, why } : { amountFen, channel, origin, ...ended };
}

/** Why a payment that nobody asked for goes back. */
export function whyOf(trade: Pick<Trade, 'surplus'>): 'late' | 'surplus' {
  return trade.surplus ? 'surplus' : 'late';
}
