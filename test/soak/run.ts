import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { killOnRabbit, killOnSqlite, restartBroker } from './relay-harms.ts';
import { shopUnderFire } from './shop-under-fire.ts';
import type { Extent, Outcome } from './under-load.ts';

const HELP = `Usage: npm run soak -- [options]

Kills and restarts what lies between a wallet and a till, under load, and compares what the wallet saw
acknowledged with what the tills committed.

  --what NAME     shop (default), sqlite, rabbit or broker: see test/soak/README.md
  --minutes N     how long (default 5)
  --seed TEXT     who dies, and when; one is drawn and printed where none is given
  --help          this text
`;

type Say = (line: string) => void;
const SCENARIOS: Record<string, (seed: string, extent: Extent, say: Say) => Promise<Outcome>> = {
  shop: shopUnderFire,
  sqlite: killOnSqlite,
  rabbit: (seed, extent) => killOnRabbit(seed, extent),
  broker: restartBroker,
};

const { values } = parseArgs({
  options: {
    what: { type: 'string', default: 'shop' },
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<void> {
  const scenario = SCENARIOS[values.what];
  const minutes = Number(values.minutes);
  if (!scenario || !(minutes > 0)) {
    process.stderr.write(HELP);
    process.exitCode = 2;
    return;
  }
  const startedMs = performance.now();
  const say: Say = (line) =>
    process.stdout.write(`${((performance.now() - startedMs) / 1_000).toFixed(1).padStart(7)} s  ${line}\n`);
  const seed = values.seed ?? String(randomInt(2 ** 30));
  say(`${values.what}, seed ${seed}`);
  const { acknowledged, committed, faults, counts } = await scenario(
    seed,
    { untilMs: startedMs + minutes * 60_000 },
    say,
  );
  const lost = [...acknowledged].filter((id) => !committed.has(id));
  const invented = [...committed].filter((id) => !acknowledged.has(id));
  for (const line of faults) say(line);
  if (lost.length > 0) say(`acknowledged and lost: ${lost.slice(0, 20).join(' ')}`);
  if (invented.length > 0) say(`committed and never acknowledged: ${invented.slice(0, 20).join(' ')}`);
  say(`${JSON.stringify(counts)}`);
  say(
    `${acknowledged.size} acknowledged, ${committed.size} committed, ${lost.length} lost, ${faults.length} faults`,
  );
  process.exitCode = lost.length + invented.length + faults.length === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else await main();
