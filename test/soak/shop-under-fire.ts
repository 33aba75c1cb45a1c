import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ADMIN_TOKEN } from '../../relay/test-till.ts';
import { chanceFrom } from '../sim/random.ts';
import { quietPort } from './quiet-port.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { openTill, type ShopTill } from './shop.ts';
import type { Extent, Outcome } from './under-load.ts';

/** A wallet's day of repeats in some minutes: its first pauses are seconds. */
const NOTIFY_SCALE = '120';
const CUSTOMERS = 3;
/** What is still missing then, with everything up, never comes. */
const DRAIN_MS = 90_000;
/** Longer than any pause of a wallet. */
const A_DAY_MS = 86_400_000;

const Ledger = z.object({
  trades: z.array(
    z.object({
      tradeNo: z.string(),
      state: z.string(),
      notifications: z.array(z.object({ state: z.enum(['waiting', 'acknowledged', 'given_up']) })),
    }),
  ),
});

/** Who dies, how often beside the others. */
const VICTIMS = { relay: 3, left: 2, right: 2, tills: 1, 'relay and left': 1, all: 1 } as const;

/**
 * Two tills of a shop, their relay and both wallets, each in a process of its own. Customers pay while tills and
 * relay are killed, or ended, and started again. Every query of the tills is told “not paid”, so that only a
 * notification can say the truth. Who dies, when, and for how long is the seed's.
 */
