/** How often something runs per second, measured beside its peers in the same minutes. */
export interface Contestant {
  name: string;
  /** One unit of work. */
  run: () => unknown;
}

const now = () => performance.now();

/**
 * How the first contestant fares against each of the others: 1 is equal, more is faster. They run in turns,
 * many short rounds, and each round is compared with its own neighbours, so that what slows the machine
 * slows all; the median round counts.
 */
export async function ratios(
  contestants: readonly Contestant[],
  options: { rounds: number; roundMs: number; inFlight?: number },
): Promise<number[]> {
  const perRound: number[][] = [];
  for (let round = -1; round < options.rounds; round++) {
    const rates: number[] = [];
    // Whoever begins inherits the garbage of whoever ended: each begins in turn.
    for (let turn = 0; turn < contestants.length; turn++) {
      const index = (round + 1 + turn) % contestants.length;
      const contestant = contestants[index];
      if (contestant) rates[index] = await roundOf(contestant, options.roundMs, options.inFlight ?? 0);
    }
    // The first round only warms up.
    if (round >= 0) perRound.push(rates);
  }
  return contestants
    .slice(1)
    .map((_, peer) => median(perRound.map((rates) => (rates[0] ?? 0) / (rates[peer + 1] ?? 1))));
}

/** One line: ours against a peer, and whether the limit is kept. */
export function ratioLine(what: string, ratio: number | undefined, reach?: number): string {
  const value = ratio ?? 0;
  const verdict = reach === undefined ? '' : `  (reach ${reach}: ${value >= reach ? 'kept' : 'MISSED'})`;
  return `  ${what.padEnd(52)} ${value.toFixed(2).padStart(6)} ×${verdict}`;
}

/** `inFlight` 0: synchronous work; else that many loops of awaited calls side by side. */
async function roundOf(contestant: Contestant, roundMs: number, inFlight: number): Promise<number> {
  const start = now();
  let runs = 0;
  if (inFlight === 0) {
    while (now() - start < roundMs) {
      contestant.run();
      runs++;
    }
  } else {
    const loop = async () => {
      while (now() - start < roundMs) {
        await contestant.run();
        runs++;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, loop));
  }
  return (runs * 1_000) / (now() - start);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
