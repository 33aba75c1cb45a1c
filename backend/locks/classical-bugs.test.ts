import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { SECOND, sleep, systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { haveRedis, sweep, testPrefix, testRedis } from '../../test/locks/redis.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { StaleHold } from '../store/fences.ts';
import { createStore } from '../store/store.ts';
import type { LeaseTimes } from './lease.ts';
import { type Hold, LeaseLost, OrderBusy } from './order-mutex.ts';
import { redisMutex } from './redis.ts';
import { orderKeys, type RedisConnection } from './redis-connection.ts';

/**
 * Every bug that home-made Redis locks are known for: first shown with a naive lock, so that the test can
 * tell; then shown to be absent from ours, on the same Redis.
 */
const KEY = 'naive';
const KEYS = orderKeys('A1');
const LEASE_MS = 400;
const clock = systemClock();

let redis: RedisConnection;
let other: RedisConnection;
let prefix: string;

function ours(change: { redis?: RedisConnection; times?: Partial<LeaseTimes>; isDead?: boolean } = {}) {
  return redisMutex({
    // A dead process is one whose timers no longer run.
    clock: change.isDead ? { ...clock, after: () => () => {} } : clock,
    random: systemRandom(),
    log: silentLog(),
    redis: change.redis ?? redis,
    holder: 'T0MW',
    greatestSeen: () => 0,
    times: { leaseMs: LEASE_MS, holdMaxMs: 10_000, ticketMs: LEASE_MS, ...change.times },
  });
}

/** Takes our lock and keeps it until told. */
async function take(mutex: ReturnType<typeof ours>) {
  const ended = Promise.withResolvers<void>();
  const held = Promise.withResolvers<Hold>();
  const done = mutex.run('A1', 10 * SECOND, (hold) => {
    held.resolve(hold);
    return ended.promise;
  });
  done.catch(held.reject);
  return {
    hold: await held.promise,
    async end() {
      ended.resolve();
      await done;
    },
  };
}

describe.skipIf(!(await haveRedis()))('a classical bug of Redis locks', () => {
  beforeEach(async () => {
    prefix = testPrefix();
    redis = await testRedis(prefix);
    other = await testRedis(prefix);
  });
  afterEach(async () => {
    await sweep(redis, prefix);
    redis.close();
    other.close();
  });

  test('SETNX without an end: a holder that dies keeps the lock for ever', async () => {
    await redis.client.setnx(KEY, '1');
    expect(await redis.client.pttl(KEY)).toBe(-1);

    const dead = await take(ours({ isDead: true }));
    const left = await redis.client.pttl(KEYS.lock);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(LEASE_MS);
    await ours({ redis: other }).run('A1', 10 * SECOND, async () => {});
    await dead.end();
  });

  test('SETNX and then EXPIRE: a death in between keeps the lock for ever', async () => {
    await redis.client.setnx(KEY, '1');
    // Here the process dies; EXPIRE is never sent.
    expect(await redis.client.pttl(KEY)).toBe(-1);

    // Ours dies after each of its commands in turn: whatever it leaves has an end.
    for (let commands = 1; commands <= 4; commands++) {
      const mortal = await testRedis(prefix);
      let sent = 0;
      const send = mortal.client.sendCommand.bind(mortal.client);
      mortal.client.sendCommand = (...command) => {
        if (sent >= commands) return Promise.reject(new Error('dead'));
        sent += 1;
        return send(...command);
      };
      await ours({ redis: mortal, isDead: true })
        .run('A1', 20, () => Promise.reject(new Error('died')))
        .catch(() => {});
      mortal.close();
      for (const key of [KEYS.lock, KEYS.queue, KEYS.alive])
        expect(await redis.client.pttl(key)).not.toBe(-1);
      await ours({ redis: other }).run('A1', 10 * SECOND, async () => {});
    }
  });

  test('DEL of somebody else’s lock: a late holder lets a third one in', async () => {
    await redis.client.set(KEY, '1', 'PX', 30, 'NX');
    await vi.waitFor(async () => expect(await other.client.set(KEY, '1', 'PX', 5_000, 'NX')).toBe('OK'));
    await redis.client.del(KEY);
    expect(await redis.client.set(KEY, '1', 'PX', 5_000, 'NX')).toBe('OK');

    const late = await take(ours({ isDead: true }));
    const second = await take(ours({ redis: other }));
    await late.end();
    await expect(ours().run('A1', 50, async () => {})).rejects.toBeInstanceOf(OrderBusy);
    expect(second.hold.isLive()).toBe(true);
    await second.end();
  });

  test('GETSET: who loses the race overwrites the winner, who can then no longer unlock', async () => {
    const value = (who: string, endsMs: number) => JSON.stringify({ who, endsMs });
    await redis.client.set(KEY, value('dead', clock.nowMs() - 1));
    const seenByB = await redis.client.get(KEY);
    const seenByC = await other.client.get(KEY);
    const b = value('B', clock.nowMs() + 5_000);
    expect(await redis.client.getset(KEY, b)).toBe(seenByB);
    // C sees by the answer that it has lost, but has already written.
    expect(await other.client.getset(KEY, value('C', clock.nowMs() + 9_000))).not.toBe(seenByC);
    expect(await redis.client.get(KEY)).not.toBe(b);

    const dead = await take(ours({ isDead: true }));
    const [b2, c2] = [ours(), ours({ redis: other })];
    let inside = 0;
    await Promise.all(
      [b2, c2, b2, c2].map((mutex) =>
        mutex.run('A1', 10 * SECOND, async () => {
          const mine = await redis.client.get(KEYS.lock);
          expect(++inside).toBe(1);
          await sleep(clock, 20);
          // Nobody who waited has touched the winner's lock.
          expect(await redis.client.get(KEYS.lock)).toBe(mine);
          inside -= 1;
        }),
      ),
    );
    expect(await redis.client.exists(KEYS.lock)).toBe(0);
    await dead.end();
  });

  test('no fencing: a holder that was paused past its end writes over the next one’s work', async () => {
    let written = '';
    await redis.client.set(KEY, 'A', 'PX', 30, 'NX');
    await vi.waitFor(async () => expect(await other.client.set(KEY, 'B', 'PX', 5_000, 'NX')).toBe('OK'));
    written = 'B';
    written = 'A';
    expect(written).toBe('A');

    const store = createStore(openMemoryDatabase());
    const write = (who: string, hold: Hold) =>
      store.transact(() => store.sessions.add(who, 2, 1), { fence: hold });
    const paused = await take(ours({ isDead: true }));
    await ours({ redis: other }).run('A1', 10 * SECOND, async (hold) => void write('B', hold));
    expect(() => write('A', paused.hold)).toThrow(StaleHold);
    // Nor would a holder that believes its clock: its token is older than one that was seen.
    expect(() => write('A', { ...paused.hold, isLive: () => true })).toThrow(StaleHold);
    expect(store.sessions.has('A', 1)).toBe(false);
    expect(store.sessions.has('B', 1)).toBe(true);
    await paused.end();
  });

  test('renewing and unlocking race: the renewal puts back a lock that nobody holds', async () => {
    await redis.client.set(KEY, 'A', 'PX', 5_000, 'NX');
    // The watchdog found the lock in its own hands, and then the holder unlocked.
    expect(await other.client.get(KEY)).toBe('A');
    await redis.client.del(KEY);
    await other.client.set(KEY, 'A', 'PX', 60_000);
    expect(await redis.client.set(KEY, 'B', 'PX', 5_000, 'NX')).toBeNull();

    const mutex = ours({ times: { leaseMs: 45 } });
    for (let round = 0; round < 20; round++) {
      await mutex.run('A1', 10 * SECOND, () => sleep(clock, 13 + (round % 5)));
      expect(await redis.client.exists(KEYS.lock)).toBe(0);
    }
    await sleep(clock, 45);
    expect(await redis.client.exists(KEYS.lock)).toBe(0);
  });

  test('a watchdog without bounds: work that hangs keeps the lock for ever', async () => {
    // So long that a busy machine does not miss five renewals in a row.
    await redis.client.set(KEY, 'A', 'PX', 1_000, 'NX');
    const watchdog = setInterval(() => void redis.client.pexpire(KEY, 1_000), 200);
    await sleep(clock, 2_500);
    expect(await other.client.set(KEY, 'B', 'PX', 1_000, 'NX')).toBeNull();
    clearInterval(watchdog);

    const hanging = await take(ours({ times: { holdMaxMs: 500 } }));
    await ours({ redis: other }).run('A1', 10 * SECOND, async () => {});
    expect(hanging.hold.isLive()).toBe(false);
    await vi.waitFor(() => expect(hanging.hold.signal.reason).toBeInstanceOf(LeaseLost));
    await hanging.end();
  });
});
