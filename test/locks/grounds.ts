import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from '../../backend/locks/conformance.ts';
import { inProcessMutex } from '../../backend/locks/in-process.ts';
import { redisMutex } from '../../backend/locks/redis.ts';
import { orderKeys } from '../../backend/locks/redis-connection.ts';
import { sqliteLease } from '../../backend/locks/sqlite-lease.ts';
import { openStorage } from '../../backend/store/database.ts';
import { leasesTable } from '../../backend/store/leases.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { sweep, testPrefix, testRedis } from './redis.ts';

const HOLDER = 'T0MW';
const ports = () => ({ clock: systemClock(), random: systemRandom(), log: silentLog() });

export async function processGround(): Promise<Ground> {
  return {
    open: (change) => inProcessMutex(change?.clock ?? systemClock(), HOLDER),
    leased: null,
    async close() {},
  };
}

/** A real file; every instance has connections of its own, as in a process of its own. */
export async function sqliteGround(): Promise<Ground> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-locks-'));
  const storages = [openStorage(dir, 'shared')];
  const db = storages[0]?.db;
  const rows = (orderNo: string, held: number) =>
    db
      ?.prepare('SELECT count(*) FROM leases WHERE order_no = ? AND held = ?')
      .pluck()
      .get(orderNo, held) as number;
  return {
    open(change) {
      const storage = openStorage(dir, 'shared');
      storages.push(storage);
      if (!storage.leases) throw new Error('Not shared.');
      return sqliteLease({ ...ports(), holder: HOLDER, ...change, leases: leasesTable(storage.leases) });
    },
    leased: {
      waiting: async (orderNo) => rows(orderNo, 0),
      isFree: async (orderNo) => rows(orderNo, 0) + rows(orderNo, 1) === 0,
      async steal(orderNo) {
        db?.prepare('DELETE FROM leases WHERE order_no = ? AND held = 1').run(orderNo);
      },
    },
    async close() {
      for (const storage of storages.reverse()) storage.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The real Redis; every instance has a connection of its own. */
export async function redisGround(): Promise<Ground> {
  const prefix = testPrefix();
  const connections = [await testRedis(prefix)];
  const [redis] = connections;
  if (!redis) throw new Error('No connection.');
  const { client } = redis;
  // Each instance connects while its first caller waits; those are here beforehand.
  for (let n = 0; n < 4; n++) connections.push(await testRedis(prefix));
  let opened = 0;
  return {
    open(change) {
      opened += 1;
      const connection = connections[opened];
      if (!connection) throw new Error('Too many instances.');
      return redisMutex({ ...ports(), holder: HOLDER, ...change, redis: connection, greatestSeen: () => 0 });
    },
    leased: {
      waiting: (orderNo) => client.zcard(orderKeys(orderNo).queue),
      isFree: async (orderNo) =>
        (await client.exists(orderKeys(orderNo).lock, orderKeys(orderNo).queue, orderKeys(orderNo).alive)) ===
        0,
      async steal(orderNo) {
        await client.del(orderKeys(orderNo).lock);
      },
    },
    async close() {
      await sweep(redis, prefix);
      for (const connection of connections) connection.close();
    },
  };
}
