import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LIVES, walletsOf } from './lives.ts';
import { runLife, runRandom } from './suite.ts';
import type { World } from './world.ts';
import { openWorlds } from './worlds.ts';

/** For a machine that is busy with other tests; see the README for what it takes. */
const TIMEOUT_MS = 300_000;
const RANDOM_RUNS = 20;

let worlds: World[];
let close: (() => Promise<void>) | undefined;

beforeAll(async () => {
  ({ worlds, close } = await openWorlds());
}, TIMEOUT_MS);
afterAll(async () => await close?.());

describe('killed at every step, the till comes back and agrees with the wallets', () => {
  const cases = LIVES.flatMap((life) => walletsOf(life).map((wallet) => ({ life, wallet, name: life.name })));
  test.each(cases)(
    '$name ($wallet)',
    async ({ life, wallet }) => {
      const { runs, failures } = await runLife(worlds, life, wallet, [0]);
      expect(failures).toEqual([]);
      expect(runs).toBeGreaterThan(9);
    },
    TIMEOUT_MS,
  );
});

test(
  'killed at any moment while eight orders are charged, it comes back and agrees with the wallets',
  async () => {
    const seeds = Array.from({ length: RANDOM_RUNS }, () => randomInt(2 ** 31));
    expect(await runRandom(worlds, seeds)).toEqual([]);
  },
  TIMEOUT_MS,
);
