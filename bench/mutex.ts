import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inProcessMutex } from '../backend/locks/in-process.ts';
import type { OrderMutex } from '../backend/locks/order-mutex.ts';
import { redisMutex } from '../backend/locks/redis.ts';
import { sqliteLease } from '../backend/locks/sqlite-lease.ts';
import { openStorage } from '../backend/store/database.ts';
import { leasesTable } from '../backend/store/leases.ts';
import { systemClock } from '../ports/clock.ts';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { haveRedis, sweep, testPrefix, testRedis } from '../test/locks/redis.ts';
import { ratio, ratioLine } from './measure.ts';

const ROUNDS = { rounds: 21, roundMs: 80, inFlight: 1 };
const ports = { clock: systemClock(), random: systemRandom(), log: silentLog() };

/** Taking an order's lock and giving it back, nobody else about: ours against the bare operation it rests on. */
export async function run(): Promise<void> {
  console.log('Order mutex, acquire and release, rate against the bare operation (more is better):');
  await inProcess();
  await sqlite();
  if (await haveRedis()) await redis();
}

let count = 0;

/** Orders come and go: no two rounds lock the same one. */
function taking(mutex: OrderMutex): () => unknown {
  return () => mutex.run(`B${count++}`, 1_000, async () => {});
}

async function inProcess(): Promise<void> {
  const bare = async () => {};
  const value = await ratio(taking(inProcessMutex(ports.clock)), bare, ROUNDS);
  console.log(ratioLine('in process against a bare promise', value));
}

async function sqlite(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const storage = openStorage(dir, 'shared');
  const db = storage.leases;
  if (!db) throw new Error('Not shared.');
  db.exec('CREATE TABLE bare (order_no TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT');
  const insert = db.prepare('INSERT INTO bare VALUES (?, ?)');
  const remove = db.prepare('DELETE FROM bare WHERE order_no = ?');
  const take = db.transaction((orderNo: string) => insert.run(orderNo, 1)).immediate;
  const giveBack = db.transaction((orderNo: string) => remove.run(orderNo)).immediate;
  const mutex = sqliteLease({ ...ports, leases: leasesTable(db), holder: 'BENCH' });
  const bare = async () => {
    const orderNo = `B${count++}`;
    take(orderNo);
    giveBack(orderNo);
  };
  const value = await ratio(taking(mutex), bare, ROUNDS);
  console.log(ratioLine('SQLite lease against a bare pair of transactions', value));
  storage.close();
  rmSync(dir, { recursive: true, force: true });
}

async function redis(): Promise<void> {
  const prefix = testPrefix();
  const connection = await testRedis(prefix);
  const { client } = connection;
  const mutex = redisMutex({ ...ports, redis: connection, holder: 'BENCH', greatestSeen: () => 0 });
  const owner = randomUUID();
  const bare = async () => {
    const orderNo = `B${count++}`;
    await client.set(orderNo, owner, 'PX', 4_000, 'NX');
    await client.del(orderNo);
  };
  const value = await ratio(taking(mutex), bare, ROUNDS);
  console.log(ratioLine('Redis against a bare SET NX PX and DEL', value));
  await sweep(connection, prefix);
  connection.close();
}
