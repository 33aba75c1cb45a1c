import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { HEARTBEAT_MS } from '../wire/relay.ts';
import { table } from './report.ts';

const TILLS = 10_000;
/** Of tills: a process has only so many files. */
const PROCESSES = 4;

interface Cost {
  connected: number;
  rss: number;
  heapUsed: number;
  cpu: { user: number; system: number };
  atMs: number;
}

/** Connected tills that nothing happens to: what each costs the relay in memory, and all together in work. */
export async function run(): Promise<void> {
  const relay = child(new URL('./relay-idle-server.ts', import.meta.url), [String(TILLS)], ['--expose-gc']);
  const tills: ChildProcess[] = [];
  try {
    const [{ origin, privateKey }] = (await once(relay, 'message')) as [
      { origin: string; privateKey: string },
    ];
    const cost = async (): Promise<Cost> => {
      relay.send('cost');
      return ((await once(relay, 'message')) as [Cost])[0];
    };
    const before = await cost();
    const share = TILLS / PROCESSES;
    for (let n = 0; n < PROCESSES; n++) {
      const process = child(new URL('./relay-idle-tills.ts', import.meta.url), [], []);
      tills.push(process);
      const connected = once(process, 'message');
      process.send({ origin, privateKey, from: n * share, to: (n + 1) * share });
      await connected;
    }
    await sleep(2 * HEARTBEAT_MS);
    const first = await cost();
    await sleep(4 * HEARTBEAT_MS);
    const second = await cost();
    if (second.connected !== TILLS) throw new Error(`Only ${second.connected} tills stayed.`);
    const each = (bytes: number) => `${(bytes / TILLS / 1_024).toFixed(1)} KiB`;
    const worked = second.cpu.user + second.cpu.system - first.cpu.user - first.cpu.system;
    table(`${TILLS} connected tills, idle but for heartbeats`, [
      ['', 'in all', 'each'],
      ['resident memory', mib(second.rss - before.rss), each(second.rss - before.rss)],
      [
        'of it JavaScript heap',
        mib(second.heapUsed - before.heapUsed),
        each(second.heapUsed - before.heapUsed),
      ],
      ['of one core', `${(worked / 10 / (second.atMs - first.atMs)).toFixed(1)} %`, ''],
    ]);
    const gone = once(relay, 'exit');
    relay.send('stop');
    await gone;
  } finally {
    for (const process of [relay, ...tills]) process.kill('SIGKILL');
  }
}

function child(file: URL, args: string[], execArgv: string[]): ChildProcess {
  return fork(file, args, { execArgv });
}

function mib(bytes: number): string {
  return `${(bytes / 1_024 / 1_024).toFixed(0)} MiB`;
}
