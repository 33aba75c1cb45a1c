import { isStorageFault } from './database.ts';

/**
 * Group commit: works of several writers that meet in one turn share one transaction, and so one wait for
 * the disk. Each runs in a savepoint of its own: one that throws takes back its own writes only. All are
 * answered after the commit; when that fails, all are refused, with nothing written.
 */
export function createGroupCommit(deps: {
  transact<T>(work: () => T): T;
  /** Runs `work` in a savepoint of the running transaction. */
  savepoint<T>(work: () => T): T;
  /** Runs `task` when the turn's other events have been heard. */
  soon(task: () => void): void;
}): <T>(work: () => T) => Promise<T> {
  let waiting: { run(): void; settle(): void; refuse(error: unknown): void }[] = [];

  function commit(): void {
    const group = waiting;
    waiting = [];
    try {
      deps.transact(() => {
        for (const each of group) each.run();
      });
    } catch (error) {
      for (const each of group) each.refuse(error);
      return;
    }
    for (const each of group) each.settle();
  }

  return <T>(work: () => T) =>
    new Promise<T>((resolve, reject) => {
      let settle = () => {};
      if (waiting.length === 0) deps.soon(commit);
      waiting.push({
        run() {
          try {
            const value = deps.savepoint(work);
            settle = () => resolve(value);
          } catch (error) {
            // The disk's refusal ends the whole transaction, whoever met it.
            if (isStorageFault(error)) throw error;
            settle = () => reject(error);
          }
        },
        settle: () => settle(),
        refuse: reject,
      });
    });
}
