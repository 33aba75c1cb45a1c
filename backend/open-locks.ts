import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { inProcessMutex } from './locks/in-process.ts';
import { databaseClaims, type OrderClaims } from './locks/order-claims.ts';
import type { OrderMutex } from './locks/order-mutex.ts';
import { redisMutex } from './locks/redis.ts';
import { redisClaims } from './locks/redis-claims.ts';
import { connectRedis } from './locks/redis-connection.ts';
import { type LeaseTable, sqliteLease } from './locks/sqlite-lease.ts';

/** Where a till keeps its order locks, and what it learns there of other tills. */
export interface Locks {
  mutex: OrderMutex;
  claims: OrderClaims;
  /** Ends the connection, once nothing is locked any more. */
  close(): void;
}

/** What the locks must know of the till that they serve. */
export interface LockUser {
  tillId: string;
  mode: 'sandbox' | 'live';
  /** The time that the till goes by; leases go by the machine's own. */
  clock: Clock;
  /** The greatest fencing token under which an order was written in this till's database. */
  greatestSeen(orderNo: string): number;
  /** The place that keeps the locks has gone away, or is back: without it nothing is charged. */
  onAway(isAway: boolean): void;
}

/** One process on one folder: nothing beyond its memory. */
export function processLocks(clock: Clock): (user: LockUser) => Locks {
  return ({ tillId }) => ({
    mutex: inProcessMutex(clock, tillId),
    claims: databaseClaims(),
    close() {},
  });
}

/** Several processes on one folder; `leases` ends with them. */
export function folderLocks(ports: {
  clock: Clock;
  random: Random;
  log: Log;
  leases: LeaseTable;
}): (user: LockUser) => Locks {
  return ({ tillId }) => ({
    mutex: sqliteLease({ ...ports, holder: tillId }),
    claims: databaseClaims(),
    close() {},
  });
}

/** Several machines, each with a database of its own. */
export function redisLocks(ports: {
  clock: Clock;
  random: Random;
  log: Log;
  url: string;
}): (user: LockUser) => Locks {
  return ({ tillId, mode, clock, greatestSeen, onAway }) => {
    // Play money and real money never meet, not even on one Redis.
    const redis = connectRedis({ url: ports.url, keyPrefix: `mianfu:${mode}:` }, { ...ports, onAway });
    return {
      mutex: redisMutex({ ...ports, redis, holder: tillId, greatestSeen }),
      claims: redisClaims({ clock, redis }),
      close: redis.close,
    };
  };
}
