import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectBroker } from 'amqplib';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { createNames } from './rabbit/topology.ts';
import { connect, enrol, newKeys, type TestTill } from './test-till.ts';

const BROKER = process.env.MIANFU_TEST_RABBIT ?? 'amqp://guest:guest@127.0.0.1:5672';
const PREFIX = `mianfu-test-${randomBytes(6).toString('hex')}`;

let dir: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-relay-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

afterAll(async () => {
  const names = createNames(PREFIX);
  const broker = await connectBroker(BROKER);
  const channel = await broker.createChannel();
  for (const queue of [names.mailbox('a'), names.dead('a'), names.journal]) await channel.deleteQueue(queue);
  await channel.deleteExchange(names.control);
  await broker.close();
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

test.each([
  ['on SQLite', []],
  ['on RabbitMQ', ['--rabbit', BROKER, '--rabbit-prefix', PREFIX]],
] as const)(
  'what was answered well is delivered, however often the relay is killed under load, %s',
  async (_, keeping) => {
    const keys = newKeys();
    const promised = new Set<string>();
    const committed = new Set<string>();
    const fast = ['--till-rate-per-second', '100000', ...keeping];
    let relay = await start(...fast);
    const { port } = new URL(relay.origin);
    await enrol(relay.origin, 'a', keys, token());
    let serial = 0;
    const ROUNDS = 3;

    for (let round = 0; round < ROUNDS; round++) {
      let running = true;
      let answered = 0;
      let enough = () => {};
      const loaded = new Promise<void>((resolve) => {
        enough = resolve;
      });
      const poster = async () => {
        while (running) {
          serial += 1;
          const id = `EV-${serial}`;
          try {
            const body = JSON.stringify({ id, filler: 'x'.repeat(1_000) });
            const answer = await fetch(`${relay.origin}/notify/a/wechat`, { method: 'POST', body });
            if (answer.status !== 204) continue;
            promised.add(id);
            answered += 1;
            if (answered === 150) enough();
          } catch {
            // The relay was killed under it: nothing was promised.
          }
        }
      };
      const posters = Array.from({ length: 8 }, poster);
      // Every other time the till is there, and acknowledges while the relay dies.
      const till = round % 2 === 0 ? await connect(relay.origin, { till: 'a', keys }) : null;
      if (till) commitAll(till, committed);
      await loaded;
      relay.child.kill('SIGKILL');
      running = false;
      await Promise.all([relay.ended, ...posters]);
      till?.drop();
      relay = await start('--port', port, ...fast);
    }

    const till = await connect(relay.origin, { till: 'a', keys });
    commitAll(till, committed);
    // A lost one would be waited for in vain, until the test's time is over.
    const missing = () => [...promised].filter((id) => !committed.has(id));
    while (missing().length > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(promised.size).toBeGreaterThanOrEqual(150 * ROUNDS);
    till.drop();
    relay.child.kill('SIGTERM');
    await relay.ended;
  },
  60_000,
);

/** A till that commits each delivery at once, then acknowledges. */
function commitAll(till: TestTill, committed: Set<string>): void {
  const answered = new Set<number>();
  const work = () => {
    for (const { seq, body } of till.deliveries()) {
      if (answered.has(seq)) continue;
      answered.add(seq);
      committed.add((JSON.parse(Buffer.from(body, 'base64').toString()) as { id: string }).id);
      if (till.socket.readyState === till.socket.OPEN) till.send({ type: 'ack', seq });
    }
  };
  till.socket.on('message', work);
  work();
}
