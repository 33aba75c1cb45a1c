import type { EndOfTurn } from '../../ports/turn.ts';
import type { By } from '../domain/actor.ts';
import { isStorageFault } from './database.ts';
import type { Fence } from './fences.ts';

/**
 * Group commit: works of several writers that meet in one turn share one transaction, and so one wait for
 * the disk. Each of several runs in a savepoint of its own: one that throws takes back its own writes only. All
 * are answered after the commit. When the disk refuses that, each is tried once more by itself, so that nobody
 * is refused for what another one wrote.
 */
export function createGroupCommit(deps: {
  transact<T>(work: () => T, as?: { by: By; fence?: Fence | undefined }): T;
  /** Runs `work` in a savepoint of the running transaction; its events are `by` somebody. */
  savepoint<T>(by: By, work: () => T, fence?: Fence): T;
  endOfTurn: EndOfTurn;
}): <T>(by: By, work: () => T, fence?: Fence) => Promise<T> {
  let waiting: Waiting[] = [];

  function commitWaiting(): void {
    const group = waiting;
    waiting = [];
    const [only] = group;
    if (only && group.length === 1) commitOne(only);
    else commitTogether(group);
  }

  /** The transaction takes back what a savepoint would. */
  function commitOne({ by, work, fence, resolve, reject }: Waiting): void {
    let value: unknown;
    try {
      value = deps.transact(work, { by, fence });
    } catch (error) {
      reject(error);
      return;
    }
    resolve(value);
  }

  function commitTogether(group: readonly Waiting[]): void {
    const answers: (() => void)[] = [];
    try {
      deps.transact(() => {
        for (const each of group) answers.push(run(each));
      });
    } catch (error) {
      if (isStorageFault(error)) for (const each of group) commitOne(each);
      else for (const each of group) each.reject(error);
      return;
    }
    for (const answer of answers) answer();
  }

  /** How the work is answered once it is on disk. */
  function run({ by, work, fence, resolve, reject }: Waiting): () => void {
    try {
      const value = deps.savepoint(by, work, fence);
      return () => resolve(value);
    } catch (error) {
      // The disk's refusal ends the whole transaction, whoever met it.
      if (isStorageFault(error)) throw error;
      return () => reject(error);
    }
  }

  return <T>(by: By, work: () => T, fence?: Fence) =>
    new Promise<T>((resolve, reject) => {
      if (waiting.length === 0) deps.endOfTurn(commitWaiting);
      waiting.push({ by, work, fence, resolve: resolve as (value: unknown) => void, reject });
    });
}

interface Waiting {
  by: By;
  work: () => unknown;
  fence: Fence | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}
