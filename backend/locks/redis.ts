import { Mutex } from 'redis-semaphore';
import { type Clock, HOUR } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { mutexFrame } from './frame.ts';
import { type Instants, instants, keepLease, LEASE_TIMES, type LeaseTimes } from './lease.ts';
import type { OrderMutex } from './order-mutex.ts';
import { type Look, standInLine } from './queue.ts';
import { orderKeys, type RedisConnection, script } from './redis-connection.ts';

/** The last token is kept this long; after that a new count starts from the time, which is greater. */
const TOKEN_MS = 24 * HOUR;

/**
 * The order mutex of several machines. The lock itself is the library's (set if absent with an end, prolong
 * and delete if equal); ours are the queue that makes it first come, first served, and the fencing token.
 */
export function redisMutex(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  redis: RedisConnection;
  /** Who holds, for those who wait: the till's id. */
  holder: string;
  /** The greatest token that this till has seen, should Redis have forgotten it. */
  greatestSeen(orderNo: string): number;
  times?: LeaseTimes;
}): OrderMutex {
  const { clock, random, log, redis } = deps;
  const times = deps.times ?? LEASE_TIMES;

  /** The library's mutex without its own waiting and its own watchdog: see docs/decisions/0010. */
  function lockOf(orderNo: string, owner: string, isOurs: boolean): Mutex {
    return new Mutex(redis.client, orderKeys(orderNo).lockName, {
      identifier: owner,
      lockTimeout: times.leaseMs,
      acquireAttemptsLimit: 1,
      retryInterval: 0,
      refreshInterval: 0,
      ...(isOurs ? { acquiredExternally: true } : {}),
    });
  }

  /** Never throws: a lock that cannot be given back runs out by itself. */
  async function giveBack(orderNo: string, owner: string): Promise<void> {
    const { queue, alive } = orderKeys(orderNo);
    try {
      await redis.reach(async () => {
        await Promise.all([
          lockOf(orderNo, owner, true).release(),
          redis.client.zrem(queue, owner),
          redis.client.zrem(alive, owner),
        ]);
      });
    } catch (err) {
      log.warn({ orderNo, err }, 'lock not given back; it runs out by itself');
    }
  }

  return mutexFrame(async (orderNo, waitMs, stopped) => {
    const { lock, queue, alive, token: tokenKey } = orderKeys(orderNo);
    const owner = `${deps.holder}:${randomText(random, ALPHANUMERIC, 16)}`;

    async function look(): Promise<Look<{ token: number; takenAt: Instants }>> {
      const place = await redis.script(STAND, [queue, alive, lock], [owner, times.ticketMs]);
      const [before, value, leftMs] = place as [number, string, number];
      const first = {
        holder: value === '' ? null : value.slice(0, value.lastIndexOf(':')),
        untilMs: leftMs > 0 ? clock.nowMs() + leftMs : null,
      };
      if (before > 0 || value !== '') return { before: before + 1, ...first };
      const takenAt = instants(clock);
      // Both are sent at once, in this order: the second finds what the first has done.
      const [, token] = await redis.reach(() =>
        Promise.all([
          lockOf(orderNo, owner, false).tryAcquire(),
          redis.script(ENTER, [lock, queue, alive, tokenKey], [owner, deps.greatestSeen(orderNo), TOKEN_MS]),
        ]),
      );
      // Null: somebody else has it, or it ran out while we were held up before we had begun.
      return token === null ? { before: 1, ...first } : { turn: { token: Number(token), takenAt } };
    }

    const taken = await standInLine(deps, {
      orderNo,
      waitMs,
      stopped,
      look,
      leave: () => giveBack(orderNo, owner),
    });
    const kept = keepLease(clock, {
      orderNo,
      token: taken.token,
      takenAt: taken.takenAt,
      times,
      renew: () => redis.reach(() => lockOf(orderNo, owner, true).tryAcquire()),
    });
    return {
      hold: kept.hold,
      async release() {
        await kept.stop();
        await redis
          .reach(() => lockOf(orderNo, owner, true).release())
          .catch((err) => log.warn({ orderNo, err }, 'lock not given back; it runs out by itself'));
      },
    };
  });
}

/**
 * Takes a place in the queue, or keeps it alive, after those that were not heard of have lost theirs.
 * Answers how many are before us, and the lock's value ('' when free) and remaining life.
 */
const STAND = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do
  redis.call('ZREM', KEYS[1], dead)
  redis.call('ZREM', KEYS[2], dead)
end
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
  redis.call('ZADD', KEYS[1], (last[2] or 0) + 1, ARGV[1])
end
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 2)
redis.call('PEXPIRE', KEYS[2], ARGV[2] * 2)
return { redis.call('ZRANK', KEYS[1], ARGV[1]), redis.call('GET', KEYS[3]) or '', redis.call('PTTL', KEYS[3]) }
`);

/** Leaves the queue with the lock in hand and takes the next token: greater than all before, and than the till's own. */
const ENTER = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return false end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local last = tonumber(redis.call('GET', KEYS[4]) or now)
local token = string.format('%.0f', math.max(last, tonumber(ARGV[2])) + 1)
redis.call('SET', KEYS[4], token, 'PX', ARGV[3])
return token
`);
