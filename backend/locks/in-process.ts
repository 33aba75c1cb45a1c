import { Mutex, type MutexInterface } from 'async-mutex';
import type { Clock } from '../../ports/clock.ts';
import { OrderBusy, type OrderMutex } from './order-mutex.ts';

/** The order mutex of one process: a first-in-first-out queue per order, kept only while somebody holds or waits. */
export function inProcessMutex(clock: Clock): OrderMutex & { readonly size: number } {
  const locks = new Map<string, { mutex: Mutex; users: number }>();

  async function acquire(mutex: Mutex, orderNo: string, waitMs: number): Promise<MutexInterface.Releaser> {
    let gaveUp = false;
    const acquired = mutex.acquire().then((release) => {
      // Its turn came after it had left the queue: pass it on.
      if (gaveUp) release();
      return release;
    });
    let cancelTimer = () => {};
    const timedOut = new Promise<never>((_, reject) => {
      cancelTimer = clock.after(waitMs, () => {
        gaveUp = true;
        reject(new OrderBusy(orderNo));
      });
    });
    try {
      return await Promise.race([acquired, timedOut]);
    } finally {
      cancelTimer();
    }
  }

  return {
    async run(orderNo, waitMs, work) {
      const lock = locks.get(orderNo) ?? { mutex: new Mutex(), users: 0 };
      locks.set(orderNo, lock);
      lock.users += 1;
      try {
        const release = await acquire(lock.mutex, orderNo, waitMs);
        try {
          return await work();
        } finally {
          release();
        }
      } finally {
        lock.users -= 1;
        if (lock.users === 0) locks.delete(orderNo);
      }
    },
    get size() {
      return locks.size;
    },
  };
}
