import { Mutex, type MutexInterface } from 'async-mutex';
import type { Clock } from '../../ports/clock.ts';
import { mutexFrame } from './frame.ts';
import { OrderBusy, type OrderMutex } from './order-mutex.ts';

/**
 * The order mutex of one process: a first-in-first-out queue per order, kept only while somebody holds or
 * waits. Such a hold cannot be lost: it has no lease, and its token is null.
 */
export function inProcessMutex(
  clock: Clock,
  holder: string | null = null,
): OrderMutex & { readonly size: number } {
  const locks = new Map<string, { mutex: Mutex; users: number }>();

  async function acquire(
    mutex: Mutex,
    orderNo: string,
    waitMs: number,
    stopped: AbortSignal,
  ): Promise<MutexInterface.Releaser> {
    if (!mutex.isLocked()) return await mutex.acquire();
    let gaveUp = false;
    const acquired = mutex.acquire().then((release) => {
      // Its turn came after it had left the queue: pass it on.
      if (gaveUp) release();
      return release;
    });
    let forget = () => {};
    const leftQueue = new Promise<never>((_, reject) => {
      const leave = (why: unknown) => {
        gaveUp = true;
        reject(why);
      };
      const cancelTimer = clock.after(waitMs, () => leave(new OrderBusy(orderNo, holder)));
      const onStop = () => leave(stopped.reason);
      stopped.addEventListener('abort', onStop);
      forget = () => {
        cancelTimer();
        stopped.removeEventListener('abort', onStop);
      };
    });
    try {
      return await Promise.race([acquired, leftQueue]);
    } finally {
      forget();
    }
  }

  const frame = mutexFrame(async (orderNo, waitMs, stopped) => {
    const lock = locks.get(orderNo) ?? { mutex: new Mutex(), users: 0 };
    locks.set(orderNo, lock);
    lock.users += 1;
    const leave = () => {
      lock.users -= 1;
      if (lock.users === 0) locks.delete(orderNo);
    };
    try {
      const release = await acquire(lock.mutex, orderNo, waitMs, stopped);
      let isHeld = true;
      return {
        hold: { orderNo, token: null, signal: NEVER, isLive: () => isHeld },
        async release() {
          isHeld = false;
          release();
          leave();
        },
      };
    } catch (error) {
      leave();
      throw error;
    }
  });

  return {
    ...frame,
    get size() {
      return locks.size;
    },
  };
}

const NEVER = new AbortController().signal;
