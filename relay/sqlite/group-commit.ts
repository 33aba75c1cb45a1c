import type { Clock } from '../../ports/clock.ts';
import type { EndOfTurn } from '../../ports/turn.ts';
import type { Db } from './database.ts';

/** What nobody waits for is on disk by then: acknowledgements of a busy till share a commit as well. */
const LATER_MS = 100;

export interface GroupCommit {
  /** `work` runs in a transaction that it shares with others; resolves with its result once that is on disk. */
  write<T>(work: () => T): Promise<T>;
  /** As {@link write}, for what nobody waits for: many together, a moment later, in no other's way. */
  writeLater(work: () => void): void;
  /** Commits all that waits, now. */
  flush(): void;
}

interface Entry {
  work: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Everything that is written in one turn of the event loop shares one commit, hence one wait for the disk. A
 * commit that fails fails all of its group, and `failed` then hears that nothing of it happened.
 */
export function createGroupCommit(
  db: Db,
  ports: { clock: Clock; endOfTurn: EndOfTurn },
  on: { committed(): void; failed(error: unknown): void },
): GroupCommit {
  let waiting: Entry[] = [];
  let later: (() => void)[] = [];
  let soon = false;
  let cancelLater = () => {};

  function commit(group: readonly Entry[], tail: readonly (() => void)[]): void {
    if (group.length + tail.length === 0) return;
    const results: unknown[] = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const { work } of group) results.push(work());
      for (const work of tail) work();
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      on.failed(error);
      for (const { reject } of group) reject(error);
      return;
    }
    for (const [index, { resolve }] of group.entries()) resolve(results[index] as never);
    on.committed();
  }

  function commitWaiting(): void {
    const group = waiting;
    waiting = [];
    soon = false;
    commit(group, []);
  }

  function flush(): void {
    cancelLater();
    const [group, tail] = [waiting, later];
    waiting = [];
    later = [];
    commit(group, tail);
  }

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, resolve, reject });
        if (!soon) ports.endOfTurn(commitWaiting);
        soon = true;
      }),
    writeLater(work) {
      if (later.length === 0) cancelLater = ports.clock.after(LATER_MS, flush);
      later.push(work);
    },
    flush,
  };
}
