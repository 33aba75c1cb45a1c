import { call } from '@orpc/server';
import type { CallContext } from '../../backend/access.ts';
import type { Backend } from '../../backend/backend.ts';
import type { Charge, Order } from '../../contract/order.ts';
import type { SimClock } from '../../ports/sim-clock.ts';

const WINDOW: { context: CallContext } = { context: { caller: 'window' } };

/** Calls the backend's procedures as the window does, letting the simulated clock serve the wait for codes. */
export function windowOf(backend: Backend, clock: SimClock) {
  const { api } = backend;
  return {
    async charge(input: { orderNo?: string; amountFen?: number; subject?: string }): Promise<Charge> {
      const answer = call(api.charges.create, input, WINDOW);
      answer.catch(() => {});
      await clock.advance(0);
      return await answer;
    },
    /** Charges without waiting for the codes: with a silent wallet they come only as time passes. */
    async startCharge(input: { orderNo?: string; amountFen?: number; subject?: string }): Promise<void> {
      call(api.charges.create, input, WINDOW).catch(() => {});
      await clock.advance(0);
    },
    order: (orderNo: string): Promise<Order> => call(api.orders.get, { orderNo }, WINDOW),
    cancelOrder: (orderNo: string): Promise<Order> => call(api.orders.cancel, { orderNo }, WINDOW),
    cancelCharge: (chargeId: string): Promise<Charge> => call(api.charges.cancel, { chargeId }, WINDOW),
    check: (chargeId: string): Promise<Charge> => call(api.charges.check, { chargeId }, WINDOW),
    live: (): Promise<Charge[]> => call(api.charges.live, undefined, WINDOW),
    trade: (tradeNo: string) => call(api.trades.get, { tradeNo }, WINDOW),
    timeline: async (tradeNo: string) => (await call(api.trades.get, { tradeNo }, WINDOW)).timeline,
    outbox: (state: 'due' | 'parked' | 'set_aside') => call(api.outbox.list, { state }, WINDOW),
    retry: (entryId: number) => call(api.outbox.retry, { entryId }, WINDOW),
    refund: (input: { tradeNo: string; amountFen: number; reason?: string; refundNo?: string }) =>
      call(api.refunds.create, { reason: '顾客退货', ...input }, WINDOW),
    refundOf: (refundNo: string) => call(api.refunds.get, { refundNo }, WINDOW),
    withdraw: (refundNo: string) => call(api.refunds.withdraw, { refundNo }, WINDOW),
    checkRefund: (refundNo: string) => call(api.refunds.check, { refundNo }, WINDOW),
    giveBack: (tradeNo: string) => call(api.refunds.giveBack, { tradeNo }, WINDOW),
    keep: (tradeNo: string, reason: string) => call(api.refunds.keep, { tradeNo, reason }, WINDOW),
    setAside: (entryId: number, reason: string) => call(api.outbox.setAside, { entryId, reason }, WINDOW),
    status: () => call(api.till.status, undefined, WINDOW),
    today: () => call(api.till.today, undefined, WINDOW),
  };
}
