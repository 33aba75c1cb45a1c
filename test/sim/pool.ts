import { Worker } from 'node:worker_threads';
import { makeKeys } from './keys.ts';
import type { Outcome } from './live.ts';

/** An outcome as it comes from a thread; without its trace where everything held. */
export type SeedReport = Outcome;

/** A thread's worlds before it is renewed: what waits for ever in dead processes is only gone with its heap. */
const WORLDS_OF_A_THREAD = 250;

/**
 * Lives through the seeds on several threads; gives the reports in the order of the seeds. `onReport` hears of
 * each as it comes. Rejects when a thread breaks, naming the seed.
 */
export async function runSeeds(
  seeds: readonly number[],
  options: { threads: number; onReport?: (report: SeedReport) => void },
): Promise<SeedReport[]> {
  const keys = await makeKeys();
  const reports: SeedReport[] = [];
  let next = 0;
  const thread = (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: keys });
    let left = WORLDS_OF_A_THREAD;
    let at = -1;
    return new Promise<void>((resolve, reject) => {
      const give = () => {
        if (next >= seeds.length || left === 0) return resolve();
        left -= 1;
        at = next++;
        worker.postMessage(seeds[at]);
      };
      worker.on('message', (report: SeedReport) => {
        reports[at] = report;
        options.onReport?.(report);
        give();
      });
      worker.on('error', (error) =>
        reject(new Error(`The world of seed ${seeds[at]} broke: ${String(error)}`, { cause: error })),
      );
      give();
    }).finally(() => worker.terminate());
  };
  const line = async () => {
    while (next < seeds.length) await thread();
  };
  await Promise.all(Array.from({ length: Math.min(options.threads, seeds.length) }, line));
  return reports;
}
