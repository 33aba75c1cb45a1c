import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Pool } from 'undici';
import { runBackend } from '../backend/run.ts';
import type { Charge } from '../contract/order.ts';
import { systemClock } from '../ports/clock.ts';
import type { HttpClient } from '../ports/http.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { readSettings } from '../ports/settings.ts';
import { wsSocket } from '../ports/socket-ws.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { percentile, table } from './report.ts';

const WARM_UP = 30;
const CHARGES = 200;
const API_KEY = 'bench-key-0123456789';

/** Time spent waiting for wallets: the union of the intervals in which at least one was being asked. */
function walletTime() {
  let asking = 0;
  let sinceMs = 0;
  let totalMs = 0;
  return {
    begin() {
      if (asking++ === 0) sinceMs = performance.now();
    },
    end() {
      if (--asking === 0) totalMs += performance.now() - sinceMs;
    },
    take() {
      const taken = totalMs;
      totalMs = 0;
      return taken;
    },
  };
}

function measured(http: HttpClient, wallets: ReturnType<typeof walletTime>): HttpClient {
  return {
    async send(request, options) {
      wallets.begin();
      try {
        return await http.send(request, options);
      } finally {
        wallets.end();
      }
    },
    close: () => http.close(),
  };
}

/**
 * From `POST /charges` to its answer with both codes, less the time in which a wallet was being asked,
 * beside the limit: two durable commits and two RSA signatures. Goal: within 2×.
 */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const sandbox = spawn(process.execPath, ['sandbox/main.ts', '--port', '0', '--log-level', 'silent'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const sandboxOrigin = await new Promise<string>((resolve) => {
      sandbox.stdout.on('data', (chunk) => {
        const origin = /^listening (\S+)/m.exec(String(chunk))?.[1];
        if (origin) resolve(origin);
      });
    });
    const wallets = walletTime();
    const settings = readSettings(
      'backend',
      ['--data', join(dir, 'till'), '--sandbox', sandboxOrigin, '--api-key', API_KEY],
      {},
    );
    if (settings === 'help') return;
    const running = await runBackend(settings, {
      clock: systemClock(),
      random: systemRandom(),
      endOfTurn: systemEndOfTurn,
      log: silentLog(),
      newHttpClient: () => measured(undiciHttpClient(), wallets),
      openSocket: wsSocket(systemClock()),
      version: '0.0.0',
      merchant: null,
    });
    const client = new Pool(running.origin);
    const ours: number[] = [];
    const limit: number[] = [];
    const reference = limitOf(dir);
    const api = async (method: 'GET' | 'POST', path: string, body?: object) => {
      const answer = await client.request({
        method,
        path: `/api/v1${path}`,
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return (await answer.body.json()) as Charge;
    };
    for (let n = -WARM_UP; n < CHARGES; n++) {
      wallets.take();
      const startedMs = performance.now();
      const charge = await api('POST', '/charges', { amountFen: 1250, subject: '拿铁' });
      const tookMs = performance.now() - startedMs - wallets.take();
      if (charge.state !== 'waiting') throw new Error(`The charge is ${charge.state}.`);
      const limitMs = reference.once();
      if (n >= 0) {
        ours.push(tookMs);
        limit.push(limitMs);
      }
      await collect(sandboxOrigin, charge, api);
    }
    table(
      'POST /charges less the wallets’ own time, against two durable commits + two signatures (goal: within 2×)',
      [
        ['', 'p50 ms', 'p95 ms'],
        ['two commits + two signatures', ms(percentile(limit, 50)), ms(percentile(limit, 95))],
        ['POST /charges', ms(percentile(ours, 50)), ms(percentile(ours, 95))],
        [
          'ratio',
          ms(percentile(ours, 50) / percentile(limit, 50)),
          ms(percentile(ours, 95) / percentile(limit, 95)),
        ],
      ],
    );
    reference.close();
    await client.close();
    await running.stop();
  } finally {
    sandbox.kill('SIGTERM');
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Ends the charge, so that polling for it does not weigh on the next: scanned in one wallet, paid in the other. */
async function collect(
  sandboxOrigin: string,
  charge: Charge,
  api: (method: 'GET' | 'POST', path: string) => Promise<unknown>,
): Promise<void> {
  for (const trade of charge.trades) {
    await fetch(`${sandboxOrigin}/phone/${trade.channel === 'alipay' ? 'scan' : 'pay'}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code: trade.codeUrl }),
    });
  }
  await api('POST', `/charges/${charge.chargeId}/check`);
  while (((await api('GET', '/charges/live')) as Charge[]).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 5));
}

function ms(value: number): string {
  return value.toFixed(2);
}

/** The least that a charge over two wallets could cost: the rows on disk twice, and a signature for each wallet. */
function limitOf(dir: string) {
  const db = new Database(join(dir, 'limit.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('wal_autocheckpoint = 0');
  db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT) STRICT');
  const insert = db.prepare('INSERT INTO rows (text) VALUES (?)');
  const commit = db.transaction(() => {
    for (let row = 0; row < 3; row++) insert.run('x'.repeat(300));
  });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    once(): number {
      const startedMs = performance.now();
      for (let half = 0; half < 2; half++) {
        commit();
        createSign('sha256').update('x'.repeat(300)).sign(privateKey);
      }
      return performance.now() - startedMs;
    },
    close: () => db.close(),
  };
}
