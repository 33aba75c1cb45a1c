import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HOUR, SECOND } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { SimClock } from '../../ports/sim-clock.ts';
import { type Db, openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { createNumbers, type Numbers } from './numbers.ts';

/** Chance that never helps: numbers must be unique without it. */
const NO_CHANCE: Random = { bytes: (count) => new Uint8Array(count) };

interface Machine {
  tillId: string;
  clock: SimClock;
  db: Db;
  take(count: number, commits: boolean): string[];
  restart(): void;
}

function machine(index: number): Machine {
  const db = openMemoryDatabase();
  const clock = new SimClock(Date.parse('2026-11-21T06:32:10.000Z'));
  const tillId = createStore(db).till.identify('live', clock.nowMs(), Uint8Array.of(index, index, 7, index));
  let store = createStore(db);
  let numbers: Numbers;
  const made: Machine = {
    tillId,
    clock,
    db,
    take(count, commits) {
      try {
        return store.transact(() => {
          const taken = numbers.take(count);
          if (!commits) throw new Error('power cut');
          return taken;
        });
      } catch {
        return [];
      }
    },
    restart() {
      store = createStore(db);
      numbers = createNumbers({ store, clock, random: NO_CHANCE, tillId });
    },
  };
  made.restart();
  return made;
}

test('16 tills never repeat a number, whatever their clocks do, however often they restart or lose power', () => {
  const act = fc.record({
    till: fc.nat(15),
    count: fc.integer({ min: 1, max: 4 }),
    jumpMs: fc.constantFrom(0, 0, 1, 400, SECOND, -SECOND, -HOUR, HOUR, -30 * 24 * HOUR),
    restarts: fc.boolean(),
    commits: fc.boolean(),
  });
  // The same machines live through every run: what one run did, the next must not repeat.
  const tills = Array.from({ length: 16 }, (_, index) => machine(index));
  expect(new Set(tills.map((till) => till.tillId)).size).toBe(16);
  const seen = new Set<string>();
  let given = 0;
  fc.assert(
    fc.property(fc.array(act, { minLength: 50, maxLength: 300 }), (acts) => {
      for (const { till: index, count, jumpMs, restarts, commits } of acts) {
        const till = tills[index];
        if (!till) continue;
        till.clock.jumpWall(jumpMs);
        if (restarts) till.restart();
        const taken = till.take(count, commits);
        given += taken.length;
        for (const number of taken) {
          expect(number).toMatch(/^[A-Z][0-9A-Z]{25}$/);
          expect(number.startsWith(till.tillId)).toBe(true);
          seen.add(number);
        }
      }
      expect(seen.size).toBe(given);
    }),
    { numRuns: 20 },
  );
});
