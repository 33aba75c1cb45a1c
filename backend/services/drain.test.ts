import { describe, expect, test } from 'vitest';
import { sleep } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { type Db, openMemoryDatabase } from '../store/database.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import { createStore, type Store } from '../store/store.ts';
import { createDrain, LEASE_MS, type Verdict } from './drain.ts';
import { createHub } from './hub.ts';
import { addOrder } from './orders.ts';

/** A shop's system that answers as told; entries of kind `tell` are addressed to it. */
class Receiver {
  readonly heard: { entryId: number; orderNo: string; atMs: number; interrupted: boolean }[] = [];
  verdict: Exclude<Verdict, object> = 'answered';
  inFlight = 0;
  inFlightMost = 0;
  hold: Promise<void> | null = null;
  /** So often what it has taken is due again at once. */
  dueAgain = 0;
  /** Between the commit of a try and its end. */
  onKept = async () => {};
  breaks = 0;
}

function world(db: Db = openMemoryDatabase(), clock = new SimClock(1_000_000), alone = true) {
  const endOfTurn = (task: () => void) => void clock.after(0, task);
  const store = createStore(db, undefined, false, endOfTurn);
  const hub = createHub(endOfTurn);
  const receiver = new Receiver();
  const drain = createDrain({
    clock,
    random: systemRandom(),
    log: silentLog(),
    store,
    hub,
    alone,
    workers: [
      {
        queue: 'shop',
        parallel: 4,
        async run(entry: OutboxEntry) {
          const { entryId, orderNo, interrupted } = entry;
          receiver.heard.push({ entryId, orderNo, atMs: clock.monotonicMs(), interrupted });
          receiver.inFlight += 1;
          receiver.inFlightMost = Math.max(receiver.inFlightMost, receiver.inFlight);
          await receiver.hold;
          await sleep(clock, 10);
          receiver.inFlight -= 1;
          if (receiver.breaks > 0) {
            receiver.breaks -= 1;
            throw new Error('not kept');
          }
          store.transact(() => {
            if (receiver.dueAgain-- > 0) store.outbox.release(entry.entryId, clock.nowMs());
            else keep(store, entry, receiver.verdict, clock.nowMs());
          });
          await receiver.onKept();
          return { verdict: receiver.verdict, signals: [] };
        },
      },
    ],
  });
  return { store, hub, receiver, drain, clock, db };
}

function keep(store: Store, entry: OutboxEntry, verdict: Receiver['verdict'], nowMs: number): void {
  if (verdict === 'answered') store.outbox.finish(entry.entryId);
  else
    store.outbox.tried(entry.entryId, entry.kind, {
      kind: entry.kind,
      priority: entry.priority,
      dueAtMs: nowMs + 1_000,
      attempts: entry.attempts + 1,
      puzzles: 0,
      park: null,
      outcome: verdict,
      atMs: nowMs,
      answered: false,
    });
}

function tell(store: Store, orderNo: string, howMany: number): void {
  store.transact(() => {
    if (!store.orders.byNo(orderNo))
      addOrder(store, {
        orderNo,
        amountFen: 1 as never,
        subject: 'x',
        note: null,
        state: 'open',
        source: 'till',
        createdAtMs: 1,
        paidAtMs: null,
      });
    for (let n = 0; n < howMany; n++)
      store.outbox.add(
        {
          kind: 'tell',
          queue: 'shop',
          lane: orderNo,
          orderNo,
          tradeNo: null,
          payload: '{}',
          why: null,
          priority: 1,
        },
        1_000_000,
      );
  });
}

