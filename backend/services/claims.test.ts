import { expect, test } from 'vitest';
import { silentLog } from '../../ports/log.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { fen } from '../domain/money.ts';
import { inProcessMutex } from '../locks/in-process.ts';
import type { Claim, OrderClaims } from '../locks/order-claims.ts';
import { LockUnavailable } from '../locks/order-mutex.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { happened } from '../store/events.ts';
import { createStore } from '../store/store.ts';
import { createClaims } from './claims.ts';
import { createHub } from './hub.ts';

const START_MS = Date.parse('2026-11-21T14:32:10.000+08:00');

/** What the tills share, which may be away. */
function board() {
  const claims = new Map<string, Claim>();
  const state = { isAway: false };
  const reach = () => {
    if (state.isAway) throw new LockUnavailable('unreachable');
  };
  const shared: OrderClaims = {
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
  return { claims, state, shared };
}

/** A till with an order A1 that it collects. */
function till(on = board()) {
  const clock = new SimClock(START_MS);
  const store = createStore(openMemoryDatabase());
  const mutex = inProcessMutex(clock);
  const hub = createHub();
  const open = () =>
    createClaims({ claims: on.shared, mutex, store, hub, clock, log: silentLog(), tillId: 'T0MW' });
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
  });
  const end = (how: 'paid' | 'closed') => {
    store.transact(() => {
      store.charges.end('C1', clock.nowMs());
      if (how === 'paid') {
        store.orders.markPaid('A1', clock.nowMs());
        store.events.append(happened('order.paid', 'A1', clock.nowMs()));
      } else {
        store.events.append({
          atMs: clock.nowMs(),
          type: 'trade.changed',
          orderNo: 'A1',
          tradeNo: 'X',
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
