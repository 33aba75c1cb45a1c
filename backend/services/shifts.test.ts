import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { fen } from '../domain/money.ts';
import type { Channel } from '../domain/trade.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore, type Store } from '../store/store.ts';
import { charge, order, trade } from '../store/test-rows.ts';
import { createShifts } from './shifts.ts';

function world() {
  const clock = new SimClock(Date.parse('2026-11-21T09:00:00+08:00'));
  const store = createStore(openMemoryDatabase());
  return { clock, store, shifts: createShifts({ store, clock }) };
}

let count = 0;
function pay(store: Store, channel: Channel, amountFen: number, isPaid = true): string {
  count += 1;
  const [orderNo, chargeId, tradeNo] = [`O${count}`, `C${count}`, `TRADE-${count}`];
  store.transact(() => {
    store.orders.insert(order(orderNo, { amountFen: fen(amountFen) }));
    store.charges.insert(charge(orderNo, chargeId));
    store.trades.insert(
      trade(orderNo, chargeId, tradeNo, {
        channel,
        amountFen: fen(amountFen),
        ...(isPaid ? { state: 'paid', paidAtMs: 5_000 } : { state: 'closing' }),
      }),
    );
    if (isPaid)
      store.events.append({
        atMs: 5_000,
        type: 'trade.changed',
        orderNo,
        tradeNo,
        fromState: 'awaiting_payment',
        toState: 'paid',
        what: 'paid_seen',
      });
  });
  return tradeNo;
}

/** Gives part of a payment back; returns nothing that a shift does not count. */
function giveBack(store: Store, tradeNo: string, amountFen: number, isDone = true): void {
  const paid = store.trades.byNo(tradeNo);
  if (!paid) throw new Error(`No ${tradeNo}.`);
  count += 1;
  const refundNo = `REFUND-${count}`;
  const { orderNo, channel } = paid;
  store.transact(() => {
    store.refunds.insert({
      refundNo,
      tradeNo,
      orderNo,
      channel,
      amountFen: fen(amountFen),
      reason: '退货',
      why: 'asked',
      origin: 'here',
      state: isDone ? 'succeeded' : 'asked',
      providerRefundNo: null,
      requestedAtMs: 6_000,
      sends: 1,
      lastSentAtMs: 6_000,
      succeededAtMs: isDone ? 6_000 : null,
      endedAtMs: isDone ? 6_000 : null,
      unknownSinceMs: isDone ? null : 6_000,
      held: null,
      refusal: null,
      incident: null,
      setAside: null,
    });
    if (isDone)
      store.events.append({
        atMs: 6_000,
        type: 'refund.changed',
        orderNo,
        tradeNo,
        refundNo,
        fromState: 'asked',
        toState: 'succeeded',
        what: 'succeeded_seen',
      });
  });
}

const channels = ['alipay', 'wechat'] as const;