describe('draining the outbox', () => {
  test('keeps the order’s order, and does different orders side by side', async () => {
    const { store, drain, receiver, clock } = world();
    for (const orderNo of ['A1', 'A2', 'A3']) tell(store, orderNo, 5);
    drain.start();
    await clock.advance(60_000);
    for (const orderNo of ['A1', 'A2', 'A3']) {
      const ids = receiver.heard.filter((each) => each.orderNo === orderNo).map((each) => each.entryId);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
      expect(ids).toHaveLength(5);
    }
    expect(receiver.inFlightMost).toBe(3);
    expect(store.outbox.counts().due).toBe(0);
    await drain.stop();
  });

  test('has no more under way than it may', async () => {
    const { store, drain, receiver, clock } = world();
    for (let n = 0; n < 50; n++) tell(store, `A${n}`, 1);
    drain.start();
    await clock.advance(60_000);
    expect(receiver.heard).toHaveLength(50);
    expect(receiver.inFlightMost).toBe(4);
    await drain.stop();
  });

  test('takes up what is written while it rests', async () => {
    const { store, drain, receiver, clock, hub } = world();
    drain.start();
    await clock.advance(10_000);
    tell(store, 'A1', 1);
    hub.tell({ kind: 'committed' });
    await clock.advance(20);
    expect(receiver.heard).toHaveLength(1);
    await drain.stop();
  });

  test('probes a silent receiver by one entry at growing pauses, and drains at once when it is back', async () => {
    const { store, drain, receiver, clock } = world();
    for (let n = 0; n < 500; n++) tell(store, `A${n}`, 1);
    receiver.verdict = 'silent';
    drain.start();
    await clock.advance(3_600_000);
    const tries = receiver.heard.length;
    // One probe each half minute at most, and the four with which the silence began.
    expect(tries).toBeLessThan(4 + 3_600_000 / 15_000 + 10);
    expect(tries).toBeGreaterThan(100);
    receiver.verdict = 'answered';
    await clock.advance(31_000);
    expect(store.outbox.counts().due).toBe(0);
    await drain.stop();
  });

  test('asks nothing of a receiver that wants to be asked less, until the pause is over', async () => {
    const { store, drain, receiver, clock } = world();
    for (let n = 0; n < 20; n++) tell(store, `A${n}`, 1);
    receiver.verdict = 'throttled';
    drain.start();
    await clock.advance(20);
    const first = receiver.heard.length;
    await clock.advance(2_000);
    expect(receiver.heard).toHaveLength(first);
    receiver.verdict = 'answered';
    await clock.advance(120_000);
    expect(store.outbox.counts().due).toBe(0);
    await drain.stop();
  });

  test('tries again what could not be kept, never in a hot loop, and parks what is lost again and again', async () => {
    const { store, drain, receiver, clock } = world();
    tell(store, 'A1', 1);
    receiver.breaks = 1_000;
    drain.start();
    await clock.advance(4_000);
    expect(receiver.heard).toHaveLength(1);
    await clock.advance(3_600_000);
    expect(receiver.heard).toHaveLength(40);
    expect(receiver.heard.slice(1).every((each) => each.interrupted)).toBe(true);
    expect(store.outbox.list({ state: 'parked', limit: 10 }).items).toMatchObject([
      { orderNo: 'A1', why: 'not_understood' },
    ]);
    await drain.stop();
  });

  test('goes on with an entry that is due again at once, whoever hears of its commit before its try has ended', async () => {
    const { store, drain, receiver, clock, hub } = world();
    tell(store, 'A1', 1);
    receiver.onKept = async () => {
      hub.tell({ kind: 'committed' });
      await sleep(clock, 5);
    };
    receiver.dueAgain = 3;
    drain.start();
    await clock.advance(200);
    expect(receiver.heard).toHaveLength(4);
    expect(receiver.inFlightMost).toBe(1);
    expect(store.outbox.counts().due).toBe(0);
    await drain.stop();
  });

  test('writes nothing once it is stopped, not even what waits for the end of the turn', async () => {
    const { store, drain, clock, db } = world();
    tell(store, 'A1', 1);
    drain.start();
    // The lease is asked for, and its commit is to come.
    const stopped = drain.stop();
    await clock.advance(10);
    await stopped;
    expect(db.prepare('SELECT lease_holder FROM outbox').pluck().get()).toBeNull();
  });

  test('a restart takes up what was under way, and says that it was interrupted', async () => {
    const first = world();
    tell(first.store, 'A1', 1);
    first.receiver.hold = new Promise(() => {});
    first.drain.start();
    await first.clock.advance(20);
    expect(first.receiver.heard).toHaveLength(1);
    void first.drain.stop();
    const second = world(first.db, first.clock);
    second.drain.start();
    await second.clock.advance(20);
    expect(second.receiver.heard).toMatchObject([{ orderNo: 'A1', interrupted: true }]);
    await second.drain.stop();
  });

  test('leaves what another process has under way alone until its lease runs out', async () => {
    const first = world(undefined, undefined, false);
    tell(first.store, 'A1', 1);
    first.receiver.hold = new Promise(() => {});
    first.drain.start();
    await first.clock.advance(20);
    // It is killed: nothing of it goes on.
    void first.drain.stop();
    const second = world(first.db, first.clock, false);
    second.drain.start();
    await second.clock.advance(LEASE_MS - 1_000);
    expect(second.receiver.heard).toEqual([]);
    await second.clock.advance(3_000);
    expect(second.receiver.heard).toMatchObject([{ orderNo: 'A1', interrupted: true }]);
    await second.drain.stop();
  });

  test('a clock that is set back while something waits holds nothing up', async () => {
    const { store, drain, receiver, clock } = world();
    tell(store, 'A1', 1);
    receiver.verdict = 'silent';
    drain.start();
    await clock.advance(100);
    clock.jumpWall(-3_600_000);
    receiver.verdict = 'answered';
    await clock.advance(2_000);
    expect(receiver.heard).toHaveLength(2);
    await drain.stop();
  });

  test('a due time that a clock far ahead has written does not hold an entry up after a restart', async () => {
    const first = world();
    tell(first.store, 'A1', 1);
    first.db.prepare('UPDATE outbox SET due_at_ms = due_at_ms + 86400000').run();
    first.drain.start();
    await first.clock.advance(20);
    expect(first.receiver.heard).toHaveLength(1);
    await first.drain.stop();
  });
});
