import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder: string;
let tills: { child: ChildProcess; exited: Promise<number | null> }[] = [];
let servers: Server[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mianfu-start-'));
});
afterEach(async () => {
  for (const { child } of tills) signal(child, 'SIGKILL');
  // Its output ends with the last process that npm started.
  for (const { exited } of tills) await exited;
  for (const server of servers) server.close();
  tills = [];
  servers = [];
  rmSync(folder, { recursive: true, force: true });
});

/** To npm and all that it started, as a terminal's Ctrl-C does. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, name);
  } catch {
    // It has ended already.
  }
}

/** `npm start`, as a person types it, without a window. */
function npmStart(...args: string[]) {
  const child = spawn('npm', ['start', '--', '--data', folder, ...args], {
    detached: true,
    env: { ...process.env, MIANFU_WINDOW: 'none', MIANFU_SANDBOX: '', MIANFU_MERCHANT: '', MIANFU_PORT: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  tills.push({ child, exited });
  let hasEnded = false;
  void exited.then(() => {
    hasEnded = true;
  });
  const says = async (pattern: RegExp) => {
    const said = () => hasEnded || pattern.test(text);
    await expect.poll(said, { timeout: 50_000, message: `it says ${pattern}` }).toBe(true);
    expect(text).toMatch(pattern);
    return pattern.exec(text)?.[0] ?? '';
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part;
    });
  }
  return { child, exited, says, text: () => text };
}

const LINK = /http:\/\/127\.0\.0\.1:\d+\/open\/\w+/;

test('it says why there is no Electron, and its link opens the till once', async () => {
  const till = npmStart();
  const link = await till.says(LINK);
  expect(till.text()).toContain('The till opens in a browser instead.');

  const first = await fetch(link, { redirect: 'manual' });
  expect([first.status, first.headers.get('location')]).toEqual([303, '/']);
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect(first.headers.get('set-cookie')).toMatch(/HttpOnly.*SameSite=Strict/i);
  const page = await fetch(new URL('/', link), { headers: { cookie } });
  expect(page.headers.get('content-type')).toContain('text/html');
  const api = await fetch(new URL('/api/v1/till', link), { headers: { cookie } });
  expect(await api.json()).toMatchObject({ mode: 'sandbox' });
  expect((await fetch(link, { redirect: 'manual' })).status).toBe(410);

  signal(till.child, 'SIGINT');
  await till.exited;
  await expect(fetch(new URL('/healthz', link))).rejects.toThrow();
});

test('a crashed backend is back at the same address, with the same data and session', async () => {
  const till = npmStart();
  const link = await till.says(LINK);
  const opened = await fetch(link, { redirect: 'manual' });
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  const tillId = async () => {
    const answer = await fetch(new URL('/api/v1/till', link), { headers: { cookie } });
    return ((await answer.json()) as { tillId: string }).tillId;
  };
  const before = await tillId();
  process.kill(pidOf('backend/main.ts'), 'SIGKILL');
  await till.says(/The backend ended/);
  await expect.poll(() => tillId().catch(() => null), { timeout: 20_000 }).toBe(before);
  signal(till.child, 'SIGTERM');
  await till.exited;
});

test('a start that is killed leaves neither backend nor sandbox behind', async () => {
  const till = npmStart();
  const link = await till.says(LINK);
  process.kill(pidOf('scripts/start.ts'), 'SIGKILL');
  // The last of them holds the output open.
  await till.exited;
  await expect(fetch(new URL('/healthz', link))).rejects.toThrow();
  // It ended well: the log was moved into the database.
  expect(readdirSync(join(folder, 'sandbox')).filter((name) => name.endsWith('-wal'))).toEqual([]);
});

test('a port that was asked for and is taken is said to be taken', async () => {
  const server = createServer();
  servers.push(server);
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  const till = npmStart('--port', String(port));
  expect(await till.exited).not.toBe(0);
  expect(till.text()).toContain(`Port ${port} is taken`);
});

test('--help says what there is', async () => {
  const till = npmStart('--help');
  expect(await till.exited).toBe(0);
  expect(till.text()).toContain('--merchant FILE');
});

/** The process that runs a script of ours on our data folder: neither npm nor the shell that started it. */
function pidOf(script: string): number {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const [program = '', ...words] = commandLine(pid).split('\0');
    const isOurs = words.some((word) => word.endsWith(script)) && words.join().includes(folder);
    if (isOurs && /(^|\/)node$/.test(program)) return Number(pid);
  }
  throw new Error(`Nobody runs ${script}.`);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
