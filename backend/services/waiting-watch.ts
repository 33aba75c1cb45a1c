import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';

/** Screens hear of a new number at the latest after this; it is looked at no more often. */
const LOOK_MS = SECOND;

/**
 * Tells the status when the number of what waits for a person, or of refunds under way, has become another, whatever
 * commit brought that: an answer, a notification, a bill.
 */
export function createWaitingWatch({ clock, store, hub }: { clock: Clock; store: Store; hub: Hub }) {
  let told = '';
  let cancelLook: (() => void) | null = null;
  let stopFollowing = () => {};

  function numbers(): string {
    const { parked, refundsDue, refunding } = store.outbox.counts();
    return [parked, refundsDue, refunding].join();
  }

  function look(): void {
    cancelLook = null;
    try {
      const now = numbers();
      if (now === told) return;
      told = now;
    } catch {
      // A database that cannot be read is said by whoever reads the status.
    }
    hub.tell({ kind: 'status' });
  }

  return {
    start(): void {
      told = numbers();
      stopFollowing = hub.followCommits(() => {
        cancelLook ??= clock.after(LOOK_MS, look);
      });
    },
    stop(): void {
      stopFollowing();
      cancelLook?.();
      cancelLook = null;
    },
  };
}
