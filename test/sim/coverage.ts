import {
  TRADE_EVENTS,
  TRADE_STATES,
  TRADE_TRANSITIONS,
  type TradeEvent,
  type TradeState,
} from '../../backend/domain/trade.ts';
import type { Sandbox } from '../../sandbox/sandbox.ts';
import { type Counts, count } from './tally.ts';

/** The table as it is written, read without being counted. */
const TABLE = Object.fromEntries(
  TRADE_STATES.map((state) => [state, { ...TRADE_TRANSITIONS[state] }]),
) as typeof TRADE_TRANSITIONS;

/** Where an event leads; undefined for a word that is no event. */
export function stateAfter(from: TradeState, event: TradeEvent): TradeState | undefined {
  return TABLE[from][event]?.to;
}

let into: Counts = {};
let isWatched = false;

/** From here on every look at the transition table counts as one exercise of its cell. */
export function countTransitions(counts: Counts): void {
  into = counts;
  if (isWatched) return;
  isWatched = true;
  for (const state of TRADE_STATES) {
    const row = TRADE_TRANSITIONS[state];
    TRADE_TRANSITIONS[state] = new Proxy(row, {
      get(target, event) {
        count(into, 'transition', `${state} × ${String(event)}`);
        return Reflect.get(target, event);
      },
    });
  }
}

/** Every cell of the table, as it is counted. */
export function allTransitions(): string[] {
  return TRADE_STATES.flatMap((state) => TRADE_EVENTS.map((event) => `${state} × ${event}`));
}

/** Counts the faults that befell an exchange, by kind. */
export function countFaults(sandbox: Sandbox, counts: Counts): void {
  const { faults } = sandbox;
  const take = faults.take.bind(faults);
  faults.take = (asked) => {
    const plight = take(asked);
    count(counts, 'asked', `${asked.channel} ${asked.operation}`);
    if (plight.main) count(counts, 'fault', plight.main.kind);
    if (plight.delayBeforeMs + plight.delayAfterMs > 0) count(counts, 'fault', 'delay');
    if (plight.skewMs !== 0) count(counts, 'fault', 'clock_skew');
    return plight;
  };
}
