import { describe, expect, test } from 'vitest';
import { openMemoryDatabase } from './database.ts';
import { type Fence, StaleHold } from './fences.ts';
import { leasesTable } from './leases.ts';
import { createStore } from './store.ts';

const fence = (token: number | null, isLive = true): Fence => ({
  orderNo: 'A1',
  token,
  isLive: () => isLive,
});
const times = { leaseMs: 1_000, ticketMs: 1_000 };

describe('a write under an order’s lock', () => {
  test('is refused, with nothing written, once a later holder has written', () => {
    const store = createStore(openMemoryDatabase());
    const write = (name: string, with_: Fence) =>
      store.transact(() => store.sessions.add(name, 2, 1), { fence: with_ });
    write('first', fence(7));
    write('again', fence(7));
    write('second', fence(8));
    expect(() => write('late', fence(7))).toThrow(StaleHold);
    expect(store.sessions.has('late', 1)).toBe(false);
    expect(store.fences.greatest('A1')).toBe(8);
    write('other order', { ...fence(1), orderNo: 'A2' });
  });

  test('is refused when the lease has run out, though nobody came after', () => {
    const store = createStore(openMemoryDatabase());
    expect(() => store.transact(() => store.sessions.add('late', 2, 1), { fence: fence(7, false) })).toThrow(
      StaleHold,
    );
    expect(store.sessions.has('late', 1)).toBe(false);
  });

  test('that failed does not count as seen', () => {
    const store = createStore(openMemoryDatabase());
    expect(() =>
      store.transact(
        () => {
          throw new Error('refused');
        },
        { fence: fence(9) },
      ),
    ).toThrow('refused');
    expect(store.fences.greatest('A1')).toBe(0);
  });

  test('passes where a hold cannot be lost', () => {
    const store = createStore(openMemoryDatabase());
    store.transact(() => store.sessions.add('first', 2, 1), { fence: fence(null) });
    expect(store.fences.greatest('A1')).toBe(0);
  });

  test('is refused when the lease’s row is gone, whatever the holder believes', () => {
    const db = openMemoryDatabase();
    const store = createStore(db, undefined, true);
    const leases = leasesTable(db);
    const ask = { orderNo: 'A1', ticket: null, holder: 'T0MW', nowMs: 1_000, times };
    const ticket = leases.look(ask)?.ticket ?? 0;
    store.transact(() => store.sessions.add('first', 2, 1), { fence: fence(ticket) });
    leases.remove(ticket);
    expect(() => store.transact(() => store.sessions.add('late', 2, 1), { fence: fence(ticket) })).toThrow(
      StaleHold,
    );
  });
});

describe('the queue for an order’s lease', () => {
  test('gives tickets greater than any token under which the order was written', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.transact(() => {}, { fence: fence(1_700_000_000_000) });
    const look = leasesTable(db).look({ orderNo: 'A1', ticket: null, holder: 'T0MW', nowMs: 1, times });
    expect(look?.ticket).toBe(1_700_000_000_001);
  });

  test('waits no longer for a dead holder when the clock has gone back', () => {
    const leases = leasesTable(openMemoryDatabase());
    const ask = { orderNo: 'A1', holder: 'T0MW', times };
    leases.look({ ...ask, ticket: null, nowMs: 10_000_000 });
    const second = leases.look({ ...ask, ticket: null, nowMs: 1_000 });
    expect(second?.first.untilMs).toBe(2_000);
    expect(leases.look({ ...ask, ticket: second?.ticket ?? 0, nowMs: 2_000 })?.before).toBe(0);
  });

  test('gives a place up whose owner was not heard of, and a new one behind the others', () => {
    const leases = leasesTable(openMemoryDatabase());
    const ask = { orderNo: 'A1', holder: 'T0MW', times };
    const at = (nowMs: number, ticket: number | null) => leases.look({ ...ask, ticket, nowMs });
    const holder = at(0, null)?.ticket ?? 0;
    const silent = at(0, null)?.ticket ?? 0;
    const patient = at(900, null)?.ticket ?? 0;
    leases.renew(holder, 900, 1_900);
    expect(at(1_500, patient)?.before).toBe(1);
    expect(at(1_600, silent)?.before).toBe(2);
    expect(leases.renew(silent, 1_600, 9_000)).toBe(false);
  });
});
