import {
  REFUND_EVENTS,
  REFUND_STATES,
  REFUND_TRANSITIONS,
  type RefundEvent,
  type RefundState,
} from '../../backend/domain/refund.ts';
import {
  TRADE_EVENTS,
  TRADE_STATES,
  TRADE_TRANSITIONS,
  type TradeEvent,
  type TradeState,
} from '../../backend/domain/trade.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Counts, count } from './tally.ts';

/** The tables as they are written, read without being counted. */
const TRADES = copyOf(TRADE_TRANSITIONS);
const REFUNDS = copyOf(REFUND_TRANSITIONS);

function copyOf<Table extends Record<string, object>>(table: Table): Table {
  return Object.fromEntries(Object.entries(table).map(([state, row]) => [state, { ...row }])) as Table;
}

/** Where an event leads; undefined for a word that is no event. */
export function stateAfter(from: TradeState, event: TradeEvent): TradeState | undefined {
  return TRADES[from][event]?.to;
}

export function refundAfter(from: RefundState, event: RefundEvent): RefundState | undefined {
  return REFUNDS[from][event]?.to;
}

let into: Counts = {};
let isWatched = false;

/** From here on every look at a transition table counts as one exercise of its cell. */
export function countTransitions(counts: Counts): void {
  into = counts;
  if (isWatched) return;
  isWatched = true;
  watch('transition', TRADE_TRANSITIONS);
  watch('refund transition', REFUND_TRANSITIONS);
}

function watch<Row extends object>(group: string, table: Record<string, Row>): void {
  for (const [state, row] of Object.entries(table)) {
    table[state] = new Proxy(row, {
      get(target, event) {
        count(into, group, `${state} × ${String(event)}`);
        return Reflect.get(target, event);
      },
    });
  }
}

/** Every cell of the table of trades, as it is counted. */
export function allTransitions(): string[] {
  return TRADE_STATES.flatMap((state) => TRADE_EVENTS.map((event) => `${state} × ${event}`));
}

/** Every cell of the table of refunds. */
export function allRefundTransitions(): string[] {
  return REFUND_STATES.flatMap((state) => REFUND_EVENTS.map((event) => `${state} × ${event}`));
}

/** Why a cell cannot be met here, however many seeds are lived through. */
const UNMET: readonly { cells: readonly string[]; why: string }[] = [
  {
    cells: of(['closing', 'paid', 'closed', 'failed'], ['deadline_passed']),
    why: 'only a trade that may still be shown has a deadline',
  },
  {
    cells: of(['paid', 'closed', 'failed'], ['cancel_requested']),
    why: 'nobody cancels what is over',
  },
  {
    cells: of(['awaiting_payment', 'paying', 'closed', 'failed'], ['code_obtained', 'refused']),
    why: 'one question at a time: while a code is asked for, only a decision or a notification of payment can come first',
  },
  {
    cells: of(['paid'], ['closed_seen']),
    why: 'what a wallet says of a fate is true here: what is paid was not closed',
  },
  {
    cells: of(['closed'], ['unpaid_seen', 'paying_seen', 'paid_seen']),
    why: 'what a wallet says of a fate is true here: what is closed stays so',
  },
  {
    cells: of(['failed'], ['unpaid_seen', 'paying_seen', 'paid_seen', 'closed_seen', 'no_answer']),
    why: 'what was refused is asked about only when a wallet tells of it, and it holds no such trade',
  },
];

function of(states: readonly TradeState[], events: readonly TradeEvent[]): string[] {
  return states.flatMap((state) => events.map((event) => `${state} × ${event}`));
}

/** Why it is no wonder that this was never met; undefined where more seeds may meet it. */
export function whyUnmet(cell: string): string | undefined {
  return UNMET.find(({ cells }) => cells.includes(cell))?.why;
}

/** Counts the faults that befell an exchange, by kind. */
export function countFaults(sandbox: Sandbox, counts: Counts): void {
  const { faults } = sandbox;
  const take = faults.take.bind(faults);
  faults.take = (asked) => {
    const plight = take(asked);
    count(counts, 'asked', `${asked.channel} ${asked.operation}`);
    if (plight.main) count(counts, 'fault', plight.main.kind);
    const isHeld = plight.delayBeforeMs + plight.delayAfterMs > 0;
    if (isHeld) count(counts, 'fault', asked.operation === 'notify' ? 'late' : 'delay');
    if (plight.skewMs !== 0) count(counts, 'fault', 'clock_skew');
    return plight;
  };
}
