import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { identityShape } from '../identity/identity.ts';
import { listening } from '../test-process.ts';
import { TestTill } from '../test-till.ts';
import { read } from './test-listener.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** A real server at the notify_url. */
async function listener() {
  const got: { path: string; headers: Record<string, string>; body: string; atMs: number }[] = [];
  const made = { got, status: 500, body: 'failure', origin: '' };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
    got.push({ path: request.url ?? '', headers, body, atMs: Date.now() });
    response.writeHead(made.status).end(made.body);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  made.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return made;
}

/** The sandbox as a process, on a folder, a thousand times faster than the wallets. */
async function started(data: string) {
  const child = spawn(process.execPath, [
    ...[MAIN, '--log-level', 'silent', '--port', '0'],
    ...['--data', data, '--notify-scale', '1000'],
  ]);
  onTestFinished(() => ended(child));
  const origin = await listening(child);
  const identity = identityShape.parse(JSON.parse(await readFile(join(data, 'identity.json'), 'utf8')));
  const till = new TestTill(
    {
      identity: () => identity,
      async handle({ method, path, headers, body }) {
        const { host: _, ...others } = headers;
        const answer = await fetch(`${origin}${path}`, {
          method,
          headers: others as Record<string, string>,
          ...(method === 'GET' ? {} : { body: Buffer.from(body) }),
        });
        return {
          kind: 'answer',
          status: answer.status,
          headers: Object.fromEntries(answer.headers),
          body: new Uint8Array(await answer.arrayBuffer()),
        };
      },
    },
    () => Date.now(),
  );
  const states = async () => {
    const { body } = await till.control('GET', '/ledger');
    const { trades } = body as { trades: { notifications: { state: string }[] }[] };
    return trades.map(({ notifications }) => notifications.map(({ state }) => state));
  };
  return { child, origin, till, identity, states };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('over real sockets: repeated until acknowledged, also across a killed sandbox, and ended by SIGTERM', async () => {
  const data = await mkdtemp(join(tmpdir(), 'mianfu-sandbox-'));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const address = await listener();
  const first = await started(data);
  const alipay = await first.till.alipay(
    'alipay.trade.precreate',
    { out_trade_no: 'T_0001', total_amount: '12.50', subject: '拿铁 100% +' },
    { params: { notify_url: `${address.origin}/notify/1/alipay?a=%20b` } },
  );
  const wechat = await first.till.native('ORDER_0001', { notify_url: `${address.origin}/notify/1/wechat` });
  for (const code of [alipay.qr_code, wechat])
    expect((await first.till.control('POST', '/phone/pay', { code })).status).toBe(200);
  const paths = (path: string) => address.got.filter((one) => one.path === path);
  await expect.poll(() => paths('/notify/1/wechat').length).toBeGreaterThanOrEqual(3);
  await expect.poll(() => paths('/notify/1/alipay?a=%20b').length).toBeGreaterThanOrEqual(1);
  await ended(first.child);

  const before = address.got.splice(0);
  Object.assign(address, { status: 200, body: 'success' });
  const second = await started(data);
  await expect.poll(second.states, { timeout: 5_000 }).toEqual([['acknowledged'], ['acknowledged']]);
  expect(new Set(address.got.map(({ path }) => path)).size).toBe(2);
  const readAll = (got: typeof address.got) =>
    got.map(({ headers, body, path, atMs }) => ({
      path,
      ...read({ method: 'POST', origin: '', path, headers, body }, second.identity, atMs),
    }));
  for (const one of [...readAll(before), ...readAll(address.got)]) expect(one.verdict).toBe('OK');
  for (const { path, id } of readAll(address.got))
    expect(new Set(readAll(before.filter((one) => one.path === path)).map((one) => one.id))).toEqual(
      new Set([id]),
    );
  const metrics = await (await fetch(`${second.origin}/metrics`)).text();
  expect(metrics).toContain(
    'mianfu_sandbox_notifications_total{channel="alipay",outcome="acknowledged",fault="none",service="sandbox"} 1',
  );

  // An address where nobody listens holds nothing up.
  const lonely = await second.till.native('ORDER_0002', { notify_url: 'http://127.0.0.1:1/notify' });
  expect((await second.till.control('POST', '/phone/pay', { code: lonely })).status).toBe(200);
  second.child.kill('SIGTERM');
  expect(await once(second.child, 'exit')).toEqual([0, null]);
});
