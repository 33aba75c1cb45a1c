import type { EndOfTurn } from '../../ports/turn.ts';
import type { Db } from './database.ts';

export interface GroupCommit {
  /** `work` runs in a transaction that it shares with others; resolves with its result once that is on disk. */
  write<T>(work: () => T): Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
}

interface Entry {
  work: () => unknown;
  resolve: (value: never) => void;
  reject: (error: unknown) => void;
}

/**
 * Everything that is written in one turn of the event loop shares one commit, hence one wait for the disk.
 * A commit that fails fails all of its group; `onFailed` then hears that nothing of it happened.
 */
export function createGroupCommit(
  db: Db,
  endOfTurn: EndOfTurn,
  on: { committed(): void; failed(error: unknown): void },
): GroupCommit {
  let waiting: Entry[] = [];

  const flush = () => {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    const results: unknown[] = [];
    try {
      db.exec('BEGIN IMMEDIATE');
      for (const { work } of group) results.push(work());
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      on.failed(error);
      for (const { reject } of group) reject(error);
      return;
    }
    for (const [index, { resolve }] of group.entries()) resolve(results[index] as never);
    on.committed();
  };

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        waiting.push({ work, resolve, reject });
        if (waiting.length === 1) endOfTurn(flush);
      }),
    flush,
  };
}
