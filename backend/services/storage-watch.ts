import { type Clock, SECOND } from '../../ports/clock.ts';
import { asStorageError, type StorageError } from '../store/database.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { StatusService } from './status.ts';

/**
 * A disk is tried again so long after it last refused, so that the screen recovers by itself: what tries it is
 * smaller than a charge, and may still fit where that was refused a moment ago.
 */
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
  /** Moves the write-ahead log into the database. Rejects with what SQLite threw. */
  checkpoint(): Promise<void>;
}) {
  const { clock, store, status, hub } = deps;
  let commits = 0;
  let isDamaged = false;
  let isStarted = false;
  let isCheckpointing = false;
  let cancelProbe: (() => void) | null = null;
  let cancelLook: (() => void) | null = null;
  let cancelCheckpoint = () => {};

  function note(trouble: Parameters<StatusService['noteStorage']>[0]): void {
    if (status.noteStorage(trouble)) hub.tell({ kind: 'status' });
  }

  function probeLater(): void {
    cancelProbe?.();
    cancelProbe = clock.after(PROBE_MS, () => {
      cancelProbe = null;
      try {
        store.transact(() => store.till.setNumbers(store.till.numbers()));
        if (!isDamaged) note(null);
      } catch {
        // `onFault` has heard of it and armed the next probe.
      }
    });
  }

  async function checkpoint(): Promise<void> {
    commits = 0;
    cancelCheckpoint = () => {};
    isCheckpointing = true;
    try {
      await deps.checkpoint();
    } catch (error) {
      // The log only grows until the disk takes it.
      onFault(asStorageError(error));
    }
    isCheckpointing = false;
    if (isStarted) checkpointAfter(CHECKPOINT_MS);
  }

  function checkpointAfter(delayMs: number): void {
    cancelCheckpoint();
    cancelCheckpoint = clock.after(delayMs, () => void checkpoint());
  }

  /** Whether it is time for a checkpoint: when those who wait for this commit have heard of it. */
  function lookSoon(): void {
    cancelLook ??= clock.after(0, () => {
      cancelLook = null;
      if (isStarted && commits >= CHECKPOINT_COMMITS && !isCheckpointing && deps.isIdle()) checkpointAfter(0);
    });
  }

  function onFault(fault: StorageError): void {
    // Trying again does not mend a damaged file: a person restores a backup.
    if (fault.kind === 'corrupt') {
      isDamaged = true;
      note('storage_damaged');
    }
    if (fault.kind !== 'full' && fault.kind !== 'readonly') return;
    note(fault.kind === 'full' ? 'storage_full' : 'storage_readonly');
    probeLater();
  }

  return {
    onFault,
    /** Throws `storage_damaged` once the database was found damaged: nothing new is built upon it. */
    mustBeSound(): void {
      if (isDamaged) throw new ServiceError('storage_damaged');
    },
    onCommit(): void {
      commits += 1;
      if (isStarted && commits >= CHECKPOINT_COMMITS) lookSoon();
    },
    start(): void {
      checkpointAfter(CHECKPOINT_MS);
      isStarted = true;
    },
    stop(): void {
      isStarted = false;
      cancelProbe?.();
      cancelLook?.();
      cancelCheckpoint();
    },
  };
}
