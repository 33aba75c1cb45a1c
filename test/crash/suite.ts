import { disagreements } from './agree.ts';
import { killAtRandom } from './at-random.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Life } from './lives.ts';
import type { Sale, Wallet, World } from './world.ts';

/** A life in which the till dies once. */
interface Run {
  life: Life;
  wallet: Wallet;
  point: FaultPoint;
  /** How long it stays dead. */
  awayMs: number;
}

/**
 * A run whose point was not passed is told again so often. Then it is a fault of the test, unless the point repeats a
 * step: how often a step is repeated hangs on random pauses, and its first time is a point as well.
 */
const TRIES = 10;
/** So often a life is told to learn its points: repeats at random pauses may be one more or less. */
const TELLINGS = 5;

/** The fault points of a life: those that it passes however its two wallets fall out in time. */
async function pointsOf(world: World, life: Life, wallet: Wallet): Promise<FaultPoint[]> {
  let points = await passedUndisturbed(world, life, wallet);
  for (let again = 1; again < TELLINGS; again++) {
    const passed = new Set(await passedUndisturbed(world, life, wallet));
    points = points.filter((point) => passed.has(point));
  }
  return points;
}

/** Tells a life without a death, and returns the points that were passed. */
async function passedUndisturbed(world: World, life: Life, wallet: Wallet): Promise<FaultPoint[]> {
  const sale = await tell(world, life, wallet, null, 0);
  const found = await disagreements(world, [sale]);
  const [was] = world.read().all<Life['expected']>(
    `SELECT coalesce(sum(state = 'paid'), 0) AS paid, coalesce(sum(surplus), 0) AS surplus, coalesce(sum(late), 0) AS late,
       (SELECT count(*) FROM refunds r WHERE r.order_no = ? AND r.state = 'succeeded') AS back
       FROM trades WHERE order_no = ?`,
    sale.orderNo,
    sale.orderNo,
  );
  if (JSON.stringify(was) !== JSON.stringify(life.expected)) found.push(`it became ${JSON.stringify(was)}`);
  if (world.deaths() > 0) found.push('it died by itself');
  if (found.length > 0) throw new Error(`${life.name}, ${wallet}, undisturbed: ${found.join('; ')}`);
  return [...new Set(world.passed())].filter((point) => belongs(point, life));
}

/** The greetings of a start are the points of the lives that begin with one. */
function belongs(point: FaultPoint, life: Life): boolean {
  return life.atStart === true || !/greeting|certificates/.test(point);
}

function isRepeat(point: FaultPoint): boolean {
  return !point.endsWith('#1');
}

/**
 * Tells a life in which the till dies at `point`, stays away for `awayMs`, and comes back: what is wrong afterwards.
 * Null when it did not die.
 */
async function killAt(world: World, run: Run): Promise<string[] | null> {
  const { life, wallet, point, awayMs } = run;
  try {
    for (let tries = 1; ; tries++) {
      const sale = await tell(world, life, wallet, point, awayMs);
      const found = await disagreements(world, [sale]);
      if (world.deaths() === 1 || found.length > 0) return found;
      if (tries === TRIES)
        return isRepeat(point) ? null : [`the point was not passed (${world.deaths()} deaths)`];
    }
  } catch (error) {
    await world.onNewFolder();
    return [String(error)];
  }
}

async function tell(
  world: World,
  life: Life,
  wallet: Wallet,
  point: FaultPoint | null,
  awayMs: number,
): Promise<Sale> {
  const sale = world.sale();
  const charge = await life.before(world, sale, wallet);
  if (life.atStart) world.beginAtStart(point, awayMs);
  else await world.begin(point, awayMs);
  await life.live(world, sale, wallet, charge);
  await world.end();
  return sale;
}

/** Does every task once, as many at a time as there are worlds, each in one of them. */
export async function shareOut<World, Task, Result>(
  worlds: readonly World[],
  tasks: readonly Task[],
  work: (world: World, task: Task) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const left = [...tasks.entries()];
  await Promise.all(
    worlds.map(async (world) => {
      for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await work(world, next[1]);
    }),
  );
  return results;
}

/** Every run of a life: all its points, with every absence. One line for each that went wrong. */
export async function runLife(
  worlds: readonly World[],
  life: Life,
  wallet: Wallet,
  absencesMs: readonly number[],
): Promise<{ runs: number; failures: string[] }> {
  const [first] = worlds;
  if (!first) throw new Error('There is no world.');
  const points = await pointsOf(first, life, wallet);
  const runs = absencesMs.flatMap((awayMs) => points.map((point): Run => ({ life, wallet, point, awayMs })));
  const found = await shareOut(worlds, runs, killAt);
  const failures = runs.flatMap(({ point, awayMs }, index) =>
    (found[index] ?? []).map((line) => `${point}, away for ${awayMs} ms: ${line}`),
  );
  return { runs: found.filter((lines) => lines !== null).length, failures };
}

/** Random deaths, one for each seed. One line for each that went wrong. */
export async function runRandom(worlds: readonly World[], seeds: readonly number[]): Promise<string[]> {
  const found = await shareOut(worlds, seeds, killAtRandom);
  return seeds.flatMap((seed, index) => (found[index] ?? []).map((line) => `seed ${seed}: ${line}`));
}
