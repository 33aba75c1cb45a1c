import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { testBook } from '../../test/fakes/refund-book.ts';
import { fen } from '../domain/money.ts';
import { newTrade, type Trade } from '../domain/trade.ts';
import { inProcessMutex } from '../locks/in-process.ts';
import type { Claim, OrderClaims } from '../locks/order-claims.ts';
import { LockUnavailable } from '../locks/order-mutex.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { happened } from '../store/events.ts';
import { createStore } from '../store/store.ts';
import { createClaims } from './claims.ts';
import { createHub } from './hub.ts';
import { createSettle } from './settle.ts';

const START_MS = Date.parse('2026-11-21T14:32:10.000+08:00');

/** What the tills share, which may be away. */
function board() {
  const claims = new Map<string, Claim>();
  const state = { isAway: false };
  const reach = () => {
    if (state.isAway) throw new LockUnavailable('unreachable');
  };
  return { claims, state, shared: sharedOn(claims, reach) };
}

function sharedOn(claims: Map<string, Claim>, reach = () => {}): OrderClaims {
  return {
    areShared: true,
    async read(orderNo) {
      reach();
      return claims.get(orderNo) ?? null;
    },
    async claim(hold, claim) {
      reach();
      claims.set(hold.orderNo, claim);
    },
    async release(hold, holder) {
      reach();
      const claim = claims.get(hold.orderNo);
      if (claim?.holder === holder && claim.state === 'live') claims.delete(hold.orderNo);
    },
  };
}

/** A till with an order A1 that it collects. */
function till(on = board()) {
  const clock = new SimClock(START_MS);
  const store = createStore(openMemoryDatabase());
  const mutex = inProcessMutex(clock);
  const hub = createHub();
  const settle = createSettle(store, { automaticMaxFen: fen(0) }, testBook(store));
  const open = (tillId = 'T0MW') =>
    createClaims({ claims: on.shared, mutex, store, hub, settle, clock, log: silentLog(), tillId });
  store.transact(() => {
    store.orders.insert({
      orderNo: 'A1',
      amountFen: fen(100),
      subject: '拿铁',
      note: null,
      state: 'open',
      source: 'till',
      createdAtMs: START_MS,
      paidAtMs: null,
    });
    store.charges.insert({
      chargeId: 'C1',
      orderNo: 'A1',
      createdAtMs: START_MS,
      expiresAtMs: START_MS + 120_000,
      endedAtMs: null,
    });
    store.trades.insert(
      newTrade({
        tradeNo: 'T0MW01',
        orderNo: 'A1',
        chargeId: 'C1',
        channel: 'wechat',
        amountFen: fen(100),
        subject: '拿铁',
        createdAtMs: START_MS,
        expiresAtMs: START_MS + 120_000,
      }),
    );
  });
  const end = (how: 'paid' | 'closed', refundDue: 'manager' | null = null) => {
    store.transact(() => {
      store.charges.end('C1', clock.nowMs());
      if (how === 'paid') {
        const trade = store.trades.byNo('T0MW01') as Trade;
        store.trades.update(trade, { ...trade, state: 'paid', paidAtMs: clock.nowMs(), refundDue });
        store.orders.markPaid('A1', clock.nowMs());
        store.events.append(happened('order.paid', 'A1', clock.nowMs()));
      } else {
        store.events.append({
          atMs: clock.nowMs(),
          type: 'trade.changed',
          orderNo: 'A1',
          tradeNo: 'T0MW01',
          fromState: 'closing',
          toState: 'closed',
          what: 'closed_seen',
        });
      }
    });
    hub.tell({ kind: 'committed' });
  };
  const commit = () => hub.tell({ kind: 'committed' });
  return { ...on, clock, store, mutex, open, end, commit };
}

test('a live charge is claimed for longer than its codes live, and prolonged while it goes on', async () => {
  const { clock, claims, mutex, open } = till();
  const service = open();
  await mutex.run('A1', 1_000, (hold) => service.take(hold, 120_000));
  expect(claims.get('A1')).toMatchObject({ holder: 'T0MW', state: 'live' });
  expect(claims.get('A1')?.untilMs).toBeGreaterThan(START_MS + 120_000 + 90_000);
  service.start();
  await clock.advance(10 * 60_000);
  expect(claims.get('A1')?.untilMs).toBeGreaterThan(clock.nowMs() + 60_000);
  await service.stop();
});

test('a live charge is prolonged however often the till commits meanwhile', async () => {
  const { clock, claims, open, commit } = till();
  const service = open();
  service.start();
  for (let second = 0; second < 600; second++) {
    await clock.advance(1_000);
    commit();
  }
  expect(claims.get('A1')?.untilMs).toBeGreaterThan(clock.nowMs() + 60_000);
  await service.stop();
});

test('a claim outlives a clock that is set right while it is made', async () => {
  const on = board();
  const { clock, claims, open } = till({
    ...on,
    shared: {
      ...on.shared,
      async read(orderNo) {
        clock.jumpWall(400_000);
        return await on.shared.read(orderNo);
      },
    },
  });
  const service = open();
  service.start();
  await clock.advance(100);
  expect(claims.get('A1')?.untilMs).toBeGreaterThan(clock.nowMs() + 60_000);
  await service.stop();
});

