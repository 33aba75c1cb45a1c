import type { Clock } from '../../ports/clock.ts';
import { chargeState } from '../domain/charge.ts';
import { fen } from '../domain/money.ts';
import type { Charge, Order } from '../domain/order.ts';
import { storeInstant } from '../domain/store-time.ts';
import { type Channel, newTrade, type Trade } from '../domain/trade.ts';
import type { Hold } from '../locks/order-mutex.ts';
import { chargeStarted } from '../store/events.ts';
import type { Store, Writer } from '../store/store.ts';
import type { Claims } from './claims.ts';
import type { Drain } from './drain.ts';
import { ServiceError } from './errors.ts';
import type { Hub } from './hub.ts';
import type { Numbers } from './numbers.ts';
import { addOrder } from './orders.ts';
import type { Wallets } from './wallets.ts';

export interface ChargeRequest {
  orderNo?: string | undefined;
  amountFen?: number | undefined;
  subject?: string | undefined;
  channels?: readonly Channel[] | undefined;
  /** Who asks, should the order be new. */
  source: Order['source'];
}

/** Who charges, with the order's lock where the order is known beforehand. */
type HoldingWriter = Writer & { fence?: Hold | undefined };

/**
 * Charging: the order, one trade per channel and the intents to open them are committed before any wallet is
 * asked. Run under the order's lock.
 */
export type ChargeService = ReturnType<typeof createCharge>;

