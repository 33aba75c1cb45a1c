import { createProviders } from '../../backend/merchant.ts';
import type { Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import type { Clock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { createIdentity, type Identity } from '../../sandbox/identity/identity.ts';
import { createSandbox, type Sandbox } from '../../sandbox/sandbox.ts';
import { windowOf } from './client.ts';
import { inProcessDownload } from './in-process-download.ts';
import { inProcessHttp } from './in-process-http.ts';
import { START_MS, TTL_MS, testTill } from './till.ts';

/** Longer than the deadline, Alipay's grace and every back-off together. */
export const LONG_MS = TTL_MS + 300_000;

let identity: Promise<Identity> | undefined;

/**
 * The real backend and providers against the real sandbox, in one process, on one simulated clock;
 * `tillClock` gives the till's machine a clock of its own.
 */
export async function world(
  tillClock: (true_: SimClock) => Clock = (clock) => clock,
  change: Parameters<typeof testTill>[0] = {},
) {
  const clock = new SimClock(START_MS);
  const random = systemRandom();
  identity ??= createIdentity({ nowMs: START_MS, random: systemRandom() });
  const sandbox = await createSandbox({
    clock,
    random,
    log: silentLog(),
    publicOrigin: 'http://127.0.0.1',
    identity: await identity,
  });
  const http = inProcessHttp(() => sandbox, clock);
  const merchant = JSON.parse(await ask(sandbox, 'GET', '/merchant.json'));
  const download = inProcessDownload(() => sandbox);
  const providers = createProviders(merchant, {
    newHttpClient: () => http,
    download,
    random,
    nowMs: START_MS,
    alipayGraceMs: 90_000,
  });
  const machine = tillClock(clock);
  const made = testTill({ clock: machine, providers, ...change });
  made.backend.start();
  const till = windowOf(made.backend, clock);
  return {
    clock,
    http,
    download,
    providers,
    sandbox,
    till,
    backend: made.backend,
    db: made.db,
    arm: (order: object) => ask(sandbox, 'POST', '/faults', order),
    /** Whether every armed fault has happened as often as it was armed. */
    suffered: () => sandbox.faults.list().length === 0,
    pay: (code: string) => ask(sandbox, 'POST', '/phone/pay', { code }),
    /** Bills that differ from the wallets' ledger. */
    seedBills: (seeds: object) => ask(sandbox, 'POST', '/bills', seeds),
    async charge(): Promise<void> {
      await till.startCharge({ orderNo: 'A1', amountFen: 1250, subject: '拿铁' });
    },
    /** What the wallets have given back, or are about to. */
    refunds: async () =>
      (
        JSON.parse(await ask(sandbox, 'GET', '/ledger')) as {
          refunds: { refundNo: string; amountFen: number; status: string; requests: number }[];
        }
      ).refunds,
    /** Somebody at the wallet makes a refund another. */
    become: (refundNo: string, status: string) => ask(sandbox, 'POST', '/refunds', { refundNo, status }),
    /** Somebody gives money back at the wallet's own site; `refundNo` as a till's that has forgotten it. */
    refundByHand: async (wish: { channel: string; tradeNo: string; amountFen: number; refundNo?: string }) =>
      JSON.parse(await ask(sandbox, 'POST', '/refunds/by-hand', wish)) as { refundNo: string },
    /** What the wallets hold, by our trade number. */
    ledger: async () =>
      JSON.parse(await ask(sandbox, 'GET', '/ledger')) as {
        trades: { tradeNo: string; channel: string; paid: boolean; code: string }[];
      },
  };
}

async function ask(sandbox: Sandbox, method: string, path: string, body?: object): Promise<string> {
  const reply = await sandbox.handle({
    method,
    path,
    headers: { host: '127.0.0.1', 'content-type': 'application/json' },
    body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
  });
  if (reply.kind !== 'answer') throw new Error(reply.kind);
  const text = Buffer.from(reply.body).toString('utf8');
  if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
  return text;
}

export function tradesOf(order: Order): Trade[] {
  return order.charge?.trades ?? [];
}
