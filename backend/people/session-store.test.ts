import { describe, expect, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { haveRedis, sweep, testPrefix, testRedis } from '../../test/locks/redis.ts';
import { connectRedis } from '../locks/redis-connection.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { sessionConformance } from './conformance.ts';
import { redisSessions } from './redis-sessions.ts';
import { databaseSessions } from './session-store.ts';

sessionConformance('the database', async () => {
  const db = openMemoryDatabase();
  const store = createStore(db);
  return {
    kept: databaseSessions(store),
    addPerson: (personId) =>
      store.transact(() =>
        store.people.insert({ personId, name: personId, role: 'cashier', pin: 'x', createdAtMs: 0 }),
      ),
    async close() {
      db.close();
    },
  };
});

describe.runIf(await haveRedis())('with a real Redis', () => {
  sessionConformance('Redis', async () => {
    const prefix = testPrefix();
    const redis = await testRedis(prefix);
    return {
      kept: redisSessions(redis),
      addPerson() {},
      async close() {
        await sweep(redis, prefix);
        redis.close();
      },
    };
  });
});

test('a Redis that is away lets nobody in, and says so', async () => {
  const kept = redisSessions(
    connectRedis(
      { url: 'redis://127.0.0.1:1', keyPrefix: 'none:' },
      { clock: systemClock(), log: silentLog() },
    ),
  );
  await expect(kept.alive('s1', 0)).rejects.toMatchObject({ code: 'sessions_unavailable' });
  await expect(kept.lock('s1', 0)).rejects.toMatchObject({ code: 'sessions_unavailable' });
  kept.close();
});
