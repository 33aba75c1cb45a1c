import type { IncidentFile } from '../../contract/incident-file.ts';
import type { Clock } from '../../ports/clock.ts';
import type { By } from '../domain/actor.ts';
import { maskedAll } from '../domain/mask.ts';
import type { Refund } from '../domain/refund.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { Trade } from '../domain/trade.ts';
import type { StoredEvent } from '../store/events.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import { incidentHtml } from './incident-html.ts';
import type { Till } from './till.ts';

type Entry = IncidentFile['entries'][number];
/** The name of one of the shop's people; null of whom nobody knows. */
type NameOf = (personId: string) => string | null;
type Timed = { atMs: number; entry: Entry };

/**
 * Everything that is known of one order as a file to hand on: what happened and by whom, what was asked and
 * answered, and how it was signed. Masked. Throws `order_not_found`.
 */
export function createIncidentFile(deps: { store: Store; clock: Clock; till: Till }) {
  const { store, clock, till } = deps;

  const nameOf: NameOf = (personId) => store.people.byId(personId)?.name ?? null;

  function collect(orderNo: string): IncidentFile {
    const order = store.orders.byNo(orderNo);
    if (!order) throw new ServiceError('order_not_found', { orderNo });
    const trades = store.trades.ofOrder(orderNo);
    const head = store.events.head();
    const events = store.events.ofOrder(orderNo);
    const timed = [
      ...trades.flatMap(({ tradeNo }) => store.exchanges.ofTrade(tradeNo).map(exchanged)),
      ...events.map((event) => happened(event, nameOf)),
    ].sort((a, b) => a.atMs - b.atMs || rank(a.entry) - rank(b.entry));
    const { tillId, shopName, version, mode } = till;
    return maskedAll<IncidentFile>({
      madeAt: storeInstant(clock.nowMs()),
      till: { tillId, shopName, version, mode },
      order: {
        orderNo,
        amountFen: order.amountFen,
        subject: order.subject,
        state: order.state,
        source: order.source,
        createdAt: storeInstant(order.createdAtMs),
        paidAt: optionalInstant(order.paidAtMs),
      },
      trades: trades.map(tradeView),
      refunds: trades
        .flatMap(({ tradeNo }) => store.refunds.ofTrade(tradeNo))
        .sort((a, b) => a.requestedAtMs - b.requestedAtMs)
        .map((refund) => refundView(refund, begunBy(events, refund.refundNo), nameOf)),
      entries: timed.map(({ entry }) => entry),
      ledgerHead: `${head.hash}@${head.seq}`,
    });
  }

  return (input: { orderNo: string; format: 'html' | 'json'; lang: 'zh' | 'en' }): File => {
    const file = collect(input.orderNo);
    const name = `incident-${input.orderNo}`;
    if (input.format === 'json')
      return new File([`${JSON.stringify(file, null, 2)}\n`], `${name}.json`, { type: 'application/json' });
    return new File([incidentHtml(file, input.lang)], `${name}.html`, { type: 'text/html;charset=utf-8' });
  };
}

/** Of the same millisecond: what asks for an exchange, the exchange, what follows from it. */
function rank({ kind, type, fromState }: Entry): number {
  if (kind === 'exchange') return 1;
  const begins =
    type === 'order.created' ||
    type === 'charge.started' ||
    (type === 'refund.changed' && fromState === null);
  return begins ? 0 : 2;
}

function tradeView(trade: Trade): IncidentFile['trades'][number] {
  const { tradeNo, channel, state, amountFen, providerTradeNo, payer, late, surplus, incident } = trade;
  return {
    tradeNo,
    channel,
    state,
    amountFen,
    providerTradeNo,
    payer,
    createdAt: storeInstant(trade.createdAtMs),
    paidAt: optionalInstant(trade.paidAtMs),
    closedAt: optionalInstant(trade.closedAtMs),
    late,
    surplus,
    incident,
  };
}

/** By whom the refund was asked for; null where that was not yet recorded. */
function begunBy(events: readonly StoredEvent[], refundNo: string): By | null {
  return events.find((event) => 'refundNo' in event && event.refundNo === refundNo)?.by ?? null;
}

function refundView(refund: Refund, by: By | null, nameOf: NameOf): IncidentFile['refunds'][number] {
  const { refundNo, tradeNo, channel, state, amountFen, reason, why, origin, providerRefundNo, incident } =
    refund;
  return {
    refundNo,
    tradeNo,
    channel,
    state,
    amountFen,
    reason,
    why,
    origin,
    providerRefundNo,
    by: by && byView(by, nameOf),
    requestedAt: storeInstant(refund.requestedAtMs),
    succeededAt: optionalInstant(refund.succeededAtMs),
    incident,
  };
}

function happened(event: StoredEvent, nameOf: NameOf): Timed {
  const { type, tradeNo, fromState, toState, what, data, seq, hash } = event;
  return {
    atMs: event.atMs,
    entry: {
      at: storeInstant(event.atMs),
      kind: 'event',
      type,
      tradeNo,
      refundNo: 'refundNo' in event ? event.refundNo : null,
      fromState,
      toState,
      what,
      by: event.by && byView(event.by, nameOf),
      data: data && { ...data },
      seq,
      hash,
      exchange: null,
    },
  };
}

function exchanged(exchange: Exchange): Timed {
  const { tradeNo, refundNo, step, durationMs, outcome, httpStatus, providerCode, requestId, answer } =
    exchange;
  const atMs = exchange.askedAtMs + durationMs;
  return {
    atMs,
    entry: {
      at: storeInstant(atMs),
      kind: 'exchange',
      type: step === 'notification' ? 'notified' : 'asked',
      tradeNo,
      refundNo,
      fromState: null,
      toState: null,
      what: step,
      by: null,
      data: null,
      seq: null,
      hash: null,
      exchange: {
        step,
        request: exchange.said ? JSON.parse(exchange.said) : null,
        outcome,
        durationMs,
        httpStatus,
        providerCode,
        requestId,
        answer,
        seal: exchange.seal ? JSON.parse(exchange.seal) : null,
      },
    },
  };
}

function byView({ actor, via, reason, approvedBy }: By, nameOf: NameOf): NonNullable<Entry['by']> {
  const id = actor.kind === 'person' ? actor.personId : actor.kind === 'integrator' ? actor.name : null;
  return {
    actor: actor.kind,
    id,
    name: actor.kind === 'person' ? nameOf(actor.personId) : null,
    via,
    reason,
    approvedBy: approvedBy && (nameOf(approvedBy) ?? approvedBy),
  };
}

function optionalInstant(ms: number | null): string | null {
  return ms === null ? null : storeInstant(ms);
}
