import { beforeAll, describe, expect, test } from 'vitest';
import { KEPT_SEEDS } from './kept-seeds.ts';
import { runSeeds, type SeedReport } from './pool.ts';
import { failureText } from './report.ts';

/** Seeds of every run of the tests, and how many of them are one test. */
const SEEDS = 500;
const CHUNK = 100;
const THREADS = 2;
/** Seeds that are lived through twice. */
const TWICE = [1, 2, 3, 4, 5, 6, 7, 8];

const numbers = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const failures = (reports: readonly SeedReport[]) =>
  reports.filter((report) => report.violations.length > 0).map(failureText);

describe('money and the till’s word agree, whatever happens', () => {
  test.for(numbers(0, SEEDS / CHUNK).map((n) => [1 + n * CHUNK, (n + 1) * CHUNK] as const))(
    'in the worlds of seeds %i to %i',
    { timeout: 240_000 },
    async ([first, last]) => {
      const reports = await runSeeds(numbers(first, last - first + 1), { threads: THREADS });
      expect(failures(reports)).toEqual([]);
    },
  );
});

describe('what was found once stays away', () => {
  let reports: SeedReport[];
  beforeAll(async () => {
    reports = await runSeeds(
      KEPT_SEEDS.map(({ seed }) => seed),
      { threads: THREADS },
    );
  }, 120_000);

  test.for(KEPT_SEEDS)('seed $seed: $found', ({ seed }) => {
    expect(failures(reports.filter((report) => report.seed === seed))).toEqual([]);
  });
});

test('a seed gives the same world again, on any thread', { timeout: 60_000 }, async () => {
  const reports = await runSeeds([...TWICE, ...TWICE], { threads: THREADS });
  const hashes = (from: number) => reports.slice(from, from + TWICE.length).map((report) => report.traceHash);
  expect(hashes(TWICE.length)).toEqual(hashes(0));
  expect(new Set(hashes(0)).size).toBe(TWICE.length);
});
