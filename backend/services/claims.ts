import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, HOUR, SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import { storeInstant } from '../domain/store-time.ts';
import type { OrderClaims } from '../locks/order-claims.ts';
import type { Hold, OrderMutex } from '../locks/order-mutex.ts';
import { isAboutOrder } from '../store/events.ts';
import type { Store } from '../store/store.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { Settle } from './settle.ts';

/** A paid order is remembered among the tills for longer than anybody would charge it again by mistake. */
const PAID_MS = 90 * 24 * HOUR;
/** A claim outlives the codes' own end by this: the wallets' clocks, and a payment at the last second. */
const AFTER_END_MS = 150 * SECOND;
/** Claims of charges that are still live are prolonged this often, and what failed is tried again. */
const ROUND_MS = 20 * SECOND;
const RETRY_MS = 3 * SECOND;
const LOCK_WAIT_MS = 5 * SECOND;
const BATCH = 100;

/**
 * Orders across tills with separate databases: while one till has a live charge of an order, no other
 * charges it, and a paid order stays paid everywhere. The claim is made before the charge is written, so that
 * a crash leaves at most a claim that ends by itself; how charges end is told from the event table, from a
 * durable position on, until it has arrived.
 */
export type Claims = ReturnType<typeof createClaims>;

export function createClaims(deps: {
  claims: OrderClaims;
  mutex: OrderMutex;
  store: Store;
  hub: Hub;
  settle: Pick<Settle, 'paidElsewhere' | 'hasKeptPayment'>;
  clock: Clock;
  log: Log;
  tillId: string;
}) {
  const { claims, mutex, store, hub, settle, clock, log, tillId } = deps;
  let isStopped = false;
  let isStarted = false;
  let isRunning = false;
  let runAgain = false;
  /** Monotonic time at which live charges are told again. */
  let liveDueMs = 0;
  let working: Promise<void> = Promise.resolve();
  let cancelRound = () => {};
  let stopListening = () => {};

  /** Throws `order_elsewhere` or `order_paid` when another till has the order. */
  async function refuseElsewhere(orderNo: string): Promise<void> {
    if (!claims.areShared) return;
    const claim = await claims.read(orderNo);
    if (!claim) return;
    if (claim.state !== 'live' && store.orders.byNo(orderNo)?.state !== 'paid')
      throw new ServiceError('order_paid', { orderNo, holder: claim.holder });
    if (claim.state !== 'live' || claim.holder === tillId) return;
    throw new ServiceError('order_elsewhere', {
      orderNo,
      holder: claim.holder,
      until: storeInstant(claim.untilMs),
    });
  }

  /**
   * Claims the order for a charge whose codes live for `ttlMs`; false where there is nothing to claim, and so
   * nothing to give up. Call under the lock, before the charge is written.
   */
  async function take(hold: Hold, ttlMs: number): Promise<boolean> {
    if (!claims.areShared) return false;
    await refuseElsewhere(hold.orderNo);
    // The database refuses it by itself, and the claim must go on keeping other tills away.
    if (store.orders.byNo(hold.orderNo)?.state === 'paid') return false;
    await claims.claim(hold, {
      holder: tillId,
      untilMs: clock.nowMs() + ttlMs + AFTER_END_MS,
      state: 'live',
    });
    return true;
  }

  /** Runs `work` under the order's lock. */
  function locked<T>(orderNo: string, work: (hold: Hold) => Promise<T>): Promise<T> {
    return mutex.run(orderNo, LOCK_WAIT_MS, work);
  }

  /** The charge that was claimed for was not written after all. What cannot be taken back ends by itself. */
  async function giveUp(hold: Hold): Promise<void> {
    await claims
      .release(hold, tillId)
      .catch((err) => log.warn({ orderNo: hold.orderNo, err }, 'claim not taken back; it ends by itself'));
  }

  /** Brings the claim of an order to what the database says. Safe to repeat, at any time. */
  async function reconcile(orderNo: string): Promise<void> {
    await mutex.run(orderNo, LOCK_WAIT_MS, async (hold) => {
      const claim = await claims.read(orderNo);
      const other = claim && claim.holder !== tillId ? claim : null;
      // A claim ends by itself when its till is off for long: both may have been paid before they knew of each other.
      if (other?.state === 'paid') {
        const changed = settle.paidElsewhere(orderNo, clock.nowMs(), hold);
        if (changed.length > 0) hub.tell({ kind: 'committed' });
        return;
      }
      if (store.orders.byNo(orderNo)?.state === 'paid') {
        const state = settle.hasKeptPayment(orderNo) ? 'paid' : 'returning';
        // What goes back collects nothing, and stops nobody who collects the order now.
        if (other && state === 'returning') return;
        await claims.claim(hold, { holder: tillId, untilMs: clock.nowMs() + PAID_MS, state });
        return;
      }
      const charge = store.charges.lastOfOrder(orderNo);
      if (!charge || charge.endedAtMs !== null) {
        await claims.release(hold, tillId);
        return;
      }
      if (other) return;
      // Not a moment before: the wallets' time may be learnt meanwhile, and a claim made by the old one be over.
      const untilMs = Math.max(charge.expiresAtMs, clock.nowMs()) + AFTER_END_MS;
      await claims.claim(hold, { holder: tillId, untilMs, state: 'live' });
    });
  }

  /** True when all of them are told. */
  async function tell(orderNos: Iterable<string>): Promise<boolean> {
    let all = true;
    for (const orderNo of orderNos) {
      if (isStopped) return false;
      try {
        await reconcile(orderNo);
      } catch (err) {
        all = false;
        log.warn({ orderNo, err }, 'other tills not told yet; tried again');
      }
    }
    return all;
  }

  /** Tells what happened since the last position. True when nothing is left. */
  async function tellEnds(): Promise<boolean> {
    for (;;) {
      const events = store.events.after(store.claimsTold.seq() ?? store.events.lastSeq(), BATCH);
      const last = events.at(-1);
      if (!last) return true;
      const ended = events
        .filter(isAboutOrder)
        .filter(
          (event) =>
            event.type === 'order.paid' ||
            event.type === 'trade.set_aside' ||
            event.toState === 'closed' ||
            event.toState === 'failed',
        );
      if (!(await tell(new Set(ended.map((event) => event.orderNo))))) return false;
      store.transact(() => store.claimsTold.setSeq(last.seq));
    }
  }

  async function round(tellLive: boolean): Promise<boolean> {
    const told = await tellEnds();
    if (!tellLive) return told;
    return (await tell(new Set(store.charges.live().map((charge) => charge.orderNo)))) && told;
  }

  /** One round at a time; what happens during one begins another. */
  function begin(tellLive: boolean): void {
    if (!isStarted || isStopped) return;
    if (isRunning) {
      runAgain = true;
      return;
    }
    isRunning = true;
    // A till that commits all the time must come to this as well.
    const withLive = tellLive || clock.monotonicMs() >= liveDueMs;
    working = round(withLive)
      .catch((err) => {
        log.warn({ err }, 'other tills not told yet; tried again');
        return false;
      })
      .then((told) => {
        isRunning = false;
        if (withLive && told) liveDueMs = clock.monotonicMs() + ROUND_MS;
        if (runAgain && told) {
          runAgain = false;
          begin(false);
        } else armRound(told ? liveDueMs - clock.monotonicMs() : RETRY_MS);
      });
  }

  function armRound(delayMs: number): void {
    cancelRound();
    if (!isStopped) cancelRound = clock.after(delayMs, () => begin(true));
  }

  return {
    /** Whether other tills read the claims. */
    areShared: claims.areShared,
    locked,
    refuseElsewhere,
    take,
    giveUp,
    start(): void {
      if (!claims.areShared) return;
      isStarted = true;
      // What was before other tills were first told anything is over; what is live is told below.
      if (store.claimsTold.seq() === null) {
        const seq = store.events.lastSeq();
        store.transact(() => store.claimsTold.setSeq(seq));
      }
      // Those who tell of a commit may stand under the very lock that is asked for here.
      const outside = AsyncLocalStorage.snapshot();
      stopListening = hub.listen(({ kind }) => {
        if (kind === 'committed') outside(begin, false);
      });
      begin(true);
    },
    async stop(): Promise<void> {
      isStopped = true;
      stopListening();
      cancelRound();
      await working;
    },
  };
}
