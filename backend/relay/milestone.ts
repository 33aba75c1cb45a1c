import { type Clock, SECOND } from '../../ports/clock.ts';
import { StorageError } from '../store/database.ts';
import type { Position } from './session.ts';

/** How far the till has read is written down at most this often: what is behind comes again, and changes nothing. */
const WRITE_MS = SECOND;

/** Writes the latest position down, late but never ahead of what is settled. `write` may throw `StorageError`. */
export function createMilestone(clock: Clock, write: (position: Position) => void) {
  let latest: Position | null = null;
  let cancel: (() => void) | null = null;

  function flush(): void {
    cancel = null;
    const position = latest;
    latest = null;
    if (!position) return;
    try {
      write(position);
    } catch (error) {
      // The keeper of the disk has heard of it; the next one says the same and more.
      if (!(error instanceof StorageError)) throw error;
    }
  }

  return {
    reached(position: Position): void {
      latest = position;
      cancel ??= clock.after(WRITE_MS, flush);
    },
    /** Writes what is left. */
    stop(): void {
      cancel?.();
      flush();
    },
  };
}
