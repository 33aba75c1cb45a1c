import { randomBytes } from 'node:crypto';
import type { FaultPoint } from './fault-points.ts';
import type { Plot } from './ground.ts';
import { shareOut } from './suite.ts';
import { createTwoTills, type Sharing, type TwoTills } from './two-tills.ts';
import type { Wallet } from './world.ts';

/** So often it is told undisturbed to learn its points: which of the two does what is chance. */
const TELLINGS = 3;
/** A point that was not passed is tried so often, until chance has it passed. */
const TRIES = 10;

interface Run {
  wallet: Wallet;
  point: FaultPoint;
}

/** The first time of each step of a refund; the lives of one till have all the others. */
function points(two: TwoTills): FaultPoint[] {
  return two.passed().filter((point) => point.endsWith('#1') && /refund/.test(point));
}

async function killAt(two: TwoTills, { wallet, point }: Run): Promise<string[] | null> {
  try {
    for (let tries = 1; tries <= TRIES; tries++) {
      const found = await two.giveBack(wallet, point);
      if (two.deaths() === 1 || found.length > 0) return found;
    }
    return null;
  } catch (error) {
    return [String(error)];
  }
}

/**
 * Two tills and four managers give back a payment at once, and one till dies at each step of a refund. One line for
 * each run that went wrong; `runs`: how many deaths there were.
 */
export async function runTogether(
  plots: readonly Plot[],
  sharing: Sharing,
): Promise<{ runs: number; failures: string[] }> {
  // A Redis remembers which orders other tills had.
  const name = randomBytes(4).toString('hex');
  const pairs = plots.map((plot, n) => createTwoTills(plot, `${name}_${n}`, sharing));
  try {
    const [first] = pairs;
    const runs: Run[] = [];
    const failures: string[] = [];
    for (const wallet of ['alipay', 'wechat'] as const) {
      const passed = new Set<FaultPoint>();
      for (let telling = 0; first && telling < TELLINGS; telling++) {
        failures.push(
          ...(await first.giveBack(wallet, null)).map((line) => `${wallet}, undisturbed: ${line}`),
        );
        for (const point of points(first)) passed.add(point);
      }
      runs.push(...[...passed].map((point) => ({ wallet, point })));
    }
    const found = await shareOut(pairs, runs, killAt);
    for (const [index, { wallet, point }] of runs.entries())
      failures.push(...(found[index] ?? []).map((line) => `${wallet}, ${point}: ${line}`));
    return { runs: found.filter((lines) => lines !== null).length, failures };
  } finally {
    await Promise.all(pairs.map((two) => two.kill()));
  }
}
