import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { openStorage } from '../backend/store/database.ts';
import { createStore } from '../backend/store/store.ts';
import { fillBacklog } from '../test/fakes/backlog.ts';
import { percentile, table } from './report.ts';

const TRADES = 10_000;
const FIRST_MAX_MS = 1_000;
const P95_MAX = 3;
/** A till that is used: a request every so often. */
const PAUSE_MS = 10;
/** So long is measured at most. */
const MEASURED_MS = 25_000;

/**
 * A till that starts with 10,000 unresolved trades: the time from opening its data to the first answered
 * request and the p95 of requests meanwhile, both beside a till with none.
 */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  try {
    const none = await started(join(dir, 'none'), 0);
    const full = await started(join(dir, 'full'), TRADES);
    // In turns, so that what slows the machine slows both.
    const idle: number[] = [];
    const busy: number[] = [];
    const sinceMs = performance.now();
    let left = TRADES;
    while (left > 0 && performance.now() - sinceMs < MEASURED_MS) {
      idle.push(await none.request());
      busy.push(await full.request());
      if (busy.length % 20 === 0) left = await full.due();
    }
    const resolvedMs = performance.now() - sinceMs;
    await Promise.all([none.stop(), full.stop()]);
    const ratio = percentile(busy, 95) / percentile(idle, 95);
    table(`A start with ${TRADES} unresolved trades`, [
      ['', 'none', `${TRADES}`],
      ['data opened to first answered request, ms', ms(none.firstMs), ms(full.firstMs)],
      ['', 'idle', 'meanwhile'],
      ['request, p50 ms', ms(percentile(idle, 50)), ms(percentile(busy, 50))],
      ['request, p95 ms', ms(percentile(idle, 95)), ms(percentile(busy, 95))],
      ['request, worst ms', ms(percentile(idle, 100)), ms(percentile(busy, 100))],
    ]);
    const rate = left > 0 ? `${TRADES - left} resolved in` : 'all resolved in';
    console.log(`  ${rate} ${(resolvedMs / 1_000).toFixed(1)} s, ${busy.length} requests meanwhile`);
    console.log(
      `  first answer within ${FIRST_MAX_MS} ms: ${full.firstMs <= FIRST_MAX_MS ? 'kept' : 'MISSED'}`,
    );
    console.log(
      `  p95 meanwhile ${ratio.toFixed(2)} × idle (limit ${P95_MAX}: ${ratio <= P95_MAX ? 'kept' : 'MISSED'})`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function started(dir: string, trades: number) {
  const storage = openStorage(dir, 'alone');
  fillBacklog(createStore(storage.db), trades, Date.now());
  storage.close();
  const child = spawn(process.execPath, [new URL('./start-backlog-till.ts', import.meta.url).pathname, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await says(child, /^opening$/m);
  const openedMs = performance.now();
  const client = new Pool(await says(child, /^listening (\S+)$/m));
  let requests = 0;
  const ask = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const answer = await client.request({
      method,
      path: `/api/v1${path}`,
      headers: { authorization: 'Bearer test-key-0123456789', 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (answer.statusCode >= 400) throw new Error(`${path}: ${answer.statusCode}`);
    return await answer.body.json();
  };
  await ask('GET', '/status');
  return {
    firstMs: performance.now() - openedMs,
    /** One request of a till in use, reading and writing in turn; its milliseconds. */
    async request(): Promise<number> {
      await sleep(PAUSE_MS);
      const n = requests++;
      const sinceMs = performance.now();
      if (n % 4 === 0) await ask('POST', '/orders', { orderNo: `N${n}`, amountFen: 100, subject: '拿铁' });
      else if (n % 4 === 1) await ask('GET', '/trades?limit=20');
      else if (n % 4 === 2) await ask('GET', `/orders/N${n - 2}`);
      else await ask('GET', '/status');
      return performance.now() - sinceMs;
    },
    /** Entries that are still to be carried out. */
    async due(): Promise<number> {
      const answer = await client.request({ method: 'GET', path: '/metrics' });
      return Number(/^mianfu_outbox_due\S* (\d+)/m.exec(await answer.body.text())?.[1] ?? 0);
    },
    async stop(): Promise<void> {
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      await gone;
      await client.destroy();
    },
  };
}

function says(child: ChildProcess, line: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    const onData = (chunk: Buffer) => {
      out += chunk;
      const found = line.exec(out);
      if (found) resolve(found[1] ?? '');
    };
    child.stdout?.on('data', onData);
    child.once('close', () => reject(new Error(`${line} was never said.`)));
  });
}

function ms(value: number): string {
  return value.toFixed(2);
}
