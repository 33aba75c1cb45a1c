import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { mutexFrame } from './frame.ts';
import { type Instants, instants, keepLease, LEASE_TIMES, type LeaseTimes } from './lease.ts';
import type { OrderMutex } from './order-mutex.ts';
import { standInLine } from './queue.ts';

/** A look at an order's queue, as the table `leases` has it. `untilMs` is the wall time at which the first runs out. */
interface LeaseLook {
  ticket: number;
  /** Tickets before ours; 0 means that the lease is ours from now on. */
  before: number;
  first: { holder: string; untilMs: number };
}

/** The durable side of the lease; `store/leases.ts` implements it. Each call is one transaction. */
export interface LeaseTable {
  /** Takes a place in the queue if `ticket` is null or has run out, keeps it alive, and takes the lease when first. Null when the file is busy. */
  look(ask: {
    orderNo: string;
    ticket: number | null;
    holder: string;
    nowMs: number;
    times: LeaseTimes;
  }): LeaseLook | null;
  /** Prolongs a lease that still runs. False when it is ours no longer; throws when the file is busy. */
  renew(ticket: number, nowMs: number, untilMs: number): boolean;
  /** Gives a lease or a place in the queue back. False when the file is busy. */
  remove(ticket: number): boolean;
}

/**
 * The order mutex of several processes on one data folder. The queue is a table, first come, first served by
 * its tickets; the ticket of the holder is the fencing token. A place whose process died runs out by itself.
 */
export function sqliteLease(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  leases: LeaseTable;
  /** Who holds, for those who wait: the till's id. */
  holder: string;
  times?: LeaseTimes;
}): OrderMutex {
  const { clock, log, leases, holder } = deps;
  const times = deps.times ?? LEASE_TIMES;

  return mutexFrame(async (orderNo, waitMs, stopped) => {
    let ticket: number | null = null;
    const taken = await standInLine<{ token: number; takenAt: Instants }>(deps, {
      orderNo,
      waitMs,
      stopped,
      async look() {
        const takenAt = instants(clock);
        const seen = leases.look({ orderNo, ticket, holder, nowMs: takenAt.wallMs, times });
        if (!seen) return { before: 1, holder: null, untilMs: null };
        ticket = seen.ticket;
        return seen.before === 0
          ? { turn: { token: seen.ticket, takenAt } }
          : { before: seen.before, ...seen.first };
      },
      async leave() {
        if (ticket !== null) giveBack(orderNo, ticket);
      },
    });
    const kept = keepLease(clock, {
      orderNo,
      token: taken.token,
      takenAt: taken.takenAt,
      times,
      async renew() {
        const nowMs = clock.nowMs();
        return leases.renew(taken.token, nowMs, nowMs + times.leaseMs);
      },
    });
    return {
      hold: kept.hold,
      async release() {
        await kept.stop();
        giveBack(orderNo, taken.token);
      },
    };
  });

  function giveBack(orderNo: string, ticket: number): void {
    try {
      if (leases.remove(ticket)) return;
      log.warn({ orderNo }, 'lease not given back: the file is busy; it runs out by itself');
    } catch (err) {
      log.warn({ orderNo, err }, 'lease not given back; it runs out by itself');
    }
  }
}
