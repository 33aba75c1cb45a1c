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

type Unmet = readonly { cells: readonly string[]; why: string }[];

/** Why a cell cannot be met here, however many seeds are lived through. */
const UNMET_TRADES: Unmet = [
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

const ENDED: readonly RefundState[] = ['succeeded', 'closed', 'refused', 'withdrawn'];
const UNMET_REFUNDS: Unmet = [
  {
    cells: of(['asked', 'processing', 'abnormal', ...ENDED], ['withdraw_requested']),
    why: 'what may have been sent is refused before the table is looked at',
  },
  {
    cells: of(['asked', 'processing', 'abnormal', ...ENDED], ['unsent']),
    why: 'only of a first request is it known that it never left',
  },
  { cells: of(['queued'], ['unseen']), why: 'what was never sent is not looked up' },
  {
    cells: of(['processing', 'abnormal'], ['accepted', 'held', 'unseen', 'refused']),
    why: 'what the wallet has taken is only asked about, and it does not forget it here',
  },
  { cells: of(['abnormal'], ['processing_seen']), why: 'what is stuck a person settles, for good' },
  {
    cells: of(ENDED, ['no_answer', 'accepted', 'held', 'unseen', 'refused']),
    why: 'what has ended is not asked about; only a notification can tell of it',
  },
  {
    cells: of(['closed', 'refused', 'withdrawn'], ['processing_seen', 'abnormal_seen', 'succeeded_seen']),
    why: 'what a wallet says of a fate is true here: what ended gives nothing back',
  },
  {
    cells: of(['succeeded', 'refused', 'withdrawn'], ['closed_seen']),
    why: 'what a wallet says of a fate is true here, and of what it never took it tells nothing',
  },
];

function of(states: readonly string[], events: readonly string[]): string[] {
  return states.flatMap((state) => events.map((event) => `${state} × ${event}`));
}

/** Why it is no wonder that a cell of a group was never met; undefined where more seeds may meet it. */
export function whyUnmet(group: string, cell: string): string | undefined {
  const table = group === 'transition' ? UNMET_TRADES : group === 'refund transition' ? UNMET_REFUNDS : [];
  return table.find(({ cells }) => cells.includes(cell))?.why;
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
