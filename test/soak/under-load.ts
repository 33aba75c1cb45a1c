import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectBroker } from 'amqplib';
import { createNames } from '../../relay/rabbit/topology.ts';
import { ADMIN_TOKEN, enrol, newKeys } from '../../relay/test-till.ts';
import { type Chance, chanceFrom } from '../sim/random.ts';
import { quietPort } from './quiet-port.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { startTill } from './steady-till.ts';
import { startWallet } from './steady-wallet.ts';

const TILL = 'a';
const RELAY = 'relay.example.com';
/** Posts under way at once. */
const AT_ONCE = 12;
/** A delivery that has not come by then, with everything up and the wallet quiet, never will. */
const DRAIN_MS = 60_000;

/** Nodes of one relay, and what happens to them. */
export interface Nodes {
  count: number;
  /** Kills one without a word and starts it again at its address. */
  kill(index: number): Promise<void>;
}

export interface Outcome {
  /** What the wallet was promised, and what the till committed. */
  acknowledged: ReadonlySet<string>;
  committed: ReadonlySet<string>;
  /** What went wrong besides. */
  faults: string[];
  /** How much happened. */
  counts: Record<string, number>;
}

/** What ends the harm: so many, or the time (monotonic, ms). */
export type Extent = { harms: number } | { untilMs: number };

/**
 * A wallet posts to a relay of `count` nodes for one till, without a pause, while `harm` does what it does;
 * then everything is left in peace until the mailbox is empty.
 */
export async function underLoad(options: {
  seed: string;
  count: number;
  /** How the mailboxes are kept: arguments of the relay. */
  keeping(dir: string): readonly string[];
  extent: Extent;
  harm(nodes: Nodes, chance: Chance): Promise<void>;
}): Promise<Outcome> {
  const { seed, count, extent } = options;
  const chance = chanceFrom(seed);
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-soak-'));
  const processes: ServiceProcess[] = [];
  const faults: string[] = [];
  const args = (port: number) => [
    ...['--port', String(port), '--public-url', `https://${RELAY}`, '--till-rate-per-second', '100000'],
    ...options.keeping(dir),
  ];
  const start = (port: number) =>
    startService('relay/main.ts', args(port), { MIANFU_RELAY_ADMIN_TOKEN: ADMIN_TOKEN });
  try {
    for (let index = 0; index < count; index++) processes.push(await start(await quietPort()));
    const origins = processes.map(({ origin }) => origin);
    const first = origins[0] ?? '';
    const keys = newKeys();
    await enrol(first, TILL, keys);
    const till = startTill({ origins, till: TILL, relay: RELAY, keys, chance: chance.of('till') });
    const wallet = startWallet({ origins, till: TILL, atOnce: AT_ONCE, chance: chance.of('wallet') });
    const nodes: Nodes = {
      count,
      async kill(index) {
        const node = processes[index];
        if (!node) throw new Error(`There is no node ${index}.`);
        await node.kill();
        const fault = node.fault();
        if (fault) faults.push(fault);
        processes[index] = await start(Number(new URL(node.origin).port));
      },
    };
    let harms = 0;
    const isEnough = () => ('harms' in extent ? harms >= extent.harms : performance.now() >= extent.untilMs);
    while (!isEnough()) {
      // Never before something was promised since the last time.
      await wallet.further(chance.int(20, 200));
      await options.harm(nodes, chance);
      harms += 1;
    }
    await wallet.further(20);
    await wallet.finish();
    await till.has(wallet.acknowledged, DRAIN_MS);
    faults.push(...(await leftovers(first)));
    till.stop();
    for (const { fault } of processes) {
      const own = fault();
      if (own) faults.push(own);
    }
    const counts = {
      harms,
      posts: wallet.posts(),
      repeats: till.repeats(),
      connections: till.connections(),
    };
    return { acknowledged: wallet.acknowledged, committed: till.committed, faults, counts };
  } finally {
    for (const node of processes) await node.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What the mailbox still has once everything was acknowledged; acknowledgements may be on their way. */
async function leftovers(origin: string): Promise<string[]> {
  const endMs = performance.now() + DRAIN_MS;
  for (;;) {
    const answer = await fetch(`${origin}/admin/tills/${TILL}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const { waiting, dead } = (await answer.json()) as { waiting: number; dead: number };
    if (dead > 0) return [`${dead} dead letters`];
    if (waiting === 0) return [];
    if (performance.now() > endMs) return [`${waiting} deliveries wait for ever`];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Takes the queues of a relay out of a broker that others use too. */
export async function removeQueues(broker: string, prefix: string): Promise<void> {
  const names = createNames(prefix);
  const connection = await connectBroker(broker);
  const channel = await connection.createChannel();
  for (const queue of [names.mailbox(TILL), names.dead(TILL), names.journal])
    await channel.deleteQueue(queue);
  await channel.deleteExchange(names.control);
  await connection.close();
}
