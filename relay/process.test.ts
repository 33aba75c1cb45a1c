import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect, enrol, newKeys } from './test-till.ts';

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-relay-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

async function start(...args: string[]) {
  const child = spawn(process.execPath, ['relay/main.ts', '--data', dir, ...args], {
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error' },
  });
  children.push(child);
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const origin = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
      const found = /^listening (\S+)\n/m.exec(out)?.[1];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error(err)));
  });
  return { child, ended, origin };
}

const token = () => readFileSync(join(dir, 'admin-token'), 'utf8').trim();
const run = (...args: string[]) =>
  spawnSync(process.execPath, ['relay/main.ts', ...args], { encoding: 'utf8', env: { ...process.env } });

test('the relay starts, answers, obeys its commands and ends cleanly', async () => {
  const relay = await start();
  expect(await (await fetch(`${relay.origin}/healthz`)).json()).toEqual({ ok: true, trouble: null });
  expect(await (await fetch(`${relay.origin}/metrics`)).text()).toContain(
    'mianfu_relay_connected_tills{service="relay"} 0',
  );
  expect(statSync(join(dir, 'admin-token')).mode & 0o777).toBe(0o600);
  const { port } = new URL(relay.origin);
  expect(run('enrol', '--till', 'a', '--data', dir, '--port', port).stdout).toMatch(/^code \S+\n/);
  const keys = newKeys();
  await enrol(relay.origin, 'a', keys, token());
  const till = await connect(relay.origin, { till: 'a', keys });
  relay.child.kill('SIGTERM');
  expect(await relay.ended).toBe(0);
  await till.closed;
});

test('the relay tells its options and commands, and what it needs', async () => {
  const { stdout, status } = run('--help');
  expect(status).toBe(0);
  expect(stdout).toMatch(/--public-url .*\n\s+MIANFU_PUBLIC_URL/);
  expect(stdout).toMatch(/npm run relay -- enrol/);
  expect(run().status).toBe(2);
  expect(run('--rabbit', 'amqp://127.0.0.1:9', '--relay-admin-token', 'x'.repeat(20)).stderr).toMatch(
    /RabbitMQ at 127\.0\.0\.1:9 cannot be used/,
  );
  await start();
  const second = run('--data', dir);
  expect(second.status).toBe(1);
  expect(second.stderr).toMatch(/Another relay is already running/);
});
