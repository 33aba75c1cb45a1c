import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let dir: string;
const runs: { child: ChildProcess; ended: Promise<Ended> }[] = [];
const servers: Server[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-process-'));
});

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  // What still lives could write into the folder that is being removed.
  for (const { child, ended } of runs.splice(0)) {
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Starts a service from its start file; resolves at its first full line, or with how it ended. */
function run(
  service: 'backend' | 'sandbox',
  args: string[],
): { listening: Promise<string>; ended: Promise<Ended>; child: ChildProcess } {
  const child = spawn(process.execPath, [`${service}/main.ts`, ...args], {
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error' },
  });
  let out = '';
  let err = '';
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  runs.push({ child, ended });
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      const origin = /^listening (\S+)\n/m.exec(out)?.[1];
      if (origin) resolve(origin);
    });
    void ended.then(({ err: why }) => reject(new Error(why)));
  });
  listening.catch(() => {});
  return { listening, ended, child };
}

async function sandbox(): Promise<string> {
  return await run('sandbox', ['--port', '0', '--data', join(dir, 'wallets')]).listening;
}

// Up to three starts in one test: a few seconds alone, a dozen on a machine that is busy elsewhere.
describe('the backend as a process', { timeout: 60_000 }, () => {
  test('tells its options', async () => {
    const { code, out } = await run('backend', ['--help']).ended;
    expect(code).toBe(0);
    expect(out).toMatch(/--data .*\n\s+MIANFU_DATA/);
  });

  test('answers health and metrics, and ends cleanly on SIGTERM', async () => {
    const till = run('backend', ['--data', join(dir, 'till'), '--sandbox', await sandbox()]);
    const origin = await till.listening;
    expect(await (await fetch(`${origin}/healthz`)).json()).toEqual({ ok: true, trouble: null });
    const metrics = await (await fetch(`${origin}/metrics`)).text();
    expect(metrics).toContain('process_cpu_seconds_total');
    expect(metrics).toContain('mianfu_outbox_due{service="backend"} 0');
    till.child.kill('SIGTERM');
    expect((await till.ended).code).toBe(0);
  });

  test('cannot be started twice on one data folder, and says so in both languages', async () => {
    const wallets = await sandbox();
    const args = ['--data', join(dir, 'till'), '--sandbox', wallets];
    await run('backend', args).listening;
    const second = await run('backend', args).ended;
    expect(second.code).toBe(3);
    expect(second.err).toMatch(/Another till is already running/);
    expect(second.err).toMatch(/已有一个收款台/);
  });

  test('says that its port is taken, and what to do', async () => {
    const taken = createServer();
    servers.push(taken);
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const { code, err } = await run('backend', [
      '--data',
      join(dir, 'till'),
      '--sandbox',
      await sandbox(),
      '--port',
      String(port),
    ]).ended;
    expect(code).toBe(1);
    expect(err).toContain(`Port ${port} is taken`);
  });

  test.each<[string, (dir: string) => string[], RegExp]>([
    ['no data folder', () => [], /--data/],
    ['an unknown option', () => ['--nonsense', '1'], /--nonsense/],
    ['a port that is no port', (at) => ['--data', at, '--port', '99999'], /--port is not usable/],
    [
      'locks that are nowhere',
      (at) => ['--data', at, '--locks', 'elsewhere'],
      /--locks is not usable.*redis:/,
    ],
    ['neither merchant nor sandbox', (at) => ['--data', at], /--merchant/],
  ])('refuses %s with exit code 2', async (_, args, words) => {
    const { code, err } = await run('backend', args(join(dir, 'till'))).ended;
    expect(code).toBe(2);
    expect(err).toMatch(words);
  });

  test('refuses a merchant’s file that it cannot use, naming the field', async () => {
    const file = join(dir, 'merchant.json');
    writeFileSync(file, JSON.stringify({ alipay: { appId: '1', appPrivateKey: 'x', alipayPublicKey: 'y' } }));
    chmodSync(file, 0o600);
    const { code, err } = await run('backend', ['--data', join(dir, 'till'), '--merchant', file]).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/alipay\.appPrivateKey/);
    expect(err).toMatch(/不是密钥/);
  });

  test('refuses keys that others on the machine can read', async () => {
    const file = join(dir, 'merchant.json');
    writeFileSync(file, '{}');
    chmodSync(file, 0o644);
    const { code, err } = await run('backend', ['--data', join(dir, 'till'), '--merchant', file]).ended;
    expect(code).toBe(1);
    expect(err).toContain(`chmod 600 ${file}`);
  });

  test('refuses data of a newer version, and leaves it alone', async () => {
    const wallets = await sandbox();
    const data = join(dir, 'till');
    const first = run('backend', ['--data', data, '--sandbox', wallets]);
    await first.listening;
    first.child.kill('SIGTERM');
    await first.ended;
    const db = new Database(join(data, 'till.sqlite'));
    db.pragma('user_version = 9999');
    db.close();
    const { code, err } = await run('backend', ['--data', data, '--sandbox', wallets]).ended;
    expect(code).toBe(3);
    expect(err).toMatch(/newer version/);
  });

  test('says that the sandbox does not answer', async () => {
    const { code, err } = await run('backend', [
      '--data',
      join(dir, 'till'),
      '--sandbox',
      'http://127.0.0.1:9',
    ]).ended;
    expect(code).toBe(1);
    expect(err).toMatch(/npm run sandbox/);
  });
});