export function createCharge(deps: {
  store: Store;
  clock: Clock;
  hub: Hub;
  drain: Pick<Drain, 'claim' | 'adopt'>;
  wallets: Wallets;
  numbers: Numbers;
  claims: Claims;
  shopName: string;
  /** Throws while nothing new may be charged. */
  mayCharge(): void;
  amountMaxFen: number;
  ttlMs: number;
  /** Where the channel's wallet is told to post what happens; null: nowhere in particular. */
  notifyUrl(channel: Channel): string | null;
}) {
  const { store, clock, hub, drain, wallets, numbers, claims } = deps;

  async function start(request: ChargeRequest, as: HoldingWriter = {}): Promise<Charge> {
    if (request.orderNo === undefined && claims.areShared) return await startNew(request, as);
    const hold = as.fence;
    const channels = usableChannels(request);
    const isClaimed =
      hold !== undefined && !hasLiveCharge(hold.orderNo) && (await claims.take(hold, deps.ttlMs));
    try {
      return write(request, channels, as);
    } catch (error) {
      if (isClaimed) await claims.giveUp(hold);
      throw error;
    }
  }

  /** The number of a new order is made first: other tills know of it before anybody can pay it. */
  async function startNew(request: ChargeRequest, as: HoldingWriter): Promise<Charge> {
    if (request.amountFen === undefined) throw amountMissing();
    const [orderNo = ''] = store.transact(() => numbers.take(1));
    return await claims.locked(orderNo, (fence) => start({ ...request, orderNo }, { ...as, fence }));
  }

  function hasLiveCharge(orderNo: string): boolean {
    return store.charges.lastOfOrder(orderNo)?.endedAtMs === null;
  }

  function write(request: ChargeRequest, channels: readonly Channel[], as: Writer): Charge {
    const { charge, leased } = store.transact(() => {
      const existing = request.orderNo === undefined ? undefined : orderToCollect(request, request.orderNo);
      const last = existing && store.charges.lastOfOrder(existing.orderNo);
      if (existing && last && last.endedAtMs === null) return { charge: resume(existing, last), leased: [] };
      deps.mayCharge();
      const [chargeId = '', madeUpNo = '', ...tradeNos] = numbers.take(2 + channels.length);
      const order = existing ?? newOrder(request, request.orderNo ?? madeUpNo);
      return begin(order, chargeId, channels, tradeNos);
    }, as);
    drain.adopt(leased);
    hub.tell({ kind: 'committed' });
    return charge;
  }

  /** The live charge again, as long as it can still be scanned or is about to be. */
  function resume(order: Order, live: Charge): Charge {
    const trades = store.trades.ofCharge(live.chargeId);
    if (chargeState(trades) !== 'closing') return live;
    const until = Math.max(...trades.map((trade) => trade.payableUntilMs ?? clock.nowMs()));
    throw new ServiceError('order_closing', {
      orderNo: order.orderNo,
      retryAt: storeInstant(until),
    });
  }

  function begin(
    order: Order,
    chargeId: string,
    channels: readonly Channel[],
    tradeNos: readonly string[],
  ): { charge: Charge; leased: number[] } {
    const nowMs = clock.nowMs();
    const charge: Charge = {
      chargeId,
      orderNo: order.orderNo,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + deps.ttlMs,
      endedAtMs: null,
    };
    store.charges.insert(charge);
    const trades = channels.map((channel, index) => {
      const { orderNo, amountFen, subject } = order;
      const { createdAtMs, expiresAtMs } = charge;
      const tradeNo = tradeNos[index] ?? '';
      return newTrade({
        tradeNo,
        orderNo,
        chargeId,
        channel,
        amountFen,
        subject,
        createdAtMs,
        expiresAtMs,
      });
    });
    store.events.append(chargeStarted(charge, trades));
    const leased = trades.flatMap((trade) => {
      store.trades.insert(trade);
      return openSoon(trade, nowMs);
    });
    return { charge, leased };
  }

  /** The intent to open the trade; its id where it is carried out as soon as it is committed. */
  function openSoon({ channel, tradeNo, orderNo }: Trade, nowMs: number): number[] {
    const lease = drain.claim(channel);
    const entryId = store.outbox.add(
      {
        kind: 'open',
        queue: channel,
        lane: tradeNo,
        orderNo,
        tradeNo,
        payload: deps.notifyUrl(channel),
        why: null,
        priority: 0,
      },
      nowMs,
      lease,
    );
    return lease === null ? [] : [entryId];
  }

  /** The order under this number, if it may be collected; undefined when there is none yet. */
  function orderToCollect(request: ChargeRequest, orderNo: string): Order | undefined {
    const existing = store.orders.byNo(orderNo);
    if (!existing) return undefined;
    const differs =
      (request.amountFen !== undefined && request.amountFen !== existing.amountFen) ||
      (request.subject !== undefined && request.subject !== existing.subject);
    if (differs) throw new ServiceError('order_differs', { orderNo });
    if (existing.state === 'paid') throw new ServiceError('order_paid', { orderNo });
    if (existing.state === 'cancelled') throw new ServiceError('order_cancelled', { orderNo });
    return existing;
  }

  function newOrder(request: ChargeRequest, orderNo: string): Order {
    if (request.amountFen === undefined) {
      // Without an amount only an order that was sent ahead can be meant.
      if (request.orderNo !== undefined)
        throw new ServiceError('order_not_found', { orderNo: request.orderNo });
      throw amountMissing();
    }
    if (request.amountFen > deps.amountMaxFen) {
      throw new ServiceError('amount_invalid', { issues: [{ path: 'amountFen', message: 'too_large' }] });
    }
    return addOrder(store, {
      orderNo,
      amountFen: fen(request.amountFen),
      subject: request.subject ?? deps.shopName,
      note: null,
      state: 'open',
      source: request.source,
      createdAtMs: clock.nowMs(),
      paidAtMs: null,
    });
  }

  function usableChannels(request: ChargeRequest): Channel[] {
    const wanted = [...new Set(request.channels ?? wallets.channels)];
    const usable = wanted.filter((channel) => wallets.provider(channel) !== undefined);
    if (usable.length < wanted.length || usable.length === 0) {
      throw new ServiceError(
        'channel_unavailable',
        request.orderNo === undefined ? {} : { orderNo: request.orderNo },
      );
    }
    return usable;
  }

  /**
   * Resolves when every trade of the charge has a code or a verdict, or an answer is missing, or after
   * `waitMs`: from then on the event stream tells.
   */
  function codesReady(chargeId: string, waitMs: number): Promise<void> {
    const isReady = () => !store.trades.anyOpening(chargeId);
    if (isReady()) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancelTimer();
        stopListening();
        resolve();
      };
      const cancelTimer = clock.after(waitMs, done);
      const stopListening = hub.listen(({ kind }) => {
        if (kind === 'committed' && isReady()) done();
      });
    });
  }

  return { start, codesReady };
}

function amountMissing(): ServiceError {
  return new ServiceError('amount_invalid', { issues: [{ path: 'amountFen', message: 'required' }] });
}
