import { AsyncLocalStorage } from 'node:async_hooks';
import { type Hold, LockUnavailable, type OrderMutex, OrderReentered } from './order-mutex.ts';

/** A lock in hand, and how it is given back. `release` never throws: a lease that cannot be given back runs out. */
export interface Grip {
  hold: Hold;
  release(): Promise<void>;
}

/** One level of locks that the running work stands under. Work that outlives its lock no longer counts. */
interface Level {
  orderNo: string;
  isHeld: boolean;
  outer: Level | undefined;
}

/**
 * What every holder has in common: no re-entry, the lock given back however the work ends, and an orderly
 * stop. `acquire` gives up when `stopped` aborts; `end` is called once nothing is held any more.
 */
export function mutexFrame(
  acquire: (orderNo: string, waitMs: number, stopped: AbortSignal) => Promise<Grip>,
  end: () => Promise<void> = async () => {},
): OrderMutex {
  const levels = new AsyncLocalStorage<Level>();
  const stopped = new AbortController();
  const running = new Set<Promise<unknown>>();

  async function hold<T>(orderNo: string, waitMs: number, work: (hold: Hold) => Promise<T>): Promise<T> {
    const grip = await acquire(orderNo, waitMs, stopped.signal);
    const level: Level = { orderNo, isHeld: true, outer: levels.getStore() };
    try {
      return await levels.run(level, () => work(grip.hold));
    } finally {
      level.isHeld = false;
      await grip.release();
    }
  }

  return {
    async run(orderNo, waitMs, work) {
      for (let level = levels.getStore(); level; level = level.outer)
        if (level.isHeld && level.orderNo === orderNo) throw new OrderReentered(orderNo);
      if (stopped.signal.aborted) throw new LockUnavailable('stopping');
      const run = hold(orderNo, waitMs, work);
      running.add(run);
      try {
        return await run;
      } finally {
        running.delete(run);
      }
    },
    async stop() {
      stopped.abort(new LockUnavailable('stopping'));
      await Promise.allSettled([...running]);
      await end();
    },
  };
}