export async function shopUnderFire(
  seed: string,
  extent: Extent,
  say: (line: string) => void = () => {},
): Promise<Outcome> {
  const chance = chanceFrom(seed);
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-shop-'));
  const running: { kill(signal?: 'SIGKILL'): Promise<void> }[] = [];
  try {
    const [wallets, relay] = await Promise.all([
      startService('sandbox/main.ts', ['--notify-scale', NOTIFY_SCALE]),
      openRelay(join(dir, 'relay')),
    ]);
    running.push(wallets, relay);
    await hideThePayments(wallets.origin);
    const open = async (name: string): Promise<ShopTill> => {
      const at = { name, dir, sandbox: wallets.origin, relay: relay.origin, chance: chance.of(name) };
      const till = await openTill(at);
      running.push({ kill: () => till.kill('SIGKILL') });
      await till.enrol(await relay.invite(name));
      till.open(CUSTOMERS);
      return till;
    };
    const [left, right] = await Promise.all([open('left'), open('right')]);
    const tills = [left, right];
    const victims = (who: keyof typeof VICTIMS) =>
      ({
        relay: [relay],
        left: [left],
        right: [right],
        tills: [left, right],
        'relay and left': [relay, left],
        all: [relay, left, right],
      })[who];

    let harms = 0;
    const isEnough = () => ('harms' in extent ? harms >= extent.harms : performance.now() >= extent.untilMs);
    while (!isEnough()) {
      await pause(chance.int(300, 2_000));
      const who = chance.weighted(VICTIMS);
      const signal = chance.happens(0.8) ? 'SIGKILL' : 'SIGTERM';
      const awayMs = chance.int(0, 800);
      say(`${signal} to ${who}, away for ${awayMs} ms`);
      await Promise.all(
        victims(who).map(async (victim) => {
          await victim.kill(signal);
          await pause(awayMs);
          await victim.start();
        }),
      );
      harms += 1;
    }

    await Promise.all(tills.map((till) => till.close()));
    // Once more each: a till that has just been started does not wait for its back-off.
    await Promise.all(
      tills.map(async (till) => {
        await till.kill('SIGKILL');
        await till.start();
      }),
    );
    const notified = await drain(wallets.origin, relay, tills);
    const rejected = (await Promise.all(tills.map((till) => till.status()))).reduce(
      (sum, status) => sum + status.rejected,
      0,
    );
    for (const each of [...tills, relay]) await each.kill('SIGTERM');

    const committed = tills.flatMap((till) => till.committed());
    const faults = [...tills, relay].flatMap((each) => each.fault() ?? []);
    if (!wallets.isRunning()) faults.push(wallets.fault() ?? 'the wallets are gone');
    for (const { tradeNo, times } of committed)
      if (times !== 1) faults.push(`${tradeNo} was settled ${times} times`);
    if (rejected > 0) faults.push(`${rejected} rejected`);
    faults.push(...notified.faults);
    return {
      acknowledged: notified.acknowledged,
      committed: new Set(committed.map(({ tradeNo }) => tradeNo)),
      faults,
      counts: { harms },
    };
  } finally {
    for (const each of running.reverse()) await each.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function hideThePayments(wallets: string): Promise<void> {
  const words = { alipay: 'WAIT_BUYER_PAY', wechat: 'NOTPAY' };
  for (const [channel, word] of Object.entries(words)) {
    const fault = {
      on: { channel, operation: 'query' },
      fault: { kind: 'status_word', word },
      times: 'always',
    };
    const armed = await fetch(`${wallets}/faults`, { method: 'POST', body: JSON.stringify(fault) });
    if (!armed.ok) throw new Error(await armed.text());
  }
}

/** A relay on SQLite that keeps its address. */
async function openRelay(dir: string) {
  const port = String(await quietPort());
  let running: ServiceProcess;
  let fault: string | null = null;
  const start = async () => {
    running = await startService('relay/main.ts', ['--data', dir, '--port', port], {
      MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN,
    });
  };
  const operator = async (method: string, path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
    return await (await fetch(`http://127.0.0.1:${port}/admin/tills/${path}`, { method, headers })).json();
  };
  await start();
  return {
    origin: `http://127.0.0.1:${port}`,
    start,
    async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') {
      await running.kill(signal);
      fault ??= running.fault();
    },
    fault: () => fault,
    invite: async (till: string) =>
      z.object({ code: z.string() }).parse(await operator('POST', `${till}/code`)).code,
    backlog: async (till: string) =>
      z.object({ waiting: z.number(), dead: z.number() }).parse(await operator('GET', till)),
  };
}

/** Lets the wallets repeat until all is acknowledged, and the relay deliver until nothing waits. */
async function drain(
  wallets: string,
  relay: Awaited<ReturnType<typeof openRelay>>,
  tills: readonly ShopTill[],
): Promise<{ acknowledged: Set<string>; faults: string[] }> {
  const endMs = performance.now() + DRAIN_MS;
  for (;;) {
    await fetch(`${wallets}/clock`, { method: 'POST', body: JSON.stringify({ advanceMs: A_DAY_MS }) });
    const { trades } = Ledger.parse(await (await fetch(`${wallets}/ledger`)).json());
    const paid = trades.filter(({ notifications }) => notifications.length > 0);
    const states = paid.flatMap(({ notifications }) => notifications.map(({ state }) => state));
    const backlogs = await Promise.all(tills.map(({ name }) => relay.backlog(name)));
    const waiting = backlogs.reduce((sum, each) => sum + each.waiting, 0);
    const isOver = performance.now() > endMs;
    if (isOver || (waiting === 0 && !states.includes('waiting'))) {
      const dead = backlogs.reduce((sum, each) => sum + each.dead, 0);
      const count = (state: string) => states.filter((each) => each === state).length;
      return {
        acknowledged: new Set(
          paid
            .filter(({ notifications }) => notifications.some(({ state }) => state === 'acknowledged'))
            .map(({ tradeNo }) => tradeNo),
        ),
        faults: [
          ...(dead > 0 ? [`${dead} dead letters`] : []),
          ...(waiting > 0 ? [`${waiting} deliveries wait for ever`] : []),
          ...(count('waiting') > 0 ? [`${count('waiting')} are never acknowledged`] : []),
          ...(count('given_up') > 0 ? [`${count('given_up')} were given up`] : []),
        ],
      };
    }
    await pause(200);
  }
}
