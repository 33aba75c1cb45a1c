/** One unit of work, measured by how often it is done per second. */
export type Work = () => unknown;

const now = () => performance.now();

/** Before anything counts, each side runs this long: what is compiled, and connected, by then stays so. */
const WARM_UP_MS = 1_500;

/**
 * How `ours` fares against `peer`: 1 is equal, more is faster. The two alone run in turns, many rounds, and
 * each round is compared with its own neighbour, so that what slows the machine slows both; the median counts.
 * `inFlight` 0 (or absent) is synchronous work, by this process's own time; `byClock`: what is waited for counts too.
 */
export async function ratio(
  ours: Work,
  peer: Work,
  options: { rounds: number; roundMs: number; inFlight?: number; byClock?: boolean },
): Promise<number> {
  const { rounds, roundMs, inFlight = 0, byClock = inFlight > 0 } = options;
  await rateOf(ours, WARM_UP_MS, inFlight, byClock);
  await rateOf(peer, WARM_UP_MS, inFlight, byClock);
  const perRound: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Whoever begins inherits the garbage of whoever ended: each begins in turn.
    if (round % 2 === 0) {
      const rate = await rateOf(ours, roundMs, inFlight, byClock);
      perRound.push(rate / (await rateOf(peer, roundMs, inFlight, byClock)));
    } else {
      const rate = await rateOf(peer, roundMs, inFlight, byClock);
      perRound.push((await rateOf(ours, roundMs, inFlight, byClock)) / rate);
    }
  }
  return median(perRound);
}

/** One line: ours against a peer, and whether the limit is kept. */
export function ratioLine(what: string, value: number, reach?: number): string {
  const verdict =
    reach === undefined ? '' : `  (reach ${Number(reach.toFixed(2))}: ${value >= reach ? 'kept' : 'MISSED'})`;
  return `  ${what.padEnd(52)} ${value.toFixed(2).padStart(6)} ×${verdict}`;
}

/**
 * `inFlight` 0: synchronous work; else that many loops of awaited calls side by side. Per second of the clock, or of
 * this process's own time, so that a busy machine weighs on nobody.
 */
async function rateOf(work: Work, roundMs: number, inFlight: number, byClock: boolean): Promise<number> {
  const start = now();
  const before = process.cpuUsage();
  let runs = 0;
  if (inFlight === 0) {
    while (now() - start < roundMs) {
      work();
      runs++;
    }
  } else {
    const loop = async () => {
      while (now() - start < roundMs) {
        await work();
        runs++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
  }
  const { user, system } = process.cpuUsage(before);
  return byClock ? (runs * 1_000) / (now() - start) : (runs * 1_000_000) / (user + system);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
