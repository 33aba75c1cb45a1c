import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { call } from '@orpc/server';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { redisLocks } from '../../backend/open-locks.ts';
import type { Charge } from '../../contract/order.ts';
import {
  atEnd,
  closeTills,
  folderTills,
  type OpenTill,
  openTill,
  ports,
  redisTills,
  tillId,
} from './open-tills.ts';
import { haveRedis, TEST_REDIS } from './redis.ts';

const withRedis = await haveRedis();
afterEach(closeTills);

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

  describe('that collects an order whose first till was away for longer than its claim', () => {
    test('and takes the money first, makes the first till’s payment one that goes back', async () => {
      const { first, second, unseen, charge } = await collectedTwice();
      await pay(second, charge);
      await payAt(first, unseen);
      const { trade, refunds } = await vi.waitFor(async () => {
        const seen = await tradeAt(first, tradeOf(unseen));
        expect(seen.refunds.map(({ state }) => state)).toEqual(['succeeded']);
        return seen;
      }, WAIT);
      expect([trade.surplus, refunds[0]?.why, refunds[0]?.amountFen]).toEqual([true, 'surplus', 1250]);
      const kept = await tradeAt(second, tradeOf(charge));
      expect([kept.trade.surplus, kept.refunds]).toEqual([false, []]);
    });

    test('takes its codes away when the first till’s payment turns up', async () => {
      const { first, second, unseen, charge } = await collectedTwice();
      await payAt(first, unseen);
      await vi.waitFor(async () => {
        const { trade } = await tradeAt(second, tradeOf(charge));
        expect(['closing', 'closed']).toContain(trade.state);
      }, WAIT);
      const kept = await tradeAt(first, tradeOf(unseen));
      expect([kept.trade.surplus, kept.refunds]).toEqual([false, []]);
    });
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

const WAIT = { timeout: 40_000, interval: 50 };

function tradeOf(charge: Charge): string {
  return charge.trades.find((trade) => trade.channel === 'wechat')?.tradeNo ?? '';
}

function tradeAt(till: OpenTill, tradeNo: string) {
  return call(till.backend.api.trades.get, { tradeNo }, { context: { caller: 'window' } });
}

async function payAt(till: OpenTill, charge: Charge): Promise<void> {
  till.wechat.status.set(tradeOf(charge), 'paid');
  await till.post(`/charges/${charge.chargeId}/check`, {});
  await vi.waitFor(async () => expect((await tradeAt(till, tradeOf(charge))).trade.state).toBe('paid'), WAIT);
}

/** Paid, and the other tills know. */
async function pay(till: OpenTill, charge: Charge): Promise<void> {
  await payAt(till, charge);
  await vi.waitFor(
    async () => expect((await till.locks?.claims.read(charge.orderNo))?.state).toBe('paid'),
    WAIT,
  );
}

/** Two tills with live codes of one order: the claim of the first came to its end, as it does when a till is off. */
async function collectedTwice() {
  const [first, second] = (await redisTills()) as [OpenTill, OpenTill];
  const unseen = await first.charge('A1');
  const holder = await tillId(first);
  await first.locks?.mutex.run(
    'A1',
    5_000,
    (hold) => first.locks?.claims.release(hold, holder) as Promise<void>,
  );
  const charge = await second.charge('A1');
  return { first, second, unseen, charge };
}

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
