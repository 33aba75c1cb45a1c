import { mutexFrame } from '../../backend/locks/frame.ts';
import { instants, keepLease, LEASE_TIMES } from '../../backend/locks/lease.ts';
import type { Claim, OrderClaims } from '../../backend/locks/order-claims.ts';
import { LeaseLost, LockUnavailable, type OrderMutex } from '../../backend/locks/order-mutex.ts';
import { type Look, standInLine } from '../../backend/locks/queue.ts';
import type { Locks, LockUser } from '../../backend/open-locks.ts';
import { ALPHANUMERIC, randomText } from '../../ports/random.ts';
import type { Life } from './life.ts';
import type { Line } from './network.ts';
import type { Chance } from './random.ts';
import type { WorldTime } from './time.ts';

/** Who has not answered by then cannot be reached. */
const REACH_MS = 1_000;

interface Lock {
  owner: string;
  untilMs: number;
}

interface Place {
  owner: string;
  aliveUntilMs: number;
}

interface Kept {
  lock: Lock | null;
  queue: Place[];
  token: number;
  claim: (Claim & { endsAtMs: number }) | null;
}

/**
 * What Redis does for tills with databases of their own, on simulated time: locks with an end, a queue,
 * fencing tokens, claims. A real Redis cannot follow a simulated clock. Queueing, renewal, re-entry and claims
 * are the till's own code; only the commands that redis.ts and redis-claims.ts send are stood in for.
 */
export interface LockServer {
  /** The locks of one life of a till, reached over its line. */
  locksOf(party: { life: Life; line: Line; chance: Chance }): (user: LockUser) => Locks;
}

export function createLockServer(time: WorldTime): LockServer {
  const orders = new Map<string, Kept>();

  function order(orderNo: string): Kept {
    const kept = orders.get(orderNo) ?? { lock: null, queue: [], token: 0, claim: null };
    orders.set(orderNo, kept);
    const nowMs = time.elapsedMs();
    if (kept.lock && kept.lock.untilMs <= nowMs) kept.lock = null;
    if (kept.claim && kept.claim.endsAtMs <= nowMs) kept.claim = null;
    kept.queue = kept.queue.filter((place) => place.aliveUntilMs > nowMs);
    return kept;
  }

  function locksOf({ life, line, chance }: { life: Life; line: Line; chance: Chance }) {
    /** One command there and its answer back; on a bad line nobody knows whether it was carried out. */
    function reach<T>(command: () => T): Promise<T> {
      // The dead say nothing any more, although their code unwinds.
      if (life.isOver) return new Promise(() => {});
      return new Promise((resolve, reject) => {
        // What the dead still do is seen by nobody.
        if (life.isOver) return;
        const isDark = line.state !== 'up';
        const giveUp = time.after(REACH_MS, () => {
          if (!life.isOver) reject(new LockUnavailable('unreachable'));
        });
        if (isDark) return;
        time.after(0.2 + chance.float() * 2, () => {
          const answer = command();
          if (!line.isHealed && chance.happens(0.002)) return;
          time.after(0.2 + chance.float() * 2, () => {
            giveUp();
            if (!life.diesAt('answered')) resolve(answer);
          });
        });
      });
    }

    function mutexOf({ tillId, greatestSeen }: LockUser): OrderMutex {
      const { clock } = life;
      return mutexFrame(async (orderNo, waitMs, stopped) => {
        const owner = `${tillId}:${randomText(chance, ALPHANUMERIC, 16)}`;

        const look = (): Promise<Look<{ token: number; takenAt: ReturnType<typeof instants> }>> => {
          const takenAt = instants(clock);
          const seen = greatestSeen(orderNo);
          return reach(() => {
            const kept = order(orderNo);
            const mine = kept.queue.find((place) => place.owner === owner);
            const aliveUntilMs = time.elapsedMs() + LEASE_TIMES.ticketMs;
            if (mine) mine.aliveUntilMs = aliveUntilMs;
            else kept.queue.push({ owner, aliveUntilMs });
            const before = kept.queue.findIndex((place) => place.owner === owner);
            if (before > 0 || kept.lock) {
              const leftMs = kept.lock ? kept.lock.untilMs - time.elapsedMs() : 0;
              return {
                before: before + 1,
                holder: kept.lock?.owner.split(':')[0] ?? null,
                untilMs: leftMs > 0 ? clock.nowMs() + Math.floor(leftMs) : null,
              };
            }
            kept.lock = { owner, untilMs: time.elapsedMs() + LEASE_TIMES.leaseMs };
            kept.queue.shift();
            kept.token = Math.max(kept.token, time.nowMs(), seen) + 1;
            return { turn: { token: kept.token, takenAt } };
          });
        };
        const giveBack = () =>
          reach(() => {
            const kept = order(orderNo);
            if (kept.lock?.owner === owner) kept.lock = null;
            kept.queue = kept.queue.filter((place) => place.owner !== owner);
          }).catch(() => {
            // It runs out by itself.
          });
        const taken = await standInLine(
          { clock, random: chance },
          { orderNo, waitMs, stopped, look, leave: giveBack },
        );
        const kept = keepLease(clock, {
          orderNo,
          ...taken,
          times: LEASE_TIMES,
          renew: () =>
            reach(() => {
              const { lock } = order(orderNo);
              if (lock?.owner !== owner) return false;
              lock.untilMs = time.elapsedMs() + LEASE_TIMES.leaseMs;
              return true;
            }),
        });
        return {
          hold: kept.hold,
          async release() {
            await kept.stop();
            await giveBack();
          },
        };
      });
    }

    function claimsOf({ clock }: LockUser): OrderClaims {
      return {
        areShared: true,
        read: (orderNo) =>
          reach(() => {
            const { claim } = order(orderNo);
            return claim && { holder: claim.holder, untilMs: claim.untilMs, state: claim.state };
          }),
        async claim(hold, claim) {
          const lifeMs = Math.max(1, Math.ceil(claim.untilMs - clock.nowMs()));
          const isDone = await reach(() => {
            const kept = order(hold.orderNo);
            if (kept.token !== hold.token) return false;
            kept.claim = { ...claim, endsAtMs: time.elapsedMs() + lifeMs };
            return true;
          });
          if (!isDone) throw new LeaseLost(hold.orderNo);
        },
        async release(hold, holder) {
          const isDone = await reach(() => {
            const kept = order(hold.orderNo);
            if (kept.token !== hold.token) return false;
            if (kept.claim?.holder === holder && kept.claim.state === 'live') kept.claim = null;
            return true;
          });
          if (!isDone) throw new LeaseLost(hold.orderNo);
        },
      };
    }

    return (user: LockUser): Locks => ({ mutex: mutexOf(user), claims: claimsOf(user), close() {} });
  }

  return { locksOf };
}
