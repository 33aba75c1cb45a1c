import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../contract/order.ts';
import type { TillStatus } from '../../contract/till.ts';

const API_KEY = 'disk-test-key-0123456789';

let dir: string;
let disk: string;
const children: ChildProcess[] = [];

function mount(...args: string[]): boolean {
  return spawnSync('mount', args).status === 0;
}

/** A small disk of its own needs the right to mount; without it there is nothing to fill. */
const canMount = (() => {
  const at = mkdtempSync(join(tmpdir(), 'mianfu-mount-'));
  const mounted = process.platform === 'linux' && mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at);
  if (mounted) spawnSync('umount', [at]);
  rmSync(at, { recursive: true });
  return mounted;
})();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-disk-'));
  disk = join(dir, 'disk');
  mkdirSync(disk);
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
  }
  spawnSync('umount', [disk]);
  rmSync(dir, { recursive: true, force: true });
});

function run(service: 'backend' | 'sandbox', args: string[]) {
  const child = spawn(process.execPath, [`${service}/main.ts`, '--log-level', 'error', ...args]);
  children.push(child);
  let out = '';
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<{ code: number | null; err: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, err })),
  );
  const listening = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const origin = /^listening (\S+)\n/m.exec(out)?.[1];
      if (origin) resolve(origin);
    });
    void ended.then(() => reject(new Error(err)));
  });
  listening.catch(() => {});
  return { child, ended, listening };
}

function api(origin: string) {
  return async <T>(method: 'GET' | 'POST', path: string, body?: object) => {
    const answer = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: answer.status, body: (await answer.json()) as T & { code?: string } };
  };
}

const tillArgs = (wallets: string) => [
  '--data',
  join(disk, 'till'),
  '--backup',
  join(dir, 'backups'),
  '--sandbox',
  wallets,
  '--api-key',
  API_KEY,
];

/** Fills the disk to its last block. */
function fill(): void {
  const { bavail, bsize } = statfsSync(disk);
  spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, `bs=${bsize}`, `count=${bavail + 10}`]);
}

describe.runIf(canMount)('a till on a disk of its own', () => {
  test('that is full refuses to charge, says so, still shows its history, and recovers by itself', async () => {
    mkdirSync(join(dir, 'backups'));
    mount('-t', 'tmpfs', '-o', 'size=12m', 'tmpfs', disk);
    const wallets = await run('sandbox', ['--port', '0']).listening;
    const till = run('backend', tillArgs(wallets));
    const call = api(await till.listening);
    const status = async () => (await call<TillStatus>('GET', '/status')).body;
    const first = await call<Charge>('POST', '/charges', { orderNo: 'FIRST', amountFen: 1250 });
    expect(first.status).toBe(200);
    fill();
    // The log was laid out beforehand: its room is used up first.
    let refused = first;
    for (let n = 0; n < 900 && refused.status === 200; n++)
      refused = await call<Charge>('POST', '/charges', {
        orderNo: `N${n}`,
        amountFen: 1,
        subject: '长'.repeat(30),
      });
    expect([refused.status, refused.body.code]).toEqual([507, 'storage_full']);
    expect(await status()).toMatchObject({
      charging: { ok: false, reason: 'storage_full' },
      storage: { ok: false, reason: 'storage_full' },
    });
    const history = await call<{ items: unknown[] }>('GET', '/trades?q=FIRST');
    expect(history.body.items).toHaveLength(2);
    rmSync(join(disk, 'filler'));
    await expect.poll(async () => (await status()).storage.ok, { timeout: 15_000 }).toBe(true);
    expect((await call('POST', '/charges', { orderNo: 'AFTER', amountFen: 1 })).status).toBe(200);
    till.child.kill('SIGTERM');
    expect((await till.ended).code).toBe(0);
  }, 60_000);

  test('that is full at the start says so in both languages, and ends with the code that is not started again', async () => {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
    fill();
    const wallets = await run('sandbox', ['--port', '0']).listening;
    mkdirSync(join(dir, 'backups'));
    const { code, err } = await run('backend', tillArgs(wallets)).ended;
    expect(code).toBe(3);
    expect(err).toMatch(/is full/);
    expect(err).toMatch(/磁盘已满/);
  });

  test('that cannot be written says so in both languages, and ends with the code that is not started again', async () => {
    mount('-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk);
    mkdirSync(join(dir, 'backups'));
    const wallets = await run('sandbox', ['--port', '0']).listening;
    const first = run('backend', tillArgs(wallets));
    await first.listening;
    first.child.kill('SIGTERM');
    await first.ended;
    mount('-o', 'remount,ro', disk);
    const { code, err } = await run('backend', tillArgs(wallets)).ended;
    expect(code).toBe(3);
    expect(err).toMatch(/cannot be written/);
    expect(err).toMatch(/不可写/);
  });

  test('whose backup disk is full or gone goes on charging, and says so', async () => {
    const wallets = await run('sandbox', ['--port', '0']).listening;
    const args = tillArgs(wallets);
    args[1] = join(dir, 'till');
    args[3] = disk;
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
    fill();
    const till = run('backend', args);
    const call = api(await till.listening);
    expect((await call('POST', '/charges', { amountFen: 1 })).status).toBe(200);
    const backup = async () => (await call<TillStatus>('GET', '/status')).body.backup?.reason;
    await expect.poll(backup, { timeout: 15_000 }).toBe('backup_full');
    expect((await call('POST', '/charges', { amountFen: 1 })).status).toBe(200);
    till.child.kill('SIGTERM');
    expect((await till.ended).code).toBe(0);
  }, 30_000);
});

test('a restore is one command, and tells what to do in both languages', async () => {
  const wallets = await run('sandbox', ['--port', '0']).listening;
  const data = join(disk, 'till');
  const till = run('backend', ['--data', data, '--sandbox', wallets, '--api-key', API_KEY]);
  const call = api(await till.listening);
  await call('POST', '/charges', { orderNo: 'KEPT', amountFen: 1250 });
  const backups = join(data, 'backups');
  await expect
    .poll(async () => (await call<TillStatus>('GET', '/status')).body.backup?.lastGoodAt, { timeout: 20_000 })
    .toEqual(expect.any(String));
  await call('POST', '/charges', { orderNo: 'NEWER', amountFen: 1250 });
  till.child.kill('SIGKILL');
  await till.ended;
  for (const suffix of ['-wal', '-shm']) rmSync(join(data, `till.sqlite${suffix}`));
  writeFileSync(join(data, 'till.sqlite'), 'no database at all '.repeat(1_000));
  const refused = await run('backend', ['--data', data, '--sandbox', wallets]).ended;
  expect(refused.code).toBe(3);
  expect(refused.err).toContain(`npm run restore -- --data ${data} --from ${backups}`);
  expect(refused.err).toMatch(/恢复/);
  const restored = spawnSync(process.execPath, ['scripts/restore.ts', '--data', data, '--yes'], {
    encoding: 'utf8',
  });
  expect(restored.stdout).toMatch(/2 newer trades/);
  expect(restored.stdout).toMatch(/已恢复/);
  expect(restored.status).toBe(0);
  const again = run('backend', ['--data', data, '--sandbox', wallets, '--api-key', API_KEY]);
  const callAgain = api(await again.listening);
  expect((await callAgain<{ items: unknown[] }>('GET', '/trades?q=NEWER')).body.items).toHaveLength(2);
  await expect
    .poll(async () => (await callAgain<TillStatus>('GET', '/status')).body.charging.ok, { timeout: 15_000 })
    .toBe(true);
  expect(existsSync(join(data, 'till.sqlite'))).toBe(true);
}, 60_000);
