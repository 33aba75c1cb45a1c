import type { EndOfTurn } from '../../ports/turn.ts';
import type { By } from '../domain/actor.ts';
import { isStorageFault } from './database.ts';
import type { Fence } from './fences.ts';

/**
 * Group commit: works of several writers that meet in one turn share one transaction, and so one wait for
 * the disk. Each runs in a savepoint of its own: one that throws takes back its own writes only. All are
 * answered after the commit. When the disk refuses that, each is tried once more by itself, so that nobody
 * is refused for what another one wrote.
 */
export function createGroupCommit(deps: {
  transact<T>(work: () => T): T;
  /** Runs `work` in a savepoint of the running transaction; its events are `by` somebody. */
  savepoint<T>(by: By, work: () => T, fence?: Fence): T;
  endOfTurn: EndOfTurn;
}): <T>(by: By, work: () => T, fence?: Fence) => Promise<T> {
  let waiting: Waiting[] = [];

  function commitWaiting(): void {
    const group = waiting;
    waiting = [];
    commit(group);
  }

  function commit(group: readonly Waiting[]): void {
    try {
      deps.transact(() => {
        for (const each of group) each.run();
      });
    } catch (error) {
      if (group.length > 1 && isStorageFault(error)) for (const each of group) commit([each]);
      else for (const each of group) each.refuse(error);
      return;
    }
    for (const each of group) each.settle();
  }

  return <T>(by: By, work: () => T, fence?: Fence) =>
    new Promise<T>((resolve, reject) => {
      let settle = () => {};
      if (waiting.length === 0) deps.endOfTurn(commitWaiting);
      waiting.push({
        run() {
          try {
            const value = deps.savepoint(by, work, fence);
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

interface Waiting {
  run(): void;
  settle(): void;
  refuse(error: unknown): void;
}
