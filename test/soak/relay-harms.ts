import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOwnBroker } from './own-broker.ts';
import { type Extent, type Outcome, removeQueues, underLoad } from './under-load.ts';

const SHARED_BROKER = process.env.MIANFU_TEST_RABBIT ?? 'amqp://guest:guest@127.0.0.1:5672';

/** The one node of a relay on SQLite is killed, again and again. */
export function killOnSqlite(seed: string, extent: Extent): Promise<Outcome> {
  return underLoad({
    seed,
    extent,
    count: 1,
    keeping: (dir) => ['--data', dir],
    harm: (nodes) => nodes.kill(0),
  });
}

/** Nodes of a relay on RabbitMQ are killed: one, another, now and then all at once. */
export async function killOnRabbit(seed: string, extent: Extent, broker = SHARED_BROKER): Promise<Outcome> {
  const prefix = `mianfu-test-${randomBytes(6).toString('hex')}`;
  try {
    return await underLoad({
      seed,
      extent,
      count: 3,
      keeping: () => ['--rabbit', broker, '--rabbit-prefix', prefix],
      async harm(nodes, chance) {
        const all = Array.from({ length: nodes.count }, (_, index) => index);
        await Promise.all((chance.happens(0.25) ? all : [chance.pick(all)]).map(nodes.kill));
      },
    });
  } finally {
    await removeQueues(broker, prefix);
  }
}

/**
 * RabbitMQ itself is restarted under two nodes: stopped and started by its operator, and killed and started again.
 * Both ways take turns.
 */
export async function restartBroker(seed: string, extent: Extent): Promise<Outcome> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-broker-'));
  const broker = await startOwnBroker(dir);
  let turn = 0;
  try {
    return await underLoad({
      seed,
      extent,
      count: 2,
      keeping: () => ['--rabbit', broker.url],
      async harm() {
        turn += 1;
        if (turn % 2 === 1) {
          await broker.stopApp();
          await broker.startApp();
        } else {
          await broker.kill();
          await broker.start();
        }
      },
    });
  } finally {
    await broker.kill();
    rmSync(dir, { recursive: true, force: true });
  }
}
