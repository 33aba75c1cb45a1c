import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../store/store.ts';
import type { Hub } from './hub.ts';

/** What another process wrote is shown this soon. */
const LOOK_MS = 200;

/** Notices what other processes on the same data folder commit, and tells it as if it had happened here. */
export function createNeighbours(deps: { clock: Clock; store: Store; hub: Hub }) {
  const { clock, store, hub } = deps;
  let seen = 0;
  let lastSeq = 0;
  let cancel = () => {};

  function look(): void {
    const version = store.dataVersion();
    if (version !== seen) {
      seen = version;
      hub.tell({ kind: 'committed' });
      const seq = store.events.lastSeq();
      if (seq !== lastSeq) hub.tell({ kind: 'status' });
      lastSeq = seq;
    }
    cancel = clock.after(LOOK_MS, look);
  }

  return {
    start(): void {
      seen = store.dataVersion();
      lastSeq = store.events.lastSeq();
      cancel = clock.after(LOOK_MS, look);
    },
    stop(): void {
      cancel();
    },
  };
}
