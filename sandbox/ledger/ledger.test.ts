import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fen } from '../../backend/domain/money.ts';
import { Ledger, ledgerShape } from './ledger.ts';
import { ALIPAY_MOVES, LEDGER_EVENTS, type LedgerState, moved, WECHAT_MOVES } from './moves.ts';
import { aged, closed, type LedgerTrade, step } from './trade.ts';

const MINUTE = 60_000;

/** Seen states may only be followed by these, at any distance. */
const LATER: Record<LedgerState, readonly LedgerState[]> = {
  TRADE_NOT_EXIST: ['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_CLOSED', 'TRADE_FINISHED'],
  WAIT_BUYER_PAY: ['TRADE_SUCCESS', 'TRADE_CLOSED', 'TRADE_FINISHED'],
  TRADE_SUCCESS: ['TRADE_CLOSED', 'TRADE_FINISHED'],
  TRADE_CLOSED: [],
  TRADE_FINISHED: [],
  NOTPAY: ['USERPAYING', 'SUCCESS', 'CLOSED'],
  USERPAYING: ['NOTPAY', 'SUCCESS', 'CLOSED'],
  SUCCESS: [],
  CLOSED: [],
  REFUND: [],
};

function trade(channel: LedgerTrade['channel'], tradeNo: string, amount: number, nowMs: number): LedgerTrade {
  return {
    channel,
    tradeNo,
    providerTradeNo: null,
    state: channel === 'alipay' ? 'TRADE_NOT_EXIST' : 'NOTPAY',
    amountFen: fen(amount),
    refundedFen: fen(0),
    subject: 'tea',
    notifyUrl: null,
    attach: null,
    codes: [{ code: `${channel}:${tradeNo}`, madeAtMs: nowMs, expiresAtMs: nowMs + 5 * MINUTE }],
    lifeFromScanMs: 3 * MINUTE,
    payableUntilMs: nowMs + 10 * MINUTE,
    cancellableUntilMs: null,
    finishesAtMs: null,
    createdAtMs: nowMs,
    scannedAtMs: null,
    paidAtMs: null,
    closedAtMs: null,
    asked: '',
  };
}

const channel = fc.constantFrom('alipay' as const, 'wechat' as const);
const number = fc.constantFrom('A', 'B', 'C');
const command = fc.oneof(
  fc.record({
    do: fc.constant('open' as const),
    channel,
    number,
    amount: fc.integer({ min: 1, max: 10_000 }),
  }),
  fc.record({
    do: fc.constantFrom('scan' as const, 'type' as const, 'turn_back' as const, 'pay' as const),
    channel,
    number,
  }),
  fc.record({ do: fc.constantFrom('close' as const, 'cancel' as const), channel, number }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 6 * MINUTE }) }),
  fc.record({ do: fc.constant('hasten' as const), ms: fc.integer({ min: 1, max: 6 * MINUTE }) }),
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Applies one command as the gateways do; gives the fen that the customer handed over by it. */
function apply(ledger: Ledger, one: Command, clock: { nowMs: number }): number {
  if (one.do === 'wait') clock.nowMs += one.ms;
  else if (one.do === 'hasten') ledger.hasten(one.ms);
  else {
    const known = ledger.find(one.channel, one.number);
    const code = `${one.channel}:${one.number}`;
    if (one.do === 'open') {
      if (!known) ledger.put(trade(one.channel, one.number, one.amount, clock.nowMs));
    } else if (one.do === 'scan') ledger.scan(code);
    else if (one.do === 'type' || one.do === 'turn_back') ledger.typing(code, one.do);
    else if (one.do === 'pay') return ledger.pay(code).ok ? Number(known?.amountFen) : 0;
    else if (known && one.do === 'close') {
      const after = closed(known, clock.nowMs);
      if (after) ledger.put(after);
    } else if (known?.state === 'TRADE_SUCCESS') ledger.cancelPaid(known, `R${known.tradeNo}`);
  }
  return 0;
}

test('whatever happens: no money appears or vanishes, no state goes back, nothing is paid after its end', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const clock = { nowMs: 1_000_000 };
      let number = 0;
      const ledger = new Ledger({ nowMs: () => clock.nowMs, freshNo: () => `P${++number}` });
      const seen = new Map<string, LedgerTrade>();
      let handedOverFen = 0;
      for (const one of commands) {
        handedOverFen += apply(ledger, one, clock);
        for (const now of ledger.snapshot().trades) {
          const key = `${now.channel} ${now.tradeNo}`;
          const before = seen.get(key);
          if (before && before.state !== now.state) expect(LATER[before.state]).toContain(now.state);
          if (before?.closedAtMs && !before.paidAtMs) expect(now.paidAtMs).toBeNull();
          if (before?.paidAtMs) expect(now.paidAtMs).toBe(before.paidAtMs);
          if (before?.providerTradeNo) expect(now.providerTradeNo).toBe(before.providerTradeNo);
          expect(now.amountFen).toBe(before?.amountFen ?? now.amountFen);
          expect(now.refundedFen).toBeLessThanOrEqual(now.paidAtMs === null ? 0 : now.amountFen);
          seen.set(key, now);
        }
        const { totals, refunds } = ledger.view();
        expect(totals.paidFen).toBe(handedOverFen);
        expect(totals.refundedFen).toBeLessThanOrEqual(totals.paidFen);
        expect(new Set(refunds.map((refund) => JSON.stringify(refund))).size).toBe(refunds.length);
      }
      const restored = ledgerShape.parse(JSON.parse(JSON.stringify(ledger.snapshot())));
      expect(restored).toEqual(ledger.snapshot());
    }),
    { numRuns: 300 },
  );
});

describe('the tables', () => {
  const states = Object.keys({ ...ALIPAY_MOVES, ...WECHAT_MOVES }) as LedgerState[];

  test('every state but the first ones is reached', () => {
    const reached = new Set(states.flatMap((state) => LEDGER_EVENTS.map((event) => moved(state, event))));
    const unreached = states.filter((state) => !reached.has(state));
    expect(unreached).toEqual(['TRADE_NOT_EXIST']);
  });

  test('an event that a state refuses throws, and changes nothing', () => {
    for (const state of states)
      for (const event of LEDGER_EVENTS) {
        const one = { ...trade('alipay', 'A', 1, 0), state };
        const to = moved(state, event);
        if (to) expect(step(one, event).state).toBe(to);
        else expect(() => step(one, event)).toThrow(`A trade in ${state} takes no ${event}.`);
      }
  });

  test('only WAIT_BUYER_PAY closes by time, only TRADE_SUCCESS finishes, and only USERPAYING is turned away', () => {
    const byTime: Partial<Record<LedgerState, LedgerState>> = {
      WAIT_BUYER_PAY: 'TRADE_CLOSED',
      TRADE_SUCCESS: 'TRADE_FINISHED',
      USERPAYING: 'NOTPAY',
    };
    for (const state of states) {
      const one = { ...trade('alipay', 'A', 1, 0), state, finishesAtMs: 1 };
      expect(aged(one, Number.MAX_SAFE_INTEGER).state).toBe(byTime[state] ?? state);
    }
  });
});
