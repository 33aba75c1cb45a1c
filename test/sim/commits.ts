import type { RefundEvent, RefundState } from '../../backend/domain/refund.ts';
import type { TradeEvent, TradeState } from '../../backend/domain/trade.ts';
import type { Db } from '../../backend/store/database.ts';
import { refundAfter, stateAfter } from './coverage.ts';
import { count } from './tally.ts';
import type { World } from './world.ts';

interface EventRow {
  seq: number;
  type: string;
  order_no: string;
  trade_no: string | null;
  refund_no: string | null;
  from_state: TradeState | null;
  to_state: TradeState | null;
  what: string | null;
}

interface RefundRow {
  amount_fen: number;
  why: string;
  state: string;
  set_aside_at_ms: number | null;
}

interface TradeRow {
  trade_no: string;
  order_no: string;
  channel: 'alipay' | 'wechat';
  state: TradeState;
  amount_fen: number;
  provider_trade_no: string | null;
  late: number;
  surplus: number;
  refund_due: string | null;
}

/** Looks at a till's data after each of its commits: what must hold at every moment. */
export interface Commits {
  look(): void;
  lastSeq(): number;
  /** What the whole history shows to be wrong. */
  complaints(): string[];
}

export function watchCommits(world: World, till: string, db: Db): Commits {
  const { trace, sandbox } = world;
  const eventsAfter = db.prepare<[number], EventRow>('SELECT * FROM events WHERE seq > ? ORDER BY seq');
  const tradeByNo = db.prepare<[string], TradeRow>('SELECT * FROM trades WHERE trade_no = ?');
  const liveTwice = db
    .prepare<[], string>(
      `SELECT order_no FROM charges WHERE ended_at_ms IS NULL GROUP BY order_no HAVING count(*) > 1
       UNION ALL
       SELECT charge_id || ' ' || channel FROM trades
       WHERE state IN ('created', 'awaiting_payment', 'paying', 'closing') AND set_aside_at_ms IS NULL
       GROUP BY charge_id, channel HAVING count(*) > 1`,
    )
    .pluck();
  const unasked = db
    .prepare<[{ hinted: 0 | 1 }], string>(
      `SELECT trade_no FROM trades t
       WHERE (state IN ('created', 'awaiting_payment', 'paying', 'closing') AND set_aside_at_ms IS NULL) >
         EXISTS (SELECT 1 FROM outbox o WHERE o.trade_no = t.trade_no AND o.state <> 'set_aside'
           AND o.kind IN ('open', 'query', 'close', 'cancel'))
       UNION ALL
       SELECT trade_no FROM trades t
       WHERE (state IN ('paid', 'closed', 'failed') OR set_aside_at_ms IS NOT NULL) AND
         EXISTS (SELECT 1 FROM outbox o WHERE o.trade_no = t.trade_no AND o.state <> 'set_aside'
           AND o.kind IN ('open', 'query', 'close', 'cancel')
           AND NOT (:hinted AND (o.kind = 'query' OR t.set_aside_at_ms IS NOT NULL)))`,
    )
    .pluck();
  const overgiven = db
    .prepare<[], string>(
      `SELECT trade_no FROM refunds JOIN trades USING (trade_no)
       WHERE refunds.state NOT IN ('closed', 'refused', 'withdrawn')
       GROUP BY trade_no HAVING sum(refunds.amount_fen) > trades.amount_fen OR trades.state <> 'paid'`,
    )
    .pluck();
  const states = new Map<string, TradeState>();
  const refundStates = new Map<string, RefundState>();
  const deadlines = new Set<string>();
  const paidOrders = new Map<string, string[]>();
  const lateTrades = new Set<string>();
  /** Payments of orders that another till had collected. */
  const paidElsewhere = new Set<string>();
  const setAside = new Set<string>();
  const kept = new Set<string>();
  const orderStates = new Map<string, string>();
  /** Payments that must be given back. */
  const owed = new Set<string>();
  let seq = 0;

  const bad = (rule: string, text: string) => world.violation(rule, `${till}: ${text}`);

  function changed(event: EventRow): void {
    const { trade_no: tradeNo, from_state: from, to_state: to, what } = event;
    if (tradeNo === null || from === null || to === null || what === null) {
      bad('an event is whole', JSON.stringify(event));
      return;
    }
    const known = states.get(tradeNo) ?? 'created';
    if (known !== from) bad('states chain', `${tradeNo} was ${known}, its event says ${from} → ${to}`);
    if (stateAfter(from, what as TradeEvent) !== to)
      bad('the table is kept', `${tradeNo}: ${from} × ${what} gave ${to}`);
    states.set(tradeNo, to);
    if (what === 'paid_elsewhere' && from === 'paid') {
      if (paidElsewhere.has(tradeNo)) bad('every surplus is queued once', tradeNo);
      paidElsewhere.add(tradeNo);
      owed.add(tradeNo);
      return;
    }
    if (what === 'deadline_passed') {
      if (deadlines.has(tradeNo)) bad('timers fire once', tradeNo);
      deadlines.add(tradeNo);
    }
    if (to === 'paid') becamePaid(tradeNo, from, event.order_no);
    if (to === 'closed' || to === 'failed') becameDead(tradeNo, to);
  }

  function refundChanged(event: EventRow): void {
    const { refund_no: refundNo, from_state: from, to_state: to, what } = event;
    if (refundNo === null || to === null) {
      bad('an event is whole', JSON.stringify(event));
      return;
    }
    const known = refundStates.get(refundNo) ?? null;
    if (known !== from) bad('refunds chain', `${refundNo} was ${known}, its event says ${from} → ${to}`);
    if (from !== null && refundAfter(from as RefundState, what as RefundEvent) !== to)
      bad('the table of refunds is kept', `${refundNo}: ${from} × ${what} gave ${to}`);
    refundStates.set(refundNo, to as RefundState);
  }

  function becamePaid(tradeNo: string, from: TradeState, orderNo: string): void {
    const row = tradeByNo.get(tradeNo);
    const held = row && sandbox.ledger.find(row.channel, tradeNo);
    if (!row || !held || held.paidAtMs === null) {
      bad('nothing is paid without the wallet', tradeNo);
      return;
    }
    if (held.amountFen !== row.amount_fen || held.providerTradeNo !== row.provider_trade_no)
      bad('paid as the wallet says', `${tradeNo}: ${row.amount_fen} fen, ${row.provider_trade_no}`);
    const isLate = from === 'closing' || from === 'closed' || from === 'failed' || setAside.has(tradeNo);
    if (isLate) lateTrades.add(tradeNo);
    const earlier = paidOrders.get(orderNo) ?? [];
    if (earlier.length > 0 || (isLate && orderStates.get(orderNo) === 'order.cancelled')) owed.add(tradeNo);
    paidOrders.set(orderNo, [...earlier, tradeNo]);
  }

  /** Whoever has seen a code of it must not be able to pay it any more. */
  function becameDead(tradeNo: string, to: 'closed' | 'failed'): void {
    if (to === 'failed' && !world.refused.has(tradeNo)) bad('failed only when the wallet refused', tradeNo);
    const channel = tradeByNo.get(tradeNo)?.channel;
    const held = channel && sandbox.ledger.find(channel, tradeNo);
    for (const code of held?.codes ?? []) {
      if (held && world.shown.has(code.code) && sandbox.ledger.refusalOf({ trade: held, code }) === null)
        bad('closed means unpayable', `${tradeNo} is ${to}, and its code can be paid`);
    }
  }

  const refundsOf = db.prepare<[string], RefundRow>(
    'SELECT * FROM refunds WHERE trade_no = ? ORDER BY requested_at_ms, refund_no',
  );
  const decisionsOf = db
    .prepare<[string], number>(
      "SELECT count(*) FROM outbox WHERE kind = 'give_back' AND state <> 'set_aside' AND trade_no = ?",
    )
    .pluck();

  /** A payment that nobody asked for has gone back, was kept by a person, or waits for one. */
  function owedFaults(row: TradeRow): string[] {
    const refunds = refundsOf.all(row.trade_no);
    const ruled = refunds.filter(({ why }) => why !== 'asked');
    const isOwed = owed.has(row.trade_no);
    const isAutomatic = row.amount_fen <= world.scenario.refundAutomaticMaxFen;
    const isOver = refunds.reduce(
      (left, { state, amount_fen, set_aside_at_ms }) =>
        state === 'succeeded' || set_aside_at_ms !== null ? left - amount_fen : left,
      row.amount_fen,
    );
    const waits = decisionsOf.get(row.trade_no) ?? 0;
    const found: string[] = [];
    const must = (holds: boolean, line: string) => {
      if (!holds) found.push(`${row.trade_no}: ${line}`);
    };
    must(isOwed || (ruled.length === 0 && waits === 0), `goes back, and nobody owes it`);
    must((row.refund_due === 'manager') === (waits === 1), `due by ${row.refund_due}, asked ${waits} times`);
    must(row.refund_due !== 'automatic', 'still goes back by rule');
    if (!isOwed) return found;
    if (isAutomatic) must(ruled[0]?.amount_fen === row.amount_fen, 'was not given back by rule at once');
    const isDecided = world.decided.has(row.trade_no);
    must(isDecided || ruled.length === (isAutomatic ? 1 : 0), `${ruled.length} refunds by nobody's decision`);
    must(
      (isOver <= 0 || kept.has(row.trade_no)) === (waits === 0),
      `is owed: ${isOver} left, waits: ${waits}`,
    );
    return found;
  }

  return {
    look() {
      let isNew = false;
      for (const event of eventsAfter.all(seq)) {
        seq = event.seq;
        trace.say(
          till,
          event.from_state === null
            ? `${event.type} ${event.order_no}`
            : `${event.trade_no} ${event.from_state} → ${event.to_state} (${event.what})`,
        );
        count(world.counts, 'event', event.type);
        if (event.type === 'trade.changed') changed(event);
        if (event.type === 'refund.changed') refundChanged(event);
        if (event.type === 'trade.set_aside' && event.trade_no !== null) setAside.add(event.trade_no);
        if (event.type === 'trade.kept' && event.trade_no !== null) kept.add(event.trade_no);
        if (event.type.startsWith('order.')) orderStates.set(event.order_no, event.type);
        if (event.type === 'charge.started') {
          world.chargeStarted(till, event.order_no);
          for (const twice of liveTwice.all()) bad('one live charge, one live trade a channel', twice);
        }
        isNew = true;
      }
      if (!isNew) return;
      for (const tradeNo of overgiven.all()) bad('never more goes back than was paid', tradeNo);
      // A notification may have hinted at one that was taken for finished.
      const hinted = world.relay === null ? 0 : 1;
      for (const tradeNo of unasked.all({ hinted }))
        bad('a live trade is being asked about, and no other', tradeNo);
    },
    lastSeq: () => seq,
    complaints() {
      const found: string[] = [];
      for (const row of db.prepare<[], TradeRow>('SELECT * FROM trades').all()) {
        const said = states.get(row.trade_no) ?? 'created';
        if (said !== row.state) found.push(`${row.trade_no} is ${row.state}, its events end at ${said}`);
        if ((row.late === 1) !== lateTrades.has(row.trade_no))
          found.push(`${row.trade_no} late: ${row.late}`);
        const place = (paidOrders.get(row.order_no) ?? []).indexOf(row.trade_no);
        if ((row.surplus === 1) !== (place > 0 || paidElsewhere.has(row.trade_no)))
          found.push(`${row.trade_no} surplus: ${row.surplus}, payment number ${place + 1} of its order`);
        found.push(...owedFaults(row));
      }
      return found;
    },
  };
}
