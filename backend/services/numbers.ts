import type { Clock } from '../../ports/clock.ts';
import { type Random, randomText } from '../../ports/random.ts';
import { formatNumber, NUMBER_ALPHABET, nextNumberState } from '../domain/numbers.ts';
import type { Store } from '../store/store.ts';

/**
 * Hands out numbers that no till ever repeats; see `domain/numbers.ts`. Call inside a transaction: the
 * mark moves with what uses them.
 */
export type Numbers = ReturnType<typeof createNumbers>;

export function createNumbers(deps: { store: Store; clock: Clock; random: Random; tillId: string }) {
  const { store, clock, random, tillId } = deps;
  return {
    take(howMany: number): string[] {
      const nowMs = clock.nowMs();
      const chance = randomText(random, NUMBER_ALPHABET, howMany * RANDOM_DIGITS);
      let state = store.till.numbers();
      const numbers: string[] = [];
      for (let n = 0; n < howMany; n++) {
        state = nextNumberState(state, nowMs);
        numbers.push(formatNumber(tillId, state, chance.slice(n * RANDOM_DIGITS, (n + 1) * RANDOM_DIGITS)));
      }
      store.till.setNumbers(state);
      return numbers;
    },
  };
}

const RANDOM_DIGITS = 6;
