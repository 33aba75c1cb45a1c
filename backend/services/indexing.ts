import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';

/** The words of an order are written so long after it; a search finds it without them. */
const LATER_MS = 30 * SECOND;
/** So many orders share a commit, about a millisecond's work, and the next ones leave room for whoever waits. */
const AT_ONCE = 20;
const REST_MS = 20;

/** Brings orders into the index of their words when the customers who wanted them have their codes. */
export function createIndexing(deps: { clock: Clock; log: Log; store: Store; hub: Hub }) {
  const { clock, log, store, hub } = deps;
  let cancelTimer: (() => void) | null = null;
  let stopListening = () => {};

  function soon(delayMs: number): void {
    cancelTimer ??= clock.after(delayMs, () => {
      cancelTimer = null;
      index();
    });
  }

  function index(): void {
    try {
      if (store.orders.areIndexed()) return;
      store.transact(() => store.orders.index(AT_ONCE));
      soon(REST_MS);
    } catch (error) {
      log.warn({ err: error }, 'words of orders not indexed');
      soon(LATER_MS);
    }
  }

  return {
    start(): void {
      stopListening = hub.followCommits(() => soon(LATER_MS));
      soon(LATER_MS);
    },
    stop(): void {
      stopListening();
      cancelTimer?.();
    },
  };
}
