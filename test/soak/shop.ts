import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DATABASE_FILE } from '../../backend/store/database.ts';
import type { Charge } from '../../contract/order.ts';
import type { RelayStatus } from '../../contract/relay.ts';
import type { Chance } from '../sim/random.ts';
import { type ServiceProcess, startService } from './service-process.ts';

const API_KEY = 'a-key-for-the-soak-tests';
const CHANNELS = ['alipay', 'wechat'] as const;
/** Before an answer that did not come is asked for again, ms. */
const PAUSE_MS = 100;
/** Codes must not end while a till is being killed. */
const CHARGE_TTL_SECONDS = '3600';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the till's database says of the payments that it was pushed: the trade, and how often it was settled. */
interface Committed {
  tradeNo: string;
  times: number;
}

/** A till in a process of its own, which may be killed, and customers at it who pay. */
export interface ShopTill {
  name: string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  start(): Promise<void>;
  enrol(code: string): Promise<void>;
  status(): Promise<RelayStatus>;
  /** Customers come one after the other, `atOnce` at a time, until {@link close}. */
  open(atOnce: number): void;
  /** Resolves once the last customer has paid. */
  close(): Promise<void>;
  /** While it does not run. */
  committed(): Committed[];
  fault(): string | null;
}

export async function openTill(options: {
  name: string;
  dir: string;
  sandbox: string;
  relay: string;
  chance: Chance;
}): Promise<ShopTill> {
  const { name, sandbox, chance } = options;
  const data = join(options.dir, name);
  mkdirSync(data);
  let running: ServiceProcess | null = null;
  let fault: string | null = null;
  let customers: Promise<void>[] = [];
  let isOpen = false;
  let orders = 0;

  const args = ['--data', data, '--sandbox', sandbox, '--relay', options.relay];
  async function start(): Promise<void> {
    running = await startService('backend/main.ts', [...args, '--charge-ttl-seconds', CHARGE_TTL_SECONDS], {
      MIANFU_API_KEY: API_KEY,
    });
  }

  /** Null where the till is not there to answer. */
  async function ask<T>(method: string, path: string, body?: object): Promise<T | null> {
    try {
      const answer = await fetch(`${running?.origin}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const said = (await answer.json()) as T;
      return answer.ok ? said : null;
    } catch {
      return null;
    }
  }

  async function patiently<T>(look: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const found = await look();
      if (found !== null) return found;
      await pause(PAUSE_MS);
    }
  }

  /** The same order is charged until its code is there, and its code paid. */
  async function customer(): Promise<void> {
    orders += 1;
    const order = {
      orderNo: `${name}-${orders}`,
      amountFen: chance.int(1, 9_999),
      channels: [chance.pick(CHANNELS)],
    };
    const code = await patiently(async () => {
      const charge = await ask<Charge>('POST', '/charges', order);
      return charge?.trades.find(({ codeUrl }) => codeUrl !== null)?.codeUrl ?? null;
    });
    const paid = await fetch(`${sandbox}/phone/pay`, { method: 'POST', body: JSON.stringify({ code }) });
    if (!paid.ok) throw new Error(`${order.orderNo} could not be paid: ${await paid.text()}`);
    await pause(chance.int(0, 2 * PAUSE_MS));
  }

  await start();
  return {
    name,
    start,
    async kill(signal) {
      await running?.kill(signal);
      fault ??= running?.fault() ?? null;
    },
    async enrol(code) {
      await patiently(() => ask<RelayStatus>('POST', '/relay/enrol', { code, till: name }));
    },
    status: () => patiently(() => ask<RelayStatus>('GET', '/relay')),
    open(atOnce) {
      isOpen = true;
      customers = Array.from({ length: atOnce }, async () => {
        while (isOpen) await customer();
      });
    },
    async close() {
      isOpen = false;
      await Promise.all(customers);
    },
    committed() {
      const db = new Database(join(data, DATABASE_FILE), { readonly: true });
      try {
        return db
          .prepare<[], Committed>(
            `SELECT trades.trade_no AS tradeNo, count(exchanges.id) AS times
               FROM trades JOIN exchanges USING (trade_no)
              WHERE trades.state = 'paid' AND exchanges.step = 'notification'
              GROUP BY trades.trade_no`,
          )
          .all();
      } finally {
        db.close();
      }
    },
    fault: () => fault,
  };
}
