import { parentPort, workerData } from 'node:worker_threads';
import type { Keys } from './keys.ts';
import { live } from './live.ts';
import type { SeedReport } from './pool.ts';

/** One thread of the pool: lives through the seeds that it is given, one after the other. */
const keys = workerData as Keys;

parentPort?.on('message', (seed: number) => {
  void live(seed, keys).then(({ trace, ...outcome }) => {
    // A trace is long and is read only when something is wrong, or when somebody asks for one seed.
    const report: SeedReport = { ...outcome, trace: outcome.violations.length > 0 ? trace : [] };
    parentPort?.postMessage(report);
  });
});
