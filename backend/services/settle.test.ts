import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidence, unanswered } from '../../test/fakes/provider.ts';
import { testBook } from '../../test/fakes/refund-book.ts';
import { isLive, newTrade, type Step, type Trade } from '../domain/trade.ts';
import type { QueryOutcome } from '../providers/provider.ts';
import { openMemoryDatabase } from '../store/database.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import { createStore, type Store } from '../store/store.ts';
import { addOrder } from './orders.ts';
import { type Answer, createSettle, type Outcome } from './settle.ts';

const AMOUNT = 1250 as never;
const TRADES = ['ALI001', 'WX0001'] as const;

/** An order with a live charge of one trade per channel, as charging leaves it. */
function chargedStore(): Store {
  const store = createStore(openMemoryDatabase());
  store.transact(() => {
    addOrder(store, {
      orderNo: 'A1',
      amountFen: AMOUNT,
      subject: 'x',
      note: null,
      state: 'open',
      source: 'till',
      createdAtMs: 1,
      paidAtMs: null,
    });
    store.charges.insert({
      chargeId: 'C1',
      orderNo: 'A1',
      createdAtMs: 1,
      expiresAtMs: 100,
      endedAtMs: null,
    });
    for (const [index, tradeNo] of TRADES.entries()) {
      store.trades.insert(
        newTrade({
          tradeNo,
          orderNo: 'A1',
          chargeId: 'C1',
          channel: index === 0 ? 'alipay' : 'wechat',
          amountFen: AMOUNT,
          subject: 'x',
          createdAtMs: 1,
          expiresAtMs: 100,
        }),
      );
      store.outbox.add(
        {
          kind: 'open',
          queue: index === 0 ? 'alipay' : 'wechat',
          lane: tradeNo,
          orderNo: 'A1',
          tradeNo,
          payload: null,
          why: null,
          priority: 0,
        },
        1,
      );
    }
  });
  return store;
}

function must(store: Store, tradeNo: string): Trade {
  const trade = store.trades.byNo(tradeNo);
  if (!trade) throw new Error('gone');
  return trade;
}

type Move =
  | { tradeNo: string; asked: Step; outcome: (trade: Trade) => Outcome }
  | { tradeNo: string; decide: 'deadline_passed' | 'cancel_requested' };

const tradeNo = fc.constantFrom(...TRADES);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ tradeNo, decide: fc.constantFrom('deadline_passed' as const, 'cancel_requested' as const) }),
  fc.record({
    tradeNo,
    asked: fc.constantFrom<Step>('open', 'query', 'close', 'cancel'),
    outcome: fc.oneof(
      fc.constantFrom('unpaid', 'paying', 'paid', 'closed', 'refunded' as const).map(
        (status) =>
          (trade: Trade): Outcome => ({ kind: 'evidence', evidence: evidence(trade, status, 50) }),
      ),
      fc
        .constantFrom<Outcome>(
          { kind: 'code', codeUrl: 'https://code' },
          { kind: 'refused', reason: 'other', code: 'X', message: '' },
          { kind: 'accepted' },
          { kind: 'not_yet', payableUntilMs: 200 },
          { kind: 'query_first', code: 'X', message: '' },
          { kind: 'mismatch', field: 'appId', expected: 'a', received: 'b' },
          unanswered('no_answer'),
        )
        .map((outcome) => () => outcome),
    ),
  }),
);

const GONE: OutboxEntry = {
  entryId: 0,
  kind: 'query',
  queue: 'wechat',
  lane: '',
  orderNo: 'A1',
  tradeNo: null,
  refundNo: null,
  payload: null,
  state: 'due',
  why: null,
  priority: 1,
  createdAtMs: 1,
  dueAtMs: 1,
  attempts: 0,
  puzzles: 0,
  lastOutcomes: {},
  lastOutcome: null,
  lastAttemptAtMs: null,
  lastAnswerAtMs: null,
  unansweredSinceMs: null,
  setAside: null,
  interrupted: false,
};

const POLICY = { automaticMaxFen: AMOUNT };

/** The trade's entry as somebody leased it with this question; it may be finished meanwhile. */
function asking(store: Store, tradeNo: string, kind: Step): OutboxEntry {
  const entry = store.outbox.ofTrade(tradeNo) ?? GONE;
  return { ...entry, tradeNo, kind };
}

function answer(outcome: Outcome): Answer {
  return { outcome, nowMs: 60, jitter: 0.5, exchange: null };
}

function play(store: Store, moves: readonly Move[]): void {
  const settle = createSettle(store, POLICY, testBook(store));
  for (const each of moves) {
    if ('decide' in each) settle.decide(each.tradeNo, each.decide, 60);
    else {
      const outcome = each.outcome(must(store, each.tradeNo));
      settle.outcome(asking(store, each.tradeNo, each.asked), answer(outcome));
    }
  }
}

