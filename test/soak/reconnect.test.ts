import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { ADMIN_TOKEN, newKeys, type TestKeys } from '../../relay/test-till.ts';
import { enrolRequest } from '../../wire/relay.ts';
import type { Report, Told } from './many-tills.ts';
import { quietPort } from './quiet-port.ts';
import { startService } from './service-process.ts';

const COUNT = 1_000;
const AT_ONCE = 32;
/** While tills come back: more would keep the relay's thousand welcomes waiting, and not the tills' tries. */
const FEW_AT_ONCE = 4;
const WINDOW_MS = 500;
/** What a fair draw from the back-off gives is a quarter to a third; a herd is all of them. */
const SHARE_MAX = 0.45;
/** For everything from its start until all are back. */
const CPU_SECONDS_MAX = 12;
const RSS_BYTES_MAX = 350 * 1024 * 1024;

interface Till {
  name: string;
  keys: TestKeys;
  /** Each till calls from an address of its own, as a proxy tells it. */
  source: string;
}

const tills = Array.from(
  { length: COUNT },
  (_, index): Till => ({
    name: `till-${index}`,
    keys: newKeys(),
    source: `10.0.${index >> 8}.${index & 255}`,
  }),
);

/** Does all of it, some at a time. */
async function inTurns(work: (till: Till) => Promise<void>, atOnce = AT_ONCE): Promise<void> {
  const left = [...tills];
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let till = left.pop(); till; till = left.pop()) await work(till);
    }),
  );
}

async function enrol(origin: string, { name, keys, source }: Till): Promise<void> {
  const invited = await fetch(`${origin}/admin/tills/${name}/code`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  });
  const { code } = (await invited.json()) as { code: string };
  const answer = await fetch(`${origin}/enrol`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': source },
    body: JSON.stringify(enrolRequest({ till: name, code }, keys)),
  });
  expect(await answer.text()).toContain(name);
  expect(answer.status).toBe(200);
}

async function post(origin: string, { name, source }: Till, body: string): Promise<void> {
  const answer = await fetch(`${origin}/notify/${name}/wechat`, {
    method: 'POST',
    headers: { 'x-forwarded-for': source },
    body,
  });
  expect(answer.status).toBe(204);
}

/** The tills, in a process of their own. */
function manyTills() {
  const child: ChildProcess = fork(fileURLToPath(new URL('many-tills.ts', import.meta.url)), [], {
    execArgv: [],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const tell = (told: Told) => void child.send(told);
  const report = () =>
    new Promise<Report>((resolve) => {
      child.once('message', (said) => resolve(said as Report));
      tell('report');
    });
  return {
    tell,
    report,
    async until(fits: (report: Report) => boolean): Promise<Report> {
      for (;;) {
        const found = await report();
        if (fits(found)) return found;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

const have =
  (count: number) =>
  ({ committed }: Report) =>
    Object.values(committed).every((bodies) => bodies.length >= count);

/** The largest share of all that fell into one window. */
function largestShare(timesMs: readonly number[]): number {
  const sorted = timesMs.toSorted((a, b) => a - b);
  let most = 0;
  for (let first = 0, last = 0; last < sorted.length; last++) {
    while ((sorted[last] ?? 0) - (sorted[first] ?? 0) > WINDOW_MS) first++;
    most = Math.max(most, last - first + 1);
  }
  return most / sorted.length;
}

test('a thousand tills of a relay that was killed come back spread out, each to what it had not answered', {
  timeout: 240_000,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-many-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const port = String(await quietPort());
  const start = () =>
    startService('relay/main.ts', ['--data', dir, '--port', port], { MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN });
  let relay = await start();
  onTestFinished(() => relay.kill());
  const { origin } = relay;
  await inTurns((till) => enrol(origin, till));

  const many = manyTills();
  many.tell({
    relay: new URL(origin).host,
    pushUrl: `${origin.replace(/^http/, 'ws')}/till`,
    tills: tills.map(({ name, keys }) => ({
      till: name,
      privateKey: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    })),
  });
  await many.until(({ connected }) => connected === COUNT);
  await inTurns((till) => post(origin, till, '1'));
  await many.until(have(1));
  many.tell({ hold: true });
  await inTurns((till) => post(origin, till, '2'));
  const before = await many.until(({ held }) => held === COUNT);

  await relay.kill();
  many.tell({ hold: false });
  relay = await start();
  // Some find their till back, and some do not.
  await inTurns((till) => post(origin, till, '3'), FEW_AT_ONCE);
  const after = await many.until((report) => report.connected === COUNT && have(3)(report));

  for (const { name } of tills) expect(after.committed[name]).toEqual(['1', '2', '3']);
  const since = (timesMs: readonly number[]) => timesMs.filter((ms) => ms > before.nowMs);
  const tries = since(after.triesMs);
  expect(tries.length).toBeGreaterThanOrEqual(COUNT);
  expect(largestShare(tries)).toBeLessThan(SHARE_MAX);
  expect(since(after.welcomesMs)).toHaveLength(COUNT);
  expect(largestShare(since(after.welcomesMs))).toBeLessThan(SHARE_MAX);

  const metrics = await (await fetch(`${origin}/metrics`)).text();
  const metric = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1]);
  expect(metric('process_cpu_seconds_total')).toBeLessThan(CPU_SECONDS_MAX);
  expect(metric('process_resident_memory_bytes')).toBeLessThan(RSS_BYTES_MAX);
  expect(metric('mianfu_relay_connected_tills')).toBe(COUNT);
});
