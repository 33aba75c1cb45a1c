import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clock, SECOND, sleep, systemClock } from '../../ports/clock.ts';
import type { LeaseTimes } from './lease.ts';
import {
  type Hold,
  LeaseLost,
  LockUnavailable,
  OrderBusy,
  type OrderMutex,
  OrderReentered,
} from './order-mutex.ts';

/** Where a holder keeps its locks, with what the suite must be able to see and to break. */
export interface Ground {
  /** A further instance on the same ground, as another process or machine would be. */
  open(change?: { times?: LeaseTimes; clock?: Clock; holder?: string }): OrderMutex;
  /** Null where holds are not leases: they cannot be lost, and there is only one instance. */
  leased: {
    /** How many wait for the order. */
    waiting(orderNo: string): Promise<number>;
    /** Whether the order is neither held nor waited for. */
    isFree(orderNo: string): Promise<boolean>;
    /** Takes the lease away from whoever has it. */
    steal(orderNo: string): Promise<void>;
  } | null;
  close(): Promise<void>;
}

/** Far longer than anything here takes, also on a machine that is busy. */
const PATIENCE_MS = 15 * SECOND;
/** Short, and yet long against how late a busy machine may run a timer. */
const SHORT: LeaseTimes = { leaseMs: 600, holdMaxMs: 30_000, ticketMs: 600 };

