import type { Clock } from '../../ports/clock.ts';
import type { EndOfTurn } from '../../ports/turn.ts';
import type { Db } from './database.ts';

/** What nobody waits for is on disk by then. */
const LATER_MS = 100;

export interface GroupCommit {
  /** `work` runs in a transaction that it shares with others; resolves with its result once that is on disk. */
  write<T>(work: () => T): Promise<T>;
  /** As {@link write}, for what nobody waits for: with the next commit, or a moment later. */
  writeLater(work: () => void): void;
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
  ports: { clock: Clock; endOfTurn: EndOfTurn },
  on: { committed(): void; failed(error: unknown): void },
): GroupCommit {
  let waiting: Entry[] = [];
  let soon = false;
  let cancelLater: (() => void) | null = null;

  const flush = () => {
    const group = waiting;
    waiting = [];
    soon = false;
    cancelLater?.();
    cancelLater = null;
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
        if (!soon) ports.endOfTurn(flush);
        soon = true;
      }),
    writeLater(work) {
      // Its failure is heard by `failed`.
      waiting.push({ work, resolve: () => {}, reject: () => {} });
      cancelLater ??= ports.clock.after(LATER_MS, flush);
    },
    flush,
  };
}
