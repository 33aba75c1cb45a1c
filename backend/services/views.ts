import type { Charge as ChargeView, Order as OrderView } from '../../contract/order.ts';
import type { OutboxEntry as OutboxEntryView } from '../../contract/outbox.ts';
import type { Refund as RefundView } from '../../contract/refund.ts';
import type { TimelineEntry, Trade as TradeView } from '../../contract/trade.ts';
import { chargeState } from '../domain/charge.ts';
import type { Charge, Order } from '../domain/order.ts';
import { mayWithdraw, type Refund, type RefundState } from '../domain/refund.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Trade } from '../domain/trade.ts';
import type { StoredEvent } from '../store/events.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import type { Drain } from './drain.ts';
import { ServiceError } from './errors.ts';

/** What is kept, as the contract shows it. Reads only. */
export type Views = ReturnType<typeof createViews>;

export function createViews(deps: { store: Store; drain: Pick<Drain, 'heldUntilMs'> }) {
  const { store, drain } = deps;

  function trade(row: Trade): TradeView {
    const dialogue = store.outbox.ofTrade(row.tradeNo);
    const nextAskAt = dialogue?.state === 'due' ? storeInstant(dueAtMs(dialogue)) : null;
    const canBeScanned =
      (row.state === 'awaiting_payment' || row.state === 'paying') && row.setAside === null;
    return {
      tradeNo: row.tradeNo,
      orderNo: row.orderNo,
      chargeId: row.chargeId,
      channel: row.channel,
      state: row.state,
      amountFen: row.amountFen,
      codeUrl: canBeScanned ? row.codeUrl : null,
      providerTradeNo: row.providerTradeNo,
      payer: row.payer,
      createdAt: storeInstant(row.createdAtMs),
      expiresAt: storeInstant(row.expiresAtMs),
      paidAt: optionalInstant(row.paidAtMs),
      closedAt: optionalInstant(row.closedAtMs),
      payableUntil: optionalInstant(row.payableUntilMs),
      lastCheckedAt: optionalInstant(dialogue?.lastAnswerAtMs ?? null),
      nextCheckAt: nextAskAt,
      unknown: row.unknown && {
        asking: row.unknown.asking,
        since: storeInstant(row.unknown.sinceMs),
        attempts: dialogue?.attempts ?? 0,
        nextAskAt,
      },
      refusal: row.refusal && {
        reason: row.refusal.reason as NonNullable<TradeView['refusal']>['reason'],
        providerCode: row.refusal.code,
        providerMessage: row.refusal.message,
      },
      late: row.late,
      surplus: row.surplus,
      incident: row.incident,
      refundDue: row.refundDue,
      ...sums(row),
      setAside: setAsideView(row.setAside),
    };
  }

  function sums(row: Trade): Pick<TradeView, 'refundedFen' | 'refundingFen' | 'refundableFen'> {
    if (row.state !== 'paid') return { refundedFen: 0, refundingFen: 0, refundableFen: 0 };
    const { succeededFen, heldFen } = store.refunds.sums(row.tradeNo);
    return {
      refundedFen: succeededFen,
      refundingFen: heldFen,
      refundableFen: Math.max(0, row.amountFen - succeededFen - heldFen),
    };
  }

  function refund(row: Refund): RefundView {
    const dialogue = store.outbox.ofRefund(row.refundNo);
    return {
      refundNo: row.refundNo,
      tradeNo: row.tradeNo,
      orderNo: row.orderNo,
      channel: row.channel,
      amountFen: row.amountFen,
      reason: row.reason,
      why: row.why,
      origin: row.origin,
      // On its way just now, with no answer yet.
      state: row.state === 'queued' && row.sends > 0 ? 'asked' : row.state,
      providerRefundNo: row.providerRefundNo,
      requestedAt: storeInstant(row.requestedAtMs),
      sentAt: optionalInstant(row.lastSentAtMs),
      succeededAt: optionalInstant(row.succeededAtMs),
      endedAt: optionalInstant(row.endedAtMs),
      canWithdraw: mayWithdraw(row),
      unknownSince: optionalInstant(row.unknownSinceMs),
      nextAskAt: dialogue?.state === 'due' ? storeInstant(dueAtMs(dialogue)) : null,
      attempts: dialogue?.attempts ?? 0,
      held: row.held,
      refusal: row.refusal && {
        reason: row.refusal.reason as NonNullable<RefundView['refusal']>['reason'],
        providerCode: row.refusal.code,
        providerMessage: row.refusal.message,
      },
      incident: row.incident,
      setAside: setAsideView(row.setAside),
    };
  }

  /** When an entry is tried next: not before its receiver is spoken to again. */
  function dueAtMs(entry: OutboxEntry): number {
    return Math.max(entry.dueAtMs, drain.heldUntilMs(entry.queue) ?? 0);
  }

  function outboxEntry(row: OutboxEntry): OutboxEntryView {
    const about = row.tradeNo === null ? undefined : store.trades.byNo(row.tradeNo);
    const order = mustHave(store.orders.byNo(row.orderNo));
    return {
      entryId: row.entryId,
      kind: row.kind,
      state: row.state,
      why: row.why,
      canRetry: row.state === 'parked' && row.kind !== 'give_back',
      orderNo: row.orderNo,
      tradeNo: row.tradeNo,
      refundNo: row.refundNo ?? soughtNo(row),
      channel: about?.channel ?? null,
      amountFen: amountOf(row) ?? about?.amountFen ?? order.amountFen,
      subject: order.subject,
      createdAt: storeInstant(row.createdAtMs),
      dueAt: row.state === 'due' ? storeInstant(dueAtMs(row)) : null,
      attempts: row.attempts,
      lastOutcome: row.lastOutcome,
      lastAttemptAt: optionalInstant(row.lastAttemptAtMs),
      setAside: setAsideView(row.setAside),
    };
  }

  function amountOf({ refundNo }: OutboxEntry): number | undefined {
    return refundNo === null ? undefined : store.refunds.byNo(refundNo)?.amountFen;
  }

  function charge(row: Charge): ChargeView {
    return chargeOf(mustHave(store.orders.byNo(row.orderNo)), row);
  }

  function chargeOf(order: Order, row: Charge): ChargeView {
    const trades = store.trades.ofCharge(row.chargeId);
    return {
      chargeId: row.chargeId,
      orderNo: row.orderNo,
      state: chargeState(trades),
      amountFen: order.amountFen,
      subject: order.subject,
      createdAt: storeInstant(row.createdAtMs),
      expiresAt: storeInstant(row.expiresAtMs),
      trades: trades.map(trade),
    };
  }

  function order(row: Order): OrderView {
    const last = store.charges.lastOfOrder(row.orderNo);
    return {
      orderNo: row.orderNo,
      amountFen: row.amountFen,
      subject: row.subject,
      note: row.note,
      state: row.state,
      source: row.source,
      createdAt: storeInstant(row.createdAtMs),
      paidAt: optionalInstant(row.paidAtMs),
      charge: last ? chargeOf(row, last) : null,
    };
  }

  function ofRefund(refundNo: string | null): TimelineEntry['refund'] {
    const row = refundNo === null ? undefined : store.refunds.byNo(refundNo);
    return row ? { refundNo: row.refundNo, amountFen: row.amountFen, fromState: null, toState: null } : null;
  }

  function nameOf(personId: string): string {
    return store.people.byId(personId)?.name ?? personId;
  }

  /** Whose doing it was: what the till does by itself, and a window without people, has no name. */
  function doer({ by }: StoredEvent): TimelineEntry['by'] {
    if (by === null || (by.actor.kind !== 'person' && by.actor.kind !== 'integrator')) return null;
    const name = by.actor.kind === 'person' ? nameOf(by.actor.personId) : by.actor.name;
    return { name, approvedBy: by.approvedBy && nameOf(by.approvedBy) };
  }

  function happening(event: StoredEvent): TimelineEntry {
    const { type, atMs, fromState, toState, what } = event;
    switch (type) {
      case 'refund.changed':
      case 'refund.incident':
      case 'refund.set_aside': {
        const about = ofRefund(event.refundNo);
        const refund = about && {
          ...about,
          fromState: fromState as RefundState | null,
          toState: toState as RefundState | null,
        };
        const entry = { ...stateEntry(atMs, null, null, what ?? ''), refund };
        if (type === 'refund.incident') return { ...entry, kind: 'incident' };
        return type === 'refund.changed'
          ? { ...entry, kind: 'refund' }
          : { ...entry, kind: 'decision', what: 'set_aside', reason: what };
      }
      case 'trade.set_aside':
      case 'trade.kept': {
        const entry = tradeEntry(event);
        return {
          ...entry,
          kind: 'decision',
          what: type === 'trade.kept' ? 'kept' : 'set_aside',
          reason: what,
        };
      }
      case 'trade.incident':
        return { ...tradeEntry(event), kind: 'incident' };
      default:
        return tradeEntry(event);
    }
  }

  /** State changes and exchanges of a trade, oldest first; of two in the same millisecond the exchange first. */
  function timeline(row: Trade): TimelineEntry[] {
    const states = store.events.ofTrade(row.tradeNo).filter((event) => event.toState !== null);
    const entries: { atMs: number; entry: TimelineEntry }[] = [
      { atMs: row.createdAtMs, entry: stateEntry(row.createdAtMs, null, 'created', 'created') },
      ...store.exchanges.ofTrade(row.tradeNo).map((exchange) => ({
        atMs: exchange.askedAtMs + exchange.durationMs,
        entry: {
          at: storeInstant(exchange.askedAtMs + exchange.durationMs),
          kind: 'exchange' as const,
          fromState: null,
          toState: null,
          what: exchange.step,
          refund: ofRefund(exchange.refundNo),
          reason: null,
          by: null,
          exchange: {
            outcome: exchange.outcome,
            durationMs: exchange.durationMs,
            httpStatus: exchange.httpStatus,
            providerCode: exchange.providerCode,
            requestId: exchange.requestId,
            answer: exchange.answer,
          },
        },
      })),
      ...states.map((event) => ({
        atMs: event.atMs,
        entry: { ...happening(event), by: doer(event) },
      })),
    ];
    return entries.sort((a, b) => a.atMs - b.atMs).map(({ entry }) => entry);
  }

  return {
    trade,
    charge,
    order,
    outboxEntry,
    orderByNo(orderNo: string): OrderView {
      const row = store.orders.byNo(orderNo);
      if (!row) throw new ServiceError('order_not_found', { orderNo });
      return order(row);
    },
    chargeById(chargeId: string): ChargeView {
      const row = store.charges.byId(chargeId);
      if (!row) throw new ServiceError('charge_not_found');
      return charge(row);
    },
    refund,
    refundByNo(refundNo: string): RefundView {
      const row = store.refunds.byNo(refundNo);
      if (!row) throw new ServiceError('refund_not_found');
      return refund(row);
    },
    tradeByNo(tradeNo: string): {
      trade: TradeView;
      order: OrderView;
      refunds: RefundView[];
      timeline: TimelineEntry[];
    } {
      const row = store.trades.byNo(tradeNo);
      if (!row) throw new ServiceError('trade_not_found');
      return {
        trade: trade(row),
        order: order(mustHave(store.orders.byNo(row.orderNo))),
        refunds: store.refunds.ofTrade(tradeNo).map(refund),
        timeline: timeline(row),
      };
    },
  };
}

/** The wallet's number of a refund that is looked for; null where it named none. */
function soughtNo({ kind, tradeNo, payload }: OutboxEntry): string | null {
  return kind === 'refund_find' && payload !== tradeNo ? payload : null;
}

function tradeEntry({ atMs, fromState, toState, what }: StoredEvent): TimelineEntry {
  return stateEntry(atMs, fromState as Trade['state'] | null, toState as Trade['state'] | null, what ?? '');
}

function setAsideView(setAside: { atMs: number; reason: string } | null): TradeView['setAside'] {
  return setAside && { at: storeInstant(setAside.atMs), reason: setAside.reason };
}

function stateEntry(
  atMs: number,
  fromState: Trade['state'] | null,
  toState: Trade['state'] | null,
  what: string,
): TimelineEntry {
  return {
    at: storeInstant(atMs),
    kind: 'state',
    fromState,
    toState,
    what,
    refund: null,
    reason: null,
    by: null,
    exchange: null,
  };
}

function optionalInstant(ms: number | null): string | null {
  return ms === null ? null : storeInstant(ms);
}

function mustHave<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('A row that is referred to does not exist.');
  return row;
}
