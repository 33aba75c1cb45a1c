/**
 * The order mutex: whoever changes an order holds its lock. Fair (first come, first served), entered by
 * nobody twice, and waited for only so long. Three holders keep this one promise: in process, a SQLite
 * lease, Redis; `conformance.ts` is the suite that they all pass.
 */
export interface OrderMutex {
  /**
   * Runs `work` while holding the order's lock. What `work` throws passes through. Throws, without having
   * run `work`: {@link OrderBusy} when the lock was not free within `waitMs`; {@link OrderReentered} when
   * the caller holds it already; {@link LockUnavailable} when nobody can say who holds it.
   */
  run<T>(orderNo: string, waitMs: number, work: (hold: Hold) => Promise<T>): Promise<T>;
  /** Takes no further work, sends the waiting away, and resolves when nothing is held any more. */
  stop(): Promise<void>;
}

/** What a holder has in hand. It goes with every write, so that a holder that lost its lease cannot write. */
export interface Hold {
  readonly orderNo: string;
  /** The fencing token, greater than every earlier one of the order; null where a hold cannot be lost. */
  readonly token: number | null;
  /** Aborts with {@link LeaseLost} when the lease is lost. */
  readonly signal: AbortSignal;
  /** Whether it is still held, by both clocks at this moment: a process that was paused has heard no signal yet. */
  isLive(): boolean;
}

export class OrderBusy extends Error {
  override readonly name = 'OrderBusy';
  readonly orderNo: string;
  /** Who holds the order: a till's id; null when it cannot be known. */
  readonly holder: string | null;
  /** Unix ms at which the lease runs out if it is not renewed; null when there is none. */
  readonly untilMs: number | null;
  constructor(orderNo: string, holder: string | null = null, untilMs: number | null = null) {
    super(`Order ${orderNo} is being worked on.`);
    this.orderNo = orderNo;
    this.holder = holder;
    this.untilMs = untilMs;
  }
}

/** A lease ran out, or was taken, while its holder worked. What was not committed by then will not be. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly orderNo: string;
  constructor(orderNo: string) {
    super(`The lease on order ${orderNo} was lost.`);
    this.orderNo = orderNo;
  }
}

/** A mistake of ours: work under an order's lock asked for the same lock. It would wait for itself. */
export class OrderReentered extends Error {
  override readonly name = 'OrderReentered';
  readonly orderNo: string;
  constructor(orderNo: string) {
    super(`Order ${orderNo} is already locked by this very work.`);
    this.orderNo = orderNo;
  }
}

/** The place that keeps the locks does not answer (`unreachable`), or the till is closing (`stopping`). */
export class LockUnavailable extends Error {
  override readonly name = 'LockUnavailable';
  readonly reason: 'unreachable' | 'stopping';
  constructor(reason: 'unreachable' | 'stopping', options?: ErrorOptions) {
    super(
      reason === 'stopping' ? 'The till is closing.' : 'The place that keeps the locks is away.',
      options,
    );
    this.reason = reason;
  }
}
