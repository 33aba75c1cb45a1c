import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../contract/order.ts';

const KEY = 'test-key-0123456789';
let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-folder-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** Starts a service; resolves with its origin, or rejects with what it said as it ended. */
function start(service: 'backend' | 'sandbox', args: string[]): Promise<string> {
  const child = spawn(process.execPath, [`${service}/main.ts`, ...args], {
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error', MIANFU_API_KEY: KEY },
  });
  children.push(child);
  let out = '';
  let err = '';
  return new Promise((resolve, reject) => {
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const origin = /^listening (\S+)\n/m.exec(out)?.[1];
      if (origin) resolve(origin);
    });
    child.once('close', () => reject(new Error(err)));
  });
}

const authorization = `Bearer ${KEY}`;

async function charge(origin: string, orderNo: string): Promise<Charge> {
  const answer = await fetch(`${origin}/api/v1/charges`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ orderNo, amountFen: 1250 }),
  });
  const body = await answer.text();
  if (answer.status !== 200) throw new Error(`${answer.status} ${body}`);
  return JSON.parse(body);
}

async function folderOf(processes: number, wallets: string): Promise<string[]> {
  const args = ['--data', join(dir, 'till'), '--sandbox', wallets, '--locks', 'folder'];
  return await Promise.all(Array.from({ length: processes }, () => start('backend', args)));
}

describe('several processes on one data folder', () => {
  test('start at the same moment on a new folder, and never repeat a number', async () => {
    const wallets = await start('sandbox', ['--port', '0', '--data', join(dir, 'wallets')]);
    const origins = await folderOf(2, wallets);
    const charges = await Promise.all(
      Array.from({ length: 40 }, (_, n) => charge(origins[n % 2] ?? '', `N${n}`)),
    );
    const numbers = charges.flatMap((each) => each.trades.map((trade) => trade.tradeNo));
    expect([numbers.length, new Set(numbers).size]).toEqual([80, 80]);
    expect(new Set(charges.map((each) => each.chargeId)).size).toBe(40);
  });

  test('collect an order once, however many are asked, and each shows what the other did', async () => {
    const wallets = await start('sandbox', ['--port', '0', '--data', join(dir, 'wallets')]);
    const [one = '', two = ''] = await folderOf(2, wallets);
    const stream = await fetch(`${two}/api/v1/events`, { headers: { authorization } });
    const charges = await Promise.all(Array.from({ length: 20 }, (_, n) => charge(n % 2 ? one : two, 'A1')));
    expect(new Set(charges.map((each) => each.chargeId)).size).toBe(1);
    const ledger = (await (await fetch(`${wallets}/ledger`)).json()) as { trades: unknown[] };
    expect(ledger.trades.length).toBeLessThanOrEqual(2);
    const elsewhere = await charge(one, 'A2');
    let seen = '';
    for await (const chunk of stream.body ?? []) {
      seen += Buffer.from(chunk).toString('utf8');
      if (seen.includes('charge.started') && seen.includes(elsewhere.chargeId)) break;
    }
    expect(seen).toContain('A2');
  });

  test('keep out a till that wants the folder alone, and are kept out by it', {
    timeout: 60_000,
  }, async () => {
    const wallets = await start('sandbox', ['--port', '0', '--data', join(dir, 'wallets')]);
    const alone = ['--data', join(dir, 'till'), '--sandbox', wallets];
    await folderOf(1, wallets);
    await expect(start('backend', alone)).rejects.toThrow(/--locks folder/);
    const other = ['--data', join(dir, 'other'), '--sandbox', wallets];
    await start('backend', other);
    await expect(start('backend', [...other, '--locks', 'folder'])).rejects.toThrow(/已有一个收款台/);
  });
});
