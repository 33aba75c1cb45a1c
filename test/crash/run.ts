import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { MINUTE } from '../../ports/clock.ts';
import { haveRedis, TEST_REDIS } from '../locks/redis.ts';
import { LIVES, walletsOf } from './lives.ts';
import { runLife, runRandom } from './suite.ts';
import { runTogether } from './together.ts';
import { openWorlds } from './worlds.ts';

const HELP = `Usage: npm run crash -- [options]

Kills the backend at every step of every life, for each wallet, and compares the till with the wallets' ledgers.

  --all         also with the till away for so long that its codes have ended
  --random N    instead: N times at a random moment while eight orders are charged
  --seed N      the first seed of those; the next ones count on from it
  --help        this text
`;

/** Longer than a code lives, and than it is watched afterwards. */
const LONG_MS = 10 * MINUTE;

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    random: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const startedMs = performance.now();
  const say = (line: string) =>
    process.stdout.write(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
  let runs = 0;
  const failures: string[] = [];
  const { worlds, plots, close } = await openWorlds();
  try {
    if (values.random !== undefined) {
      const first = values.seed === undefined ? randomInt(2 ** 30) : Number(values.seed);
      const seeds = Array.from({ length: Number(values.random) }, (_, index) => first + index);
      say(`${seeds.length} random deaths from seed ${first}`);
      failures.push(...(await runRandom(worlds, seeds)));
      runs = seeds.length;
    } else {
      for (const life of LIVES) {
        for (const wallet of walletsOf(life)) {
          const result = await runLife(worlds, life, wallet, values.all ? [0, LONG_MS] : [0]);
          say(`${life.name} (${wallet}): ${result.runs} deaths`);
          failures.push(...result.failures.map((line) => `${life.name} (${wallet}), ${line}`));
          runs += result.runs;
        }
      }
      await Promise.all(worlds.map((world) => world.kill()));
      for (const sharing of ['folder', ...((await haveRedis()) ? [{ redis: TEST_REDIS }] : [])] as const) {
        const where = sharing === 'folder' ? 'on one folder' : 'on one Redis';
        const result = await runTogether(plots, sharing);
        say(`two tills ${where} give back at once: ${result.runs} deaths`);
        failures.push(...result.failures.map((line) => `two tills ${where}, ${line}`));
        runs += result.runs;
      }
    }
  } finally {
    await close();
  }
  for (const line of failures) process.stdout.write(`  ${line}\n`);
  say(`${runs} deaths, ${failures.length} disagreements`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else await main();