describe('settling, whatever comes in whatever order', () => {
  test('never forgets a payment, and the order is paid exactly when one of its trades is', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const store = chargedStore();
        const paid = new Set<string>();
        for (const each of moves) {
          play(store, [each]);
          for (const no of TRADES) if (must(store, no).state === 'paid') paid.add(no);
          for (const no of paid) expect(must(store, no).state).toBe('paid');
        }
        expect(store.orders.byNo('A1')?.state === 'paid').toBe(paid.size > 0);
        expect(TRADES.filter((no) => must(store, no).surplus)).toHaveLength(Math.max(0, paid.size - 1));
      }),
      { numRuns: 300 },
    );
  });

  test('ends the charge exactly when none of its trades can be paid any more', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const store = chargedStore();
        play(store, moves);
        const anyLive = TRADES.some((no) => isLive(must(store, no).state));
        expect(store.charges.byId('C1')?.endedAtMs === null).toBe(anyLive);
      }),
      { numRuns: 300 },
    );
  });

  test('stops showing the other codes in the moment in which one is paid', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const store = chargedStore();
        for (const each of moves) {
          play(store, [each]);
          const states = TRADES.map((no) => must(store, no).state);
          if (states.includes('paid'))
            for (const state of states) expect(['paid', 'closing', 'closed', 'failed']).toContain(state);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('changes and says nothing when the same word comes again', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 15 }), (moves) => {
        const store = chargedStore();
        play(store, moves);
        const last = moves.at(-1);
        fc.pre(last !== undefined);
        if (!last) return;
        play(store, [last]);
        const before = [TRADES.map((no) => must(store, no)), store.events.lastSeq()];
        for (let repeat = 0; repeat < 100; repeat += 25) play(store, [last]);
        expect([TRADES.map((no) => must(store, no)), store.events.lastSeq()]).toEqual(before);
      }),
      { numRuns: 200 },
    );
  });

  test('asks on exactly while a trade can be paid, and owes each surplus back once', () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const store = chargedStore();
        play(store, moves);
        for (const no of TRADES)
          expect(store.outbox.ofTrade(no) !== undefined).toBe(isLive(must(store, no).state));
        const surplus = TRADES.filter((no) => must(store, no).surplus);
        for (const no of surplus) expect(must(store, no).refundDue).toBe('automatic');
        const refunds = TRADES.flatMap((no) => store.refunds.ofTrade(no));
        expect(refunds.map(({ tradeNo, amountFen }) => [tradeNo, amountFen])).toEqual(
          surplus.map((no) => [no, AMOUNT]),
        );
        expect(store.outbox.counts().refunding).toBe(surplus.length);
      }),
      { numRuns: 300 },
    );
  });

  test('never takes another amount for the order’s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(move, { maxLength: 10 }),
        (amountFen, moves) => {
          fc.pre(amountFen !== AMOUNT);
          const store = chargedStore();
          play(
            store,
            moves.filter(
              (each) => 'decide' in each || each.outcome(must(store, each.tradeNo)).kind !== 'evidence',
            ),
          );
          const settle = createSettle(store, POLICY, testBook(store));
          const wrong = { ...evidence(must(store, 'WX0001'), 'paid', 50), amountFen: amountFen as never };
          settle.outcome(asking(store, 'WX0001', 'query'), answer({ kind: 'evidence', evidence: wrong }));
          expect(must(store, 'WX0001').state).not.toBe('paid');
          expect(must(store, 'WX0001').incident).not.toBeNull();
        },
      ),
    );
  });
});

test('of a paid trade the wire is kept when it contradicts, and not when it says the same again', () => {
  const store = chargedStore();
  const settle = createSettle(store, POLICY, testBook(store));
  const word = (amountFen: number): QueryOutcome => ({
    kind: 'evidence',
    evidence: { ...evidence(must(store, 'WX0001'), 'paid', 50), amountFen: amountFen as never },
  });
  const exchange = {
    tradeNo: 'WX0001',
    refundNo: null,
    step: 'notification' as const,
    askedAtMs: 60,
    durationMs: 0,
    outcome: 'evidence:SUCCESS',
    httpStatus: null,
    providerCode: null,
    requestId: null,
    answer: 'raw',
  };
  const kept = () => store.exchanges.ofTrade('WX0001').length;
  settle.notified('WX0001', word(AMOUNT), 60, exchange);
  settle.notified('WX0001', word(AMOUNT), 61, exchange);
  expect([must(store, 'WX0001').state, kept()]).toEqual(['paid', 1]);
  settle.notified('WX0001', word(AMOUNT + 1), 62, exchange);
  expect([must(store, 'WX0001').incident, kept()]).toEqual(['amount_mismatch', 2]);
});
