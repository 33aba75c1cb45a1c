import { randomUUID } from 'node:crypto';
import { connectRedis, type RedisConnection } from '../../backend/locks/redis-connection.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';

/** The Redis that tests use; each under a prefix of its own. */
export const TEST_REDIS = process.env.MIANFU_TEST_REDIS ?? 'redis://127.0.0.1:6379';

export function testPrefix(): string {
  return `mianfu-test:${randomUUID()}:`;
}

/**
 * Whether the tests with the real Redis can run. In CI they must: there a missing Redis fails them; elsewhere
 * they are skipped, and say so.
 */
export async function haveRedis(): Promise<boolean> {
  const redis = connectRedis({ url: TEST_REDIS, keyPrefix: '' }, { clock: systemClock(), log: silentLog() });
  try {
    await redis.reach(() => redis.client.ping());
    return true;
  } catch {
    if (process.env.CI) return true;
    console.warn(`SKIPPED: no Redis at ${TEST_REDIS}. Start redis-server, or set MIANFU_TEST_REDIS.`);
    return false;
  } finally {
    redis.close();
  }
}

/** A connection of its own; rejects when there is none. */
export async function testRedis(keyPrefix: string): Promise<RedisConnection> {
  const redis = connectRedis({ url: TEST_REDIS, keyPrefix }, { clock: systemClock(), log: silentLog() });
  await redis.reach(() => redis.client.ping());
  return redis;
}

/** Removes everything under a prefix. */
export async function sweep(redis: RedisConnection, keyPrefix: string): Promise<void> {
  const keys = await redis.client.keys(`${keyPrefix}*`);
  await Promise.all(keys.map((key) => redis.client.del(key.slice(keyPrefix.length))));
}
