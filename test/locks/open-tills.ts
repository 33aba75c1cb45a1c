import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@orpc/server';
import type { BackendPorts } from '../../backend/backend.ts';
import { redisMutex } from '../../backend/locks/redis.ts';
import { redisClaims } from '../../backend/locks/redis-claims.ts';
import { folderLocks, type Locks, type LockUser } from '../../backend/open-locks.ts';
import { openStorage } from '../../backend/store/database.ts';
import { leasesTable } from '../../backend/store/leases.ts';
import type { Problem } from '../../contract/errors.ts';
import type { Charge } from '../../contract/order.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { type TestTill, testTill } from '../fakes/till.ts';
import { sweep, testPrefix, testRedis } from './redis.ts';

export const ports = () => ({ clock: systemClock(), random: systemRandom(), log: silentLog() });
/** What is to be ended after a test, last begun first: `closeTills`. */
export const atEnd: (() => unknown)[] = [];

export async function closeTills(): Promise<void> {
  for (const end of atEnd.splice(0).reverse()) await end();
}

export interface OpenTill extends TestTill {
  locks: Locks | undefined;
  charge(orderNo?: string): Promise<Charge>;
  post(path: string, body: unknown): Promise<{ status: number; body: Problem & Charge }>;
}

/** A till on the real clock, over HTTP; `locks` as it would be given by its settings. */
export async function openTill(
  change: Omit<Partial<BackendPorts>, 'clock'> = {},
  open?: (user: LockUser) => Locks,
): Promise<OpenTill> {
  let locks: Locks | undefined;
  const till = testTill({
    clock: systemClock() as never,
    ...change,
    ...(open
      ? {
          locks: (user: LockUser) => {
            locks = open(user);
            return locks;
          },
        }
      : {}),
  });
  till.backend.start();
  const server: Server = createServer(till.backend.http);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  atEnd.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await till.backend.stop();
  });
  return {
    ...till,
    locks,
    charge: (orderNo) =>
      call(
        till.backend.api.charges.create,
        { ...(orderNo === undefined ? {} : { orderNo }), amountFen: 1250 },
        { context: { caller: 'integrator' } },
      ),
    async post(path, body) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
        method: 'POST',
        headers: { authorization: 'Bearer test-key-0123456789', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as Problem & Charge };
    },
  };
}

/** Three backends as three processes on one folder. */
export async function folderTills(): Promise<OpenTill[]> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-tills-'));
  atEnd.push(() => rmSync(dir, { recursive: true, force: true }));
  const tills: OpenTill[] = [];
  for (let n = 0; n < 3; n++) {
    const storage = openStorage(dir, 'shared');
    atEnd.push(() => storage.close());
    const leases = leasesTable(storage.leases ?? storage.db);
    tills.push(await openTill({ db: storage.db, isFolderShared: true }, folderLocks({ ...ports(), leases })));
  }
  return tills;
}

/** Three tills with databases of their own that share one Redis. */
export async function redisTills(): Promise<OpenTill[]> {
  const prefix = testPrefix();
  const sweeper = await testRedis(prefix);
  atEnd.push(async () => {
    await sweep(sweeper, prefix);
    sweeper.close();
  });
  const tills: OpenTill[] = [];
  for (let n = 0; n < 3; n++) {
    const redis = await testRedis(prefix);
    tills.push(
      await openTill({}, ({ tillId, greatestSeen }) => ({
        mutex: redisMutex({ ...ports(), redis, holder: tillId, greatestSeen }),
        claims: redisClaims({ clock: systemClock(), redis }),
        close: redis.close,
      })),
    );
  }
  return tills;
}

export async function tillId(till: OpenTill | undefined): Promise<string> {
  if (!till) throw new Error('No till.');
  return (await call(till.backend.api.till.get, undefined, { context: { caller: 'window' } })).tillId;
}
