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
function pay(store: Store, channel: Channel, amountFen: number, isPaid = true): void {
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
}

describe('a shift', () => {
  test('is the sum of its own events: each payment is in one shift and in no other', () => {
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          channel: fc.constantFrom('alipay', 'wechat'),
          fen: fc.integer({ min: 1, max: 99_999 }),
        }),
      },
      { weight: 1, arbitrary: fc.constantFrom('open', 'close') },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { store, shifts } = world();
        shifts.open();
        const all = { alipay: 0, wechat: 0 };
        for (const each of steps) {
          if (each === 'open') {
            if (!shifts.current()) shifts.open();
          } else if (each === 'close') {
            if (shifts.current()) shifts.close(undefined);
          } else {
            const channel = each.channel as Channel & keyof typeof all;
            pay(store, channel, each.fen);
            all[channel] += each.fen;
          }
        }
        // What was paid between two shifts is in the next.
        if (!shifts.current()) shifts.open();
        const told = shifts.list(undefined, 200).items;
        for (const channel of ['alipay', 'wechat'] as const) {
          const sums = told.map(
            ({ totals }) => totals.byChannel.find((each) => each.channel === channel)?.paidFen ?? 0,
          );
          expect(sums.reduce((sum, each) => sum + each, 0)).toBe(all[channel]);
        }
        for (const { totals } of told)
          expect(totals.paidFen).toBe(totals.byChannel.reduce((sum, { paidFen }) => sum + paidFen, 0));
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
