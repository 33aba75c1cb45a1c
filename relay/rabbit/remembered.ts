import { type Clock, HOUR } from '../../ports/clock.ts';

/** Longer than any wallet repeats a notification (25 h). */
const KEPT_MS = 48 * HOUR;
const COUNT_MAX = 200_000;

export interface Remembered {
  has(till: string, id: string): boolean;
  /** Whether other bytes than these are known under the id, and no till has acknowledged them as far as is known here. */
  hasOther(till: string, id: string, digest: string): boolean;
  add(till: string, id: string, digest: string): void;
  /** The till has acknowledged it: whatever comes under its id is a retry. */
  judged(till: string, id: string): void;
  remove(till: string, id: string): void;
  forget(till: string): void;
}

/**
 * The ids that this node has stored or heard of from the others: bounded, in memory. What it has forgotten
 * is delivered twice at worst, under the same id.
 */
export function createRemembered(clock: Clock): Remembered {
  const seen = new Map<string, { atMs: number; digest: string | null }>();
  const key = (till: string, id: string) => `${till}\n${id}`;
  const find = (till: string, id: string) => {
    const found = seen.get(key(till, id));
    return found && clock.monotonicMs() - found.atMs < KEPT_MS ? found : undefined;
  };
  return {
    has: (till, id) => find(till, id) !== undefined,
    hasOther(till, id, digest) {
      const known = find(till, id)?.digest ?? null;
      return known !== null && known !== digest;
    },
    judged(till, id) {
      const found = find(till, id);
      if (found) found.digest = null;
    },
    forget(till) {
      for (const each of seen.keys()) if (each.startsWith(key(till, ''))) seen.delete(each);
    },
    add(till, id, digest) {
      // A node hears its own word again, maybe after the till's.
      const isJudged = find(till, id)?.digest === null;
      seen.delete(key(till, id));
      seen.set(key(till, id), { atMs: clock.monotonicMs(), digest: isJudged ? null : digest });
      for (const oldest of seen.keys()) {
        if (seen.size <= COUNT_MAX) return;
        seen.delete(oldest);
      }
    },
    remove: (till, id) => void seen.delete(key(till, id)),
  };
}
