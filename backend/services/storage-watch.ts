import { type Clock, SECOND } from '../../ports/clock.ts';
import type { StorageError } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';
import type { StatusService } from './status.ts';

/** A disk that refused is tried again this often, so that the screen recovers by itself. */
const PROBE_MS = 5 * SECOND;
/**
 * The write-ahead log is moved into the database this often, and after so many commits as soon as no customer
 * is waiting: a checkpoint inside a commit would make one wait, and a log that has to grow slows every commit.
 */
const CHECKPOINT_MS = 30 * SECOND;
const CHECKPOINT_COMMITS = 40;

/** Keeps the disk: says when it refuses and when it works again, and tidies the write-ahead log. */
export function createStorageWatch(deps: {
  clock: Clock;
  store: Store;
  status: StatusService;
  hub: Hub;
  /** Whether nobody is waiting for anything. */
  isIdle(): boolean;
}) {
  const { clock, store, status, hub } = deps;
  let commits = 0;
  let isStarted = false;
  let cancelProbe: (() => void) | null = null;
  let cancelCheckpoint = () => {};

  function note(trouble: Parameters<StatusService['noteStorage']>[0]): void {
    if (status.noteStorage(trouble)) hub.tell({ kind: 'status' });
  }

  function probeLater(): void {
    cancelProbe ??= clock.after(PROBE_MS, () => {
      cancelProbe = null;
      try {
        store.transact(() => store.till.setNumbers(store.till.numbers()));
        note(null);
      } catch {
        // `onFault` has heard of it and armed the next probe.
      }
    });
  }

  function checkpoint(): void {
    commits = 0;
    try {
      store.checkpoint();
    } catch {
      // As above; the log only grows until the disk takes it.
    }
    checkpointAfter(CHECKPOINT_MS);
  }

  function checkpointAfter(delayMs: number): void {
    cancelCheckpoint();
    cancelCheckpoint = clock.after(delayMs, checkpoint);
  }

  return {
    onFault(fault: StorageError): void {
      if (fault.kind === 'full') note('storage_full');
      else if (fault.kind === 'readonly') note('storage_readonly');
      else return;
      probeLater();
    },
    onCommit(): void {
      commits += 1;
      if (isStarted && commits >= CHECKPOINT_COMMITS && deps.isIdle()) checkpointAfter(0);
    },
    start(): void {
      checkpointAfter(CHECKPOINT_MS);
      isStarted = true;
    },
    stop(): void {
      isStarted = false;
      cancelProbe?.();
      cancelCheckpoint();
    },
  };
}