/** What every holder of the order mutex promises. `setup` is run before each test. */
export function mutexConformance(name: string, isLeased: boolean, setup: () => Promise<Ground>): void {
  const clock = systemClock();
  let ground: Ground;
  let mutexes: OrderMutex[];

  function open(change?: Parameters<Ground['open']>[0]): OrderMutex {
    const mutex = ground.open(change);
    mutexes.push(mutex);
    return mutex;
  }

  /** Several instances, where there can be. */
  function openThree(times?: LeaseTimes): OrderMutex[] {
    const change = times ? { times } : {};
    return isLeased ? [open(change), open(change), open(change)] : Array(3).fill(open(change));
  }

  function leased(): NonNullable<Ground['leased']> {
    if (!ground.leased) throw new Error('Not a lease.');
    return ground.leased;
  }

  /** Resolves once so many wait. In one process they stand in line as soon as they have asked. */
  async function waitingIs(count: number, orderNo = 'A1'): Promise<void> {
    if (!isLeased) return;
    await vi.waitFor(async () => expect(await leased().waiting(orderNo)).toBe(count), {
      timeout: PATIENCE_MS,
      interval: 2,
    });
  }

  /** Takes the order and keeps it until told. */
  async function take(mutex: OrderMutex, orderNo = 'A1') {
    const ended = Promise.withResolvers<void>();
    const held = Promise.withResolvers<Hold>();
    const done = mutex.run(orderNo, PATIENCE_MS, async (hold) => {
      held.resolve(hold);
      await ended.promise;
    });
    done.catch(held.reject);
    return {
      hold: await held.promise,
      end: () => {
        ended.resolve();
        return done;
      },
    };
  }

  const enter = (mutex: OrderMutex | undefined, orderNo = 'A1') =>
    mutex?.run(orderNo, PATIENCE_MS, async (hold) => hold);

  describe(`the order mutex ${name}`, () => {
    beforeEach(async () => {
      ground = await setup();
      mutexes = [];
    });
    afterEach(async () => {
      await Promise.all(mutexes.map((mutex) => mutex.stop()));
      await ground.close();
    });

    test('serves first come, first served, whoever comes', async () => {
      const instances = openThree();
      const first = await take(instances[0] as OrderMutex);
      const served: number[] = [];
      const waiting: (Promise<unknown> | undefined)[] = [];
      for (let n = 0; n < 15; n++) {
        waiting.push(instances[n % 3]?.run('A1', PATIENCE_MS, async () => served.push(n)));
        await waitingIs(n + 1);
      }
      await first.end();
      await Promise.all(waiting);
      expect(served).toEqual(Array.from({ length: 15 }, (_, n) => n));
    });

    test('lets one in at a time, each with a greater token than the one before', async () => {
      const instances = openThree();
      let inside = 0;
      let insideMost = 0;
      const tokens: (number | null)[] = [];
      await Promise.all(
        Array.from({ length: 45 }, (_, n) =>
          instances[n % 3]?.run('A1', PATIENCE_MS, async ({ token }) => {
            inside += 1;
            insideMost = Math.max(insideMost, inside);
            tokens.push(token);
            await sleep(clock, n % 4);
            inside -= 1;
          }),
        ),
      );
      expect([insideMost, tokens.length]).toEqual([1, 45]);
      if (isLeased)
        expect(tokens.every((token, n) => n === 0 || (token ?? 0) > (tokens[n - 1] ?? 0))).toBe(true);
      else expect(new Set(tokens)).toEqual(new Set([null]));
    });

    test('lets different orders through side by side', async () => {
      const [one, two] = openThree();
      const first = await take(one as OrderMutex, 'A1');
      expect((await enter(two, 'A2'))?.orderNo).toBe('A2');
      await first.end();
    });

    test('waits only so long, says who holds the order, and loses nobody behind', async () => {
      const [one, two, three] = openThree() as [OrderMutex, OrderMutex, OrderMutex];
      const first = await take(one);
      const ran: string[] = [];
      const late = two.run('A1', 60, async () => void ran.push('late')).catch((error) => error);
      await waitingIs(1);
      const patient = three.run('A1', PATIENCE_MS, async () => void ran.push('patient'));
      const busy = await late;
      expect(busy).toBeInstanceOf(OrderBusy);
      expect(busy).toMatchObject({ orderNo: 'A1', holder: 'T0MW' });
      if (isLeased) expect(busy.untilMs).toBeGreaterThan(clock.nowMs() - PATIENCE_MS);
      await first.end();
      await patient;
      expect(ran).toEqual(['patient']);
    });

    test('is entered by nobody twice, however deep; other orders may be, and later work may', async () => {
      const [mutex] = openThree() as [OrderMutex];
      let later: Promise<string> | undefined;
      const gate = Promise.withResolvers<void>();
      await mutex.run('A1', PATIENCE_MS, async () => {
        await expect(mutex.run('A1', PATIENCE_MS, async () => {})).rejects.toBeInstanceOf(OrderReentered);
        await mutex.run('A2', PATIENCE_MS, async () => {
          await expect(mutex.run('A1', PATIENCE_MS, async () => {})).rejects.toBeInstanceOf(OrderReentered);
        });
        // Work that outlives the lock under which it began.
        later = gate.promise.then(() => mutex.run('A1', PATIENCE_MS, async () => 'in'));
      });
      gate.resolve();
      expect(await later).toBe('in');
    });

    test('is free again after work that failed', async () => {
      const [mutex] = openThree() as [OrderMutex];
      await expect(
        mutex.run('A1', PATIENCE_MS, async () => {
          throw new Error('bug');
        }),
      ).rejects.toThrow('bug');
      expect((await enter(mutex))?.orderNo).toBe('A1');
      if (isLeased) expect(await leased().isFree('A1')).toBe(true);
    });

    test('counts as held only while it is', async () => {
      const [mutex] = openThree() as [OrderMutex];
      let during = false;
      const hold = await mutex.run('A1', PATIENCE_MS, async (held) => {
        during = held.isLive();
        return held;
      });
      expect([during, hold.isLive(), hold.signal.aborted]).toEqual([true, false, false]);
    });

    test('stops in order: the waiting are sent away, the holder ends its work, nobody new is let in', async () => {
      const [mutex] = openThree() as [OrderMutex];
      const first = await take(mutex);
      const waiting = mutex.run('A1', PATIENCE_MS, async () => 'in').catch((error) => error);
      await waitingIs(1);
      let isStopped = false;
      const stopping = mutex.stop().then(() => {
        isStopped = true;
      });
      const sentAway = await waiting;
      expect(sentAway).toBeInstanceOf(LockUnavailable);
      expect([sentAway.reason, isStopped, first.hold.isLive()]).toEqual(['stopping', false, true]);
      await first.end();
      await stopping;
      await expect(mutex.run('A1', PATIENCE_MS, async () => {})).rejects.toBeInstanceOf(LockUnavailable);
      if (isLeased) expect(await leased().isFree('A1')).toBe(true);
    });
  });

  if (!isLeased) return;

  describe(`a lease ${name}`, () => {
    beforeEach(async () => {
      ground = await setup();
      mutexes = [];
    });
    afterEach(async () => {
      await Promise.all(mutexes.map((mutex) => mutex.stop()));
      await ground.close();
    });

    test('is renewed as long as the work goes on', async () => {
      const [one, two] = openThree(SHORT) as [OrderMutex, OrderMutex];
      const first = await take(one);
      await expect(two.run('A1', 3 * SHORT.leaseMs, async () => 'in')).rejects.toBeInstanceOf(OrderBusy);
      expect([first.hold.isLive(), first.hold.signal.aborted]).toEqual([true, false]);
      await first.end();
    });

    test('is not renewed for ever: work that hangs loses it, is told, and the next is let in', async () => {
      const times = { ...SHORT, holdMaxMs: 900 };
      const [one, two] = openThree(times) as [OrderMutex, OrderMutex];
      const hanging = await take(one);
      const next = await enter(two);
      expect(hanging.hold.isLive()).toBe(false);
      expect(next?.token).toBeGreaterThan(hanging.hold.token ?? 0);
      await vi.waitFor(() => expect(hanging.hold.signal.reason).toBeInstanceOf(LeaseLost));
      await hanging.end();
    });

    test('that was taken away is noticed, and giving it back takes nothing from the next', async () => {
      const [one, two, three] = openThree(SHORT) as [OrderMutex, OrderMutex, OrderMutex];
      const robbed = await take(one);
      await leased().steal('A1');
      const next = await take(two);
      expect(next.hold.token).toBeGreaterThan(robbed.hold.token ?? 0);
      await vi.waitFor(() => expect(robbed.hold.signal.reason).toBeInstanceOf(LeaseLost), 5_000);
      await robbed.end();
      await expect(three.run('A1', 50, async () => 'in')).rejects.toBeInstanceOf(OrderBusy);
      expect(next.hold.isLive()).toBe(true);
      await next.end();
    });

    test('of a process that died runs out: the next waits no longer than that', async () => {
      const dead = await take(open({ times: SHORT, clock: stoppedTimers() }));
      const startedMs = clock.monotonicMs();
      await enter(open({ times: SHORT }));
      expect(clock.monotonicMs() - startedMs).toBeLessThan(SHORT.leaseMs + 1_500);
      expect(dead.hold.isLive()).toBe(false);
      await dead.end();
    });

    test('is not kept from the living by those who died in the queue', async () => {
      const first = await take(open({ times: SHORT }));
      const dead = open({ times: SHORT, clock: stoppedTimers() });
      const never = dead.run('A1', PATIENCE_MS, async () => 'in').catch(() => 'sent away');
      await waitingIs(1);
      const living = enter(open({ times: SHORT }));
      await waitingIs(2);
      await first.end();
      expect((await living)?.orderNo).toBe('A1');
      await dead.stop();
      expect(await never).toBe('sent away');
    });

    test('given back while it is being renewed leaves no orphan', async () => {
      const times = { ...SHORT, leaseMs: 45 };
      const mutex = open({ times });
      for (let round = 0; round < 40; round++) {
        await mutex.run(`R${round}`, PATIENCE_MS, () => sleep(clock, 13 + (round % 5)));
        expect(await leased().isFree(`R${round}`)).toBe(true);
      }
      // Nothing comes back by a renewal that was still on its way.
      await sleep(clock, 30);
      for (let round = 0; round < 40; round++) expect(await leased().isFree(`R${round}`)).toBe(true);
    });
  });
}

/** A process that was killed or paused: it took its turn, and then none of its timers runs. */
function stoppedTimers(): Clock {
  return { ...systemClock(), after: () => () => {} };
}