test('a charge that ended unpaid is released, one that was paid is remembered', async () => {
  for (const how of ['closed', 'paid'] as const) {
    const { clock, claims, open, end } = till();
    const service = open();
    service.start();
    await clock.advance(100);
    expect(claims.get('A1')?.state).toBe('live');
    end(how);
    await clock.advance(100);
    expect(claims.get('A1')?.state).toBe(how === 'paid' ? 'paid' : undefined);
    if (how === 'paid') expect(claims.get('A1')?.untilMs).toBeGreaterThan(START_MS + 80 * 24 * 3_600_000);
    await service.stop();
  }
});

test('what could not be told is told again until it has arrived, also after a restart', async () => {
  const { clock, claims, state, open, end } = till();
  const first = open();
  first.start();
  await clock.advance(100);
  state.isAway = true;
  end('closed');
  await clock.advance(60_000);
  expect(claims.has('A1')).toBe(true);
  await first.stop();
  const second = open();
  second.start();
  await clock.advance(10_000);
  state.isAway = false;
  await clock.advance(10_000);
  expect(claims.has('A1')).toBe(false);
  await second.stop();
});

test('a payment of an order that another till had collected goes back, once, and their claim stays', async () => {
  const { clock, claims, store, open, end, commit } = till();
  const service = open();
  service.start();
  await clock.advance(100);
  const theirs: Claim = { holder: 'T9ZZ', untilMs: START_MS + 9e9, state: 'paid' };
  claims.set('A1', theirs);
  end('paid');
  await clock.advance(100);
  expect(claims.get('A1')).toBe(theirs);
  expect(store.trades.byNo('T0MW01')).toMatchObject({ surplus: true, refundDue: 'manager' });
  store.transact(() => store.events.append(happened('order.paid', 'A1', clock.nowMs())));
  commit();
  await clock.advance(60_000);
  const seen = store.events.ofTrade('T0MW01').filter(({ what }) => what === 'paid_elsewhere');
  expect(seen.map(({ fromState, toState }) => [fromState, toState])).toEqual([['paid', 'paid']]);
  await service.stop();
});

test('a payment that goes back keeps others from charging, but takes the order from nobody who collected it', async () => {
  const { clock, claims, mutex, store, open, end } = till();
  const service = open();
  service.start();
  await clock.advance(100);
  end('paid', 'manager');
  await clock.advance(100);
  expect(claims.get('A1')?.state).toBe('returning');
  const other = till({ ...board(), claims, shared: sharedOn(claims) });
  await expect(
    other.mutex.run('A1', 1_000, (hold) => other.open('T9ZZ').take(hold, 120_000)),
  ).rejects.toMatchObject({ code: 'order_paid', data: { holder: 'T0MW' } });
  const second = other.open('T9ZZ');
  second.start();
  other.end('paid');
  await other.clock.advance(100);
  expect(claims.get('A1')).toMatchObject({ holder: 'T9ZZ', state: 'paid' });
  expect(other.store.trades.byNo('T0MW01')).toMatchObject({ surplus: false, refundDue: null });
  await second.stop();
  // The first till comes back to it, and leaves it.
  await mutex.run('A1', 1_000, async () => end('paid', 'manager'));
  await clock.advance(60_000);
  expect(claims.get('A1')?.holder).toBe('T9ZZ');
  expect(store.trades.byNo('T0MW01')?.surplus).toBe(false);
  await service.stop();
});

test('a second click on an order that was just paid leaves its claim, also before the others know that it is paid', async () => {
  const { clock, claims, state, mutex, open, end } = till();
  const service = open();
  service.start();
  await clock.advance(100);
  state.isAway = true;
  end('paid');
  await clock.advance(100);
  state.isAway = false;
  const isTaken = await mutex.run('A1', 1_000, (hold) => service.take(hold, 120_000));
  expect([isTaken, claims.get('A1')?.state]).toEqual([false, 'live']);
  await service.stop();
});

test('another till’s claim is left alone, and refuses with its name and its end', async () => {
  const { claims, mutex, open } = till();
  const service = open();
  const theirs: Claim = { holder: 'T9ZZ', untilMs: START_MS + 60_000, state: 'live' };
  claims.set('A1', theirs);
  await expect(mutex.run('A1', 1_000, (hold) => service.take(hold, 120_000))).rejects.toMatchObject({
    code: 'order_elsewhere',
    data: { orderNo: 'A1', holder: 'T9ZZ', until: '2026-11-21T14:33:10.000+08:00' },
  });
  await mutex.run('A1', 1_000, (hold) => service.giveUp(hold));
  expect(claims.get('A1')).toBe(theirs);
  claims.set('A1', { ...theirs, state: 'paid' });
  await expect(service.refuseElsewhere('A1')).rejects.toMatchObject({
    code: 'order_paid',
    data: { holder: 'T9ZZ' },
  });
});

test('a commit that is told under the order’s own lock does not lock it a second time', async () => {
  const { clock, claims, mutex, open, end } = till();
  const service = open();
  service.start();
  await clock.advance(100);
  await mutex.run('A1', 1_000, async () => end('closed'));
  await clock.advance(100);
  expect(claims.has('A1')).toBe(false);
  await service.stop();
});
