import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Charge } from '../../contract/order.ts';
import { systemClock } from '../../ports/clock.ts';
import { SHOP_SECRET, ShopReceiver } from '../fakes/shop.ts';

/** Three processes start on a machine that may be busy. */
const SLOW_MS = 60_000;
const KEY = 'test-key-0123456789';
let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-webhook-'));
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  /** Resolves with what the first matching output line holds; rejects when the process ends before. */
  says(line: RegExp): Promise<string>;
}

function start(script: string, args: string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error', MIANFU_API_KEY: KEY, ...env },
  });
  children.push(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk) => {
    out += chunk;
    for (const listener of listeners) listener();
  });
  return {
    child,
    says: (line) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = line.exec(out);
          if (!found) return;
          listeners.delete(look);
          resolve(found[1] ?? '');
        };
        listeners.add(look);
        child.once('close', () => reject(new Error(`${line} was never said: ${err}`)));
        look();
      }),
  };
}

const LISTENING = /^listening (\S+)\n/m;

function backend(sandbox: string, webhook: string): Started {
  return start('backend/main.ts', ['--data', join(dir, 'till'), '--sandbox', sandbox], {
    MIANFU_WEBHOOK: webhook,
    MIANFU_WEBHOOK_SECRET: SHOP_SECRET,
  });
}

async function pay(till: string, sandbox: string, orderNo: string): Promise<void> {
  const answer = await fetch(`${till}/api/v1/charges`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ orderNo, amountFen: 1250 }),
  });
  const { trades } = (await answer.json()) as Charge;
  await fetch(`${sandbox}/phone/pay`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code: trades.find(({ channel }) => channel === 'wechat')?.codeUrl }),
  });
}

test(
  'the receiver of docs/integrators.md learns of a payment, and refuses what nobody signed',
  async () => {
    const sample = /```js\n(.*?)```/s.exec(readFileSync('docs/integrators.md', 'utf8'))?.[1] ?? '';
    writeFileSync(join(dir, 'shop.mjs'), sample);
    symlinkSync(join(process.cwd(), 'node_modules'), join(dir, 'node_modules'));
    const sandbox = await start('sandbox/main.ts', ['--port', '0']).says(LISTENING);
    const shop = start(join(dir, 'shop.mjs'), [], { PORT: '0', MIANFU_WEBHOOK_SECRET: SHOP_SECRET });
    const webhook = `http://127.0.0.1:${await shop.says(LISTENING)}/mianfu`;
    const till = await backend(sandbox, webhook).says(LISTENING);
    await pay(till, sandbox, 'A1');
    expect(await shop.says(/^(order\.paid A1 .*)\n/m)).toBe('order.paid A1 paid 1250');

    const body = JSON.stringify({
      id: 'x',
      type: 'order.paid',
      version: 9,
      order: { orderNo: 'B1', state: 'paid' },
    });
    const now = new Date();
    const headers = {
      'content-type': 'application/json',
      'webhook-id': 'x',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    };
    const send = (signature: string) =>
      fetch(webhook, { method: 'POST', body, headers: { ...headers, 'webhook-signature': signature } });
    expect((await send('v1,AAAA')).status).toBe(401);
    // Signed well, it would have been taken.
    expect((await send(new Webhook(SHOP_SECRET).sign('x', now, body))).status).toBe(204);
  },
  SLOW_MS,
);

test(
  'a till that was killed while a message was under way sends it again, under the same id',
  async () => {
    const shop = new ShopReceiver(systemClock());
    const webhook = await shop.listen();
    try {
      const sandbox = await start('sandbox/main.ts', ['--port', '0']).says(LISTENING);
      shop.reply = () => 'hold';
      const first = backend(sandbox, webhook);
      await pay(await first.says(LISTENING), sandbox, 'A1');
      await shop.hears(1);
      const gone = once(first.child, 'close');
      first.child.kill('SIGKILL');
      await gone;
      shop.reply = () => 204;
      await backend(sandbox, webhook).says(LISTENING);
      await shop.hears(2);
      expect(shop.received.map(({ message }) => message.type)).toEqual(['order.paid', 'order.paid']);
      expect(shop.ids()).toHaveLength(1);
    } finally {
      await shop.close();
    }
  },
  SLOW_MS,
);
