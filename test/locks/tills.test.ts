import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@orpc/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { BackendPorts } from '../../backend/backend.ts';
import { redisMutex } from '../../backend/locks/redis.ts';
import { redisClaims } from '../../backend/locks/redis-claims.ts';
import { folderLocks, type Locks, type LockUser, redisLocks } from '../../backend/open-locks.ts';
import { openStorage } from '../../backend/store/database.ts';
import { leasesTable } from '../../backend/store/leases.ts';
import type { Problem } from '../../contract/errors.ts';
import type { Charge } from '../../contract/order.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { type TestTill, testTill } from '../fakes/till.ts';
import { haveRedis, sweep, TEST_REDIS, testPrefix, testRedis } from './redis.ts';

const withRedis = await haveRedis();
const ports = () => ({ clock: systemClock(), random: systemRandom(), log: silentLog() });
const atEnd: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of atEnd.splice(0).reverse()) await end();
});

interface OpenTill extends TestTill {
  locks: Locks | undefined;
  charge(orderNo?: string): Promise<Charge>;
  post(path: string, body: unknown): Promise<{ status: number; body: Problem & Charge }>;
}

/** A till on the real clock, over HTTP; `locks` as it would be given by its settings. */
async function openTill(
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
async function folderTills(): Promise<OpenTill[]> {
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
async function redisTills(): Promise<OpenTill[]> {
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

async function tillId(till: OpenTill | undefined): Promise<string> {
  if (!till) throw new Error('No till.');
  return (await call(till.backend.api.till.get, undefined, { context: { caller: 'window' } })).tillId;
}

describe.each<[string, () => Promise<OpenTill[]>]>([
  ['one process', async () => [await openTill()]],
  ['three processes on one folder', folderTills],
  ...(withRedis
    ? ([['three machines on one Redis', redisTills]] as [string, () => Promise<OpenTill[]>][])
    : []),
])('50 charges of one order at once, %s', (_, open) => {
  test('are one charge, with one trade at each wallet', async () => {
    const tills = await open();
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => tills[n % tills.length]?.charge('A1')),
    );
    const charges = answers.flatMap((each) =>
      each.status === 'fulfilled' && each.value ? [each.value] : [],
    );
    expect(charges.length).toBeGreaterThan(0);
    expect(new Set(charges.map((charge) => charge.chargeId)).size).toBe(1);
    const refused = answers.flatMap((each) =>
      each.status === 'rejected' ? [each.reason.code ?? each.reason] : [],
    );
    expect(refused.filter((code) => code !== 'order_elsewhere')).toEqual([]);
    for (const wallet of ['alipay', 'wechat'] as const) {
      const opened = tills.flatMap((till) => till[wallet].asked.filter(({ step }) => step === 'open'));
      expect(opened).toHaveLength(1);
    }
  });
});

describe.skipIf(!withRedis)('a second till', () => {
  test('is told which till has a live charge of the order, and until when', async () => {
    const [first, second] = (await redisTills()) as [OpenTill, OpenTill];
    const charge = await first.charge('A1');
    const { status, body } = await second.post('/charges', { orderNo: 'A1', amountFen: 1250 });
    expect([status, body.code, body.holder]).toEqual([409, 'order_elsewhere', await tillId(first)]);
    expect(Date.parse(body.until ?? '')).toBeGreaterThan(Date.parse(charge.expiresAt));
    expect(second.alipay.asked).toEqual([]);
    // The till that has it gets its charge again.
    expect((await first.charge('A1')).chargeId).toBe(charge.chargeId);
  });

  test('is refused an order whose number the first till has just made up', async () => {
    const [first, second] = (await redisTills()) as [OpenTill, OpenTill];
    const { orderNo } = await first.charge();
    const { status, body } = await second.post('/charges', { orderNo, amountFen: 1250 });
    expect([status, body.code, body.holder]).toEqual([409, 'order_elsewhere', await tillId(first)]);
    expect(second.alipay.asked).toEqual([]);
  });

  test('may charge once the first till’s charge has ended unpaid, and never once it was paid', async () => {
    const [first, second, third] = (await redisTills()) as [OpenTill, OpenTill, OpenTill];
    const { chargeId } = await first.charge('A1');
    await first.post(`/charges/${chargeId}/cancel`, {});
    const charge = await vi.waitFor(() => second.charge('A1'), { timeout: 15_000, interval: 50 });
    const paid = charge.trades.find((trade) => trade.channel === 'wechat')?.tradeNo ?? '';
    second.wechat.status.set(paid, 'paid');
    await second.post(`/charges/${charge.chargeId}/check`, {});
    await vi.waitFor(
      async () => {
        const { status, body } = await third.post('/charges', { orderNo: 'A1', amountFen: 1250 });
        expect([status, body.code]).toEqual([409, 'order_paid']);
      },
      { timeout: 15_000, interval: 50 },
    );
    expect(third.wechat.asked).toEqual([]);
  });

  test('is told which till is working on the order, and until when, if it stays locked', async () => {
    const [first, second] = (await redisTills()) as [OpenTill, OpenTill];
    const ended = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const working = first.locks?.mutex.run('A1', 1_000, () => {
      begun.resolve();
      return ended.promise;
    });
    await begun.promise;
    const { status, body } = await second.post('/orders', {
      orderNo: 'A1',
      amountFen: 1250,
      subject: '拿铁',
    });
    expect([status, body.code, body.holder]).toEqual([409, 'order_busy', await tillId(first)]);
    expect(Date.parse(body.until ?? '')).toBeGreaterThan(Date.now() - 4_000);
    ended.resolve();
    await working;
  });
});

test('a till whose Redis is away says so, and charges nobody', async () => {
  const till = await openTill({}, redisLocks({ ...ports(), url: 'redis://127.0.0.1:9' }));
  const { status, body } = await till.post('/charges', { orderNo: 'A1', amountFen: 1250 });
  expect([status, body.code]).toEqual([503, 'lock_unavailable']);
  expect(till.alipay.asked).toEqual([]);
});

describe.skipIf(!withRedis)('a Redis that goes away while nobody charges', () => {
  test.each(['cut', 'silent'] as const)(
    '(%s) is on the screen before anybody does, and by itself back',
    async (how) => {
      const line = await lineToRedis();
      const till = await openTill({}, redisLocks({ ...ports(), url: line.url }));
      const charging = async () =>
        (await call(till.backend.api.till.status, undefined, { context: { caller: 'window' } })).charging;
      const becomes = (expected: object) =>
        vi.waitFor(async () => expect(await charging()).toMatchObject(expected), {
          timeout: 30_000,
          interval: 50,
        });
      await becomes({ ok: true });
      line.break(how);
      await becomes({ ok: false, reason: 'locks' });
      line.mend();
      await becomes({ ok: true });
      expect((await till.post('/charges', { amountFen: 1250 })).status).toBe(200);
    },
  );
});

/** A cable to the tests’ Redis that can be cut, or swallow what is sent. */
async function lineToRedis() {
  const { hostname, port } = new URL(TEST_REDIS);
  let state: 'up' | 'cut' | 'silent' = 'up';
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    if (state === 'cut') {
      near.destroy();
      return;
    }
    const far = connect(Number(port || 6379), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => state === 'up' && to.write(bytes));
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
  };
  atEnd.push(() => {
    hangUp();
    server.close();
  });
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    break(how: 'cut' | 'silent') {
      state = how;
      if (how === 'cut') hangUp();
    },
    mend() {
      state = 'up';
    },
  };
}
