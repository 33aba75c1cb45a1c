import { type Clock, HOUR } from '../../ports/clock.ts';

/** Longer than any wallet repeats a notification (25 h). */
const KEPT_MS = 48 * HOUR;
const COUNT_MAX = 200_000;

export interface Remembered {
  has(till: string, id: string): boolean;
  add(till: string, id: string): void;
  remove(till: string, id: string): void;
}

/**
 * The ids that this node has stored or heard of from the others: bounded, in memory. What it has forgotten
 * is delivered twice at worst, under the same id.
 */
export function createRemembered(clock: Clock): Remembered {
  const seen = new Map<string, number>();
  const key = (till: string, id: string) => `${till}\n${id}`;
  return {
    has(till, id) {
      const atMs = seen.get(key(till, id));
      return atMs !== undefined && clock.monotonicMs() - atMs < KEPT_MS;
    },
    add(till, id) {
      seen.delete(key(till, id));
      seen.set(key(till, id), clock.monotonicMs());
      for (const oldest of seen.keys()) {
        if (seen.size <= COUNT_MAX) return;
        seen.delete(oldest);
      }
    },
    remove: (till, id) => void seen.delete(key(till, id)),
  };
}
