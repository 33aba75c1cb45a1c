import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { makeKeys } from './keys.ts';
import { live } from './live.ts';
import { runSeeds, type SeedReport } from './pool.ts';
import { failureText, reportText } from './report.ts';

/** A long run says now and then how far it has come. */
const PROGRESS_EVERY = 500;

const HELP = `Usage: npm run sim -- [options]

Lives whole shops through, one from each seed, and compares the tills with the wallets' ledgers; see test/sim/README.md.
Ends with 1 when a seed failed.

  --seed N      the first seed [1]
  --runs M      how many, counting on from it [1]
  --threads N   how many at a time [2, or as many as the machine has cores]
  --verbose     each with its whole trace, one after the other
  --help        this text
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(Math.min(2, availableParallelism())) },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const first = wholeNumber('seed', values.seed);
const runs = wholeNumber('runs', values.runs);
if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const startedMs = performance.now();
  const reports = values.verbose ? await told() : await quietly();
  console.log(reportText(reports, performance.now() - startedMs));
  if (reports.some((report) => report.violations.length > 0)) process.exitCode = 1;
}

/** One after the other in this thread, each with its whole trace. */
async function told(): Promise<SeedReport[]> {
  const keys = await makeKeys();
  const outcomes: SeedReport[] = [];
  for (let seed = first; seed < first + runs; seed++) {
    const outcome = await live(seed, keys);
    for (const line of outcome.trace) console.log(line);
    console.log(`Seed ${seed}: trace ${outcome.traceHash}`);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function quietly(): Promise<SeedReport[]> {
  let done = 0;
  const seeds = Array.from({ length: runs }, (_, n) => first + n);
  return await runSeeds(seeds, {
    threads: wholeNumber('threads', values.threads),
    onReport(report) {
      if (report.violations.length > 0) console.log(`${failureText(report)}\n`);
      done += 1;
      if (done % PROGRESS_EVERY === 0) console.log(`${done} of ${runs} seeds`);
    },
  });
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text) || text === '0') throw new Error(`--${name} must be a whole number from 1 on.`);
  return Number(text);
}
