import { type Clock, SECOND } from '../../ports/clock.ts';
import { type Hold, LeaseLost } from './order-mutex.ts';

/** How long things last that end by themselves when a process dies. */
export interface LeaseTimes {
  /** A lease that is not renewed ends after this. The next in line waits no longer for a dead holder. */
  leaseMs: number;
  /** No lease is renewed past this: work that hangs must not keep an order for ever. */
  holdMaxMs: number;
  /** A place in the queue whose owner has not been heard of for this long is given up. */
  ticketMs: number;
}

/** Short of what a caller waits for the lock, so that a killed holder costs nobody an error. */
export const LEASE_TIMES: LeaseTimes = { leaseMs: 4 * SECOND, holdMaxMs: 30 * SECOND, ticketMs: 2 * SECOND };

/**
 * The watchdog of one lease: renews it at a third of its life, stops renewing after `holdMaxMs`, and tells
 * the holder when it is lost. `takenAt` is read before the lease was asked for, so that what the holder
 * believes ends no later than what the others see.
 *
 * `renew` answers whether the lease is still ours; when it throws, nobody knows, and it is asked again
 * until the lease has run out.
 */
export function keepLease(
  clock: Clock,
  lease: { orderNo: string; token: number; takenAt: Instants; times: LeaseTimes; renew(): Promise<boolean> },
): { hold: Hold; stop(): Promise<void> } {
  const { orderNo, token, times } = lease;
  const lost = new AbortController();
  const startedMs = lease.takenAt.monotonicMs;
  let confirmed = lease.takenAt;
  let isStopped = false;
  let renewal: Promise<void> = Promise.resolve();
  let cancelRenewal = () => {};
  let cancelEnd = () => {};

  function lose(): void {
    cancelRenewal();
    cancelEnd();
    if (!isStopped && !lost.signal.aborted) lost.abort(new LeaseLost(orderNo));
  }

  function arm(): void {
    cancelRenewal();
    cancelEnd();
    if (isStopped || lost.signal.aborted) return;
    const nowMs = clock.monotonicMs();
    cancelEnd = clock.after(confirmed.monotonicMs + times.leaseMs - nowMs, lose);
    const renewInMs = times.leaseMs / 3;
    if (nowMs + renewInMs - startedMs <= times.holdMaxMs)
      cancelRenewal = clock.after(renewInMs, () => {
        renewal = renew();
      });
  }

  async function renew(): Promise<void> {
    const askedAt = instants(clock);
    try {
      if (!(await lease.renew())) {
        lose();
        return;
      }
      confirmed = askedAt;
    } catch {
      // Not known, so not lost: `cancelEnd` still stands at the end of what was last confirmed.
    }
    arm();
  }

  arm();
  return {
    hold: {
      orderNo,
      token,
      signal: lost.signal,
      isLive: () => !isStopped && !lost.signal.aborted && !hasPassed(clock, confirmed, times.leaseMs),
    },
    /** After this no renewal is under way and none will follow: a release cannot be undone by one. */
    async stop() {
      isStopped = true;
      lose();
      await renewal;
    },
  };
}

/** One moment on both clocks. The monotonic one stands still while a machine sleeps; the wall may jump. */
export interface Instants {
  monotonicMs: number;
  wallMs: number;
}

export function instants(clock: Clock): Instants {
  return { monotonicMs: clock.monotonicMs(), wallMs: clock.nowMs() };
}

/** When either clock says so: believing too early costs a repeat, too late costs money. */
function hasPassed(clock: Clock, since: Instants, lengthMs: number): boolean {
  return clock.monotonicMs() - since.monotonicMs >= lengthMs || clock.nowMs() - since.wallMs >= lengthMs;
}
