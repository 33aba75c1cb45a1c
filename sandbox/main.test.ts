import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { listening } from './test-process.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mianfu-sandbox-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, '--log-level', 'silent', ...args]);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = '';
  let err = '';
  child.stdout?.on('data', (piece) => {
    out += piece;
  });
  child.stderr?.on('data', (piece) => {
    err += piece;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

test('it starts, answers, counts, and ends cleanly on SIGTERM, also while faults hold connections', async () => {
  const child = start('--port', '0', '--data', await temporaryFolder());
  const origin = await listening(child);
  expect(await (await fetch(`${origin}/healthz`)).json()).toMatchObject({ status: 'ok' });
  const post = (path: string, body: string) => fetch(`${origin}${path}`, { method: 'POST', body });
  await post('/alipay/gateway.do', 'method=alipay.trade.query');
  expect(await (await fetch(`${origin}/metrics`)).text()).toContain(
    'mianfu_sandbox_exchanges_total{channel="alipay",operation="query",code="isv.missing-app-id",fault="none",service="sandbox"} 1',
  );
  expect((await post('/phone/pay', 'x'.repeat(1024 * 1024 + 1))).status).toBe(413);

  const query = () => post('/alipay/gateway.do', 'method=alipay.trade.query').catch(() => 'cut');
  const arm = (fault: object) =>
    post('/faults', JSON.stringify({ on: { channel: 'alipay', operation: '*' }, fault }));
  await arm({ kind: 'drop_before', holdMs: 600_000 });
  const held = query();
  await expect
    .poll(async () => (await (await fetch(`${origin}/faults`)).json()) as object)
    .toMatchObject({ armed: [] });
  await arm({ kind: 'delay', ms: 600_000 });
  const delayed = query();
  await expect
    .poll(async () => (await (await fetch(`${origin}/faults`)).json()) as object)
    .toMatchObject({ armed: [] });
  child.kill('SIGTERM');
  expect(await ended(child)).toMatchObject({ code: 0 });
  expect(await Promise.all([held, delayed])).toEqual(['cut', 'cut']);
});

test('--help explains every option', async () => {
  const { code, out } = await ended(start('--help'));
  expect(code).toBe(0);
  for (const option of ['--port', '--data', '--host', 'MIANFU_PORT']) expect(out).toContain(option);
});

test('what it cannot start with is said in a sentence', async () => {
  expect(await ended(start('--prt', '1'))).toMatchObject({ code: 2, err: expect.stringContaining('--help') });

  const taken = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void taken.close());
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  expect(await ended(start('--port', String(port)))).toMatchObject({
    code: 1,
    err: expect.stringContaining(`Port ${port} is taken`),
  });

  const data = await temporaryFolder();
  await writeFile(join(data, 'ledger.json'), '{');
  expect(await ended(start('--data', data))).toMatchObject({
    code: 1,
    err: expect.stringContaining(join(data, 'ledger.json')),
  });
});