describe('a shift', () => {
  test('is the sum of its own events: each payment is in one shift and in no other', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          channel: fc.constantFrom(...channels),
          fen: fc.integer({ min: 1, max: 99_999 }),
          // How much of an earlier payment goes back, in hundredths of what is left of it; null: nothing.
          back: fc.option(fc.record({ of: fc.nat(), part: fc.integer({ min: 1, max: 100 }) })),
        }),
      },
      { weight: 1, arbitrary: fc.constantFrom('open', 'close', 'hand over') },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, shifts } = world();
        shifts.open();
        const all = { alipay: 0, wechat: 0 };
        const back = { alipay: 0, wechat: 0 };
        const paid: { tradeNo: string; channel: (typeof channels)[number]; leftFen: number }[] = [];
        for (const each of steps) {
          if (each === 'open') {
            if (!shifts.current()) shifts.open();
          } else if (each === 'close') {
            if (shifts.current()) shifts.close(undefined);
          } else if (each === 'hand over') {
            if (!shifts.current()) continue;
            const { closed, opened } = shifts.handOver(null, undefined);
            // Nothing lies between the two.
            expect(closed.ledgerHead?.seq).toBe(store.events.lastSeq() - 1);
            expect(opened.closedAt).toBeNull();
          } else {
            const { channel, fen: leftFen } = each;
            paid.push({ tradeNo: pay(store, channel, leftFen), channel, leftFen });
            all[channel] += leftFen;
            // What goes back now, whole or in part, may have been paid in any shift before.
            const given = each.back && paid[each.back.of % paid.length];
            const amountFen = given ? Math.ceil((given.leftFen * (each.back?.part ?? 0)) / 100) : 0;
            if (!given || amountFen === 0) continue;
            giveBack(store, given.tradeNo, amountFen);
            given.leftFen -= amountFen;
            back[given.channel] += amountFen;
          }
        }
        // What was paid between two shifts is in the next.
        if (!shifts.current()) shifts.open();
        const told = shifts.list(undefined, 200).items;
        for (const channel of channels) {
          const sums = told.map(
            ({ totals }) => totals.byChannel.find((each) => each.channel === channel)?.paidFen ?? 0,
          );
          expect(sums.reduce((sum, each) => sum + each, 0)).toBe(all[channel]);
          const returned = told.map(
            ({ totals }) => totals.byChannel.find((each) => each.channel === channel)?.refundedFen ?? 0,
          );
          expect(returned.reduce((sum, each) => sum + each, 0)).toBe(back[channel]);
        }
        for (const { totals } of told)
          for (const sum of ['paidFen', 'paidCount', 'refundedFen', 'refundedCount'] as const)
            expect(totals[sum]).toBe(totals.byChannel.reduce((all, each) => all + each[sum], 0));
      }),
      { numRuns: 40 },
    );
  });

  test('is closed with unknown outcomes only for a reason, which stays with it', () => {
    const { store, shifts } = world();
    shifts.open();
    pay(store, 'wechat', 1_250);
    pay(store, 'alipay', 800, false);
    expect(() => shifts.close(undefined)).toThrow('shift_unfinished');
    expect(shifts.current()?.closedAt).toBeNull();
    expect(shifts.close('the network is away')).toMatchObject({
      unfinished: 1,
      reason: 'the network is away',
      totals: { paidFen: 1_250, paidCount: 1 },
    });
  });

  test('is handed over with unknown outcomes, of refunds too, only for a reason; refused it changes nothing', () => {
    const { store, shifts } = world();
    shifts.open();
    giveBack(store, pay(store, 'wechat', 1_250), 250, false);
    const before = store.events.head();
    expect(() => shifts.handOver(null, undefined)).toThrow('shift_unfinished');
    expect(store.events.head()).toEqual(before);
    const { closed, opened } = shifts.handOver(null, 'the wallet is silent');
    expect(closed).toMatchObject({ unfinished: 1, reason: 'the wallet is silent', totals: { paidCount: 1 } });
    expect(opened).toMatchObject({ closedAt: null, totals: { paidCount: 0 } });
    expect(shifts.current()?.shiftId).toBe(opened.shiftId);
  });

  test('as a file has what its slip has, with the end of the ledger', () => {
    const { store, shifts } = world();
    shifts.open();
    giveBack(store, pay(store, 'wechat', 1_250), 250);
    pay(store, 'alipay', 800);
    const { shiftId } = shifts.current() ?? { shiftId: 0 };
    expect(() => shifts.csv(shiftId)).toThrow('shift_not_closed');
    const { ledgerHead } = shifts.close(undefined);
    const { fileName, text } = shifts.csv(shiftId);
    expect(fileName).toBe(`shift-${shiftId}.csv`);
    expect(text.startsWith('\uFEFF')).toBe(true);
    for (const row of [
      `ledgerEntry,${ledgerHead?.seq}`,
      `ledgerHash,${ledgerHead?.hash}`,
      'alipay,1,8.00,0,0.00',
      'wechat,1,12.50,1,2.50',
      'sum,2,20.50,1,2.50',
    ])
      expect(text.split('\r\n')).toContain(row);
  });

  test('once closed never changes, and shows the end of the ledger with its own closing in it', () => {
    const { store, shifts } = world();
    shifts.open();
    pay(store, 'wechat', 1_250);
    const closed = shifts.close(undefined);
    expect(closed.ledgerHead).toEqual(store.events.head());
    expect(store.events.after((closed.ledgerHead?.seq ?? 0) - 1, 1)).toMatchObject([
      { type: 'shift.closed', data: { paidFen: 1_250, paidCount: 1 } },
    ]);
    pay(store, 'wechat', 99);
    expect(shifts.list(undefined, 10).items).toEqual([closed]);
  });

  test('is one at a time', () => {
    const { shifts } = world();
    expect(() => shifts.close(undefined)).toThrow('shift_not_open');
    shifts.open();
    expect(() => shifts.open()).toThrow('shift_open');
  });
});
