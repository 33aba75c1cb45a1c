import type { Order } from '../../contract/order.ts';
import { sleep } from '../clock.ts';
import type { HeldBy } from '../error-words.ts';
import type { Api } from '../link.ts';
import { isPassing, type LinkError, linkError } from '../link-error.ts';
import { withOrder } from './apply.ts';
import type { TillState } from './state.ts';
import { answered, changeSale, giveUp, refused, wantCancel } from './steps.ts';

const PAUSES_MS = [400, 1_000, 2_000, 4_000];
/** While a create is under way its order may not exist yet. */
const CANCEL_AGAIN_MS = 500;

export interface Ports {
  api: Api;
  get(): TillState;
  change(step: (state: TillState) => TillState): void;
  pause?(ms: number): Promise<void>;
}

/**
 * Asks the backend to collect an order, and to stop. Each is repeated under the same order number until
 * there is an answer, whatever is on the stage meanwhile: the number is what makes two clicks one charge.
 */
export function createSaleFlow({ api, get, change, pause = sleep }: Ports) {
  const asking = new Set<string>();
  const cancelling = new Set<string>();

  async function ask(orderNo: string): Promise<void> {
    if (asking.has(orderNo)) return;
    asking.add(orderNo);
    try {
      while (await askOnce(orderNo)) await pause(pauseMs(get().sales[orderNo]?.misses ?? 0));
    } finally {
      asking.delete(orderNo);
    }
  }

  /** True when it must be asked again. */
  async function askOnce(orderNo: string): Promise<boolean> {
    const sale = get().sales[orderNo];
    if (sale === undefined || !sale.isAsking) return false;
    if (sale.cancelWanted && sale.misses > 0) {
      // The backend may never have heard of it: cancelling finds out.
      change((state) => changeSale(state, orderNo, { isAsking: false }));
      return false;
    }
    try {
      const { amountFen, source } = sale;
      const charge = await api.charges.create(source === 'till' ? { orderNo, amountFen } : { orderNo });
      change((state) => answered(state, charge));
      if (get().sales[orderNo]?.cancelWanted) void cancel(orderNo);
      return false;
    } catch (thrown) {
      const error = linkError(thrown);
      if (isPassing(error) || error.code === 'unauthorized') {
        const held = error.code === 'order_busy' ? heldBy(error) : undefined;
        change((state) =>
          changeSale(state, orderNo, { misses: (state.sales[orderNo]?.misses ?? 0) + 1, held }),
        );
        return true;
      }
      await reread(orderNo);
      const retryAt = error.data.retryAt ?? null;
      const isOver = error.code === 'order_paid' || (error.code === 'order_cancelled' && sale.cancelWanted);
      change((state) =>
        isOver
          ? changeSale(state, orderNo, { isAsking: false })
          : refused(state, orderNo, { code: error.code, retryAt, ...heldBy(error) }),
      );
      return false;
    }
  }

  /** Hides the codes at once and asks the backend to close them; an order sent ahead stays to be collected. */
  async function cancel(orderNo: string): Promise<void> {
    change((state) => wantCancel(state, orderNo));
    if (cancelling.has(orderNo)) return;
    cancelling.add(orderNo);
    try {
      let misses = 0;
      for (;;) {
        const next = await cancelOnce(orderNo);
        if (next === 'done') return;
        await pause(next === 'soon' ? CANCEL_AGAIN_MS : pauseMs(++misses));
      }
    } finally {
      cancelling.delete(orderNo);
    }
  }

  async function cancelOnce(orderNo: string): Promise<'done' | 'soon' | 'later'> {
    const sale = get().sales[orderNo];
    if (sale === undefined || !sale.cancelWanted) return 'done';
    const chargeId = get().orders[orderNo]?.charge?.chargeId;
    try {
      if (sale.source === 'till') {
        const order = await api.orders.cancel({ orderNo });
        change((state) => withOrder(state, order));
        return 'done';
      }
      if (chargeId === undefined) return sale.isAsking ? 'soon' : drop(orderNo);
      const charge = await api.charges.cancel({ chargeId });
      change((state) => answered(state, charge));
      return 'done';
    } catch (thrown) {
      const error = linkError(thrown);
      if (isPassing(error) || error.code === 'unauthorized') return 'later';
      if (error.code === 'order_not_found') return sale.isAsking ? 'soon' : drop(orderNo);
      await reread(orderNo);
      change((state) => changeSale(state, orderNo, { cancelWanted: false }));
      if (error.code !== 'order_paid')
        change((state) => ({ ...state, notice: { kind: 'cannot_cancel', code: error.code } }));
      return 'done';
    }
  }

  function drop(orderNo: string): 'done' {
    change((state) => giveUp(state, orderNo));
    return 'done';
  }

  async function check(orderNo: string): Promise<void> {
    const chargeId = get().orders[orderNo]?.charge?.chargeId;
    if (chargeId === undefined) return;
    await api.charges.check({ chargeId }).then(
      (charge) => change((state) => answeredCheck(state, orderNo, charge)),
      () => {},
    );
  }

  async function reread(orderNo: string): Promise<void> {
    await api.orders.get({ orderNo }).then(
      (order) => change((state) => withOrder(state, order)),
      () => {},
    );
  }

  return { ask, cancel, check, reread };
}

function answeredCheck(state: TillState, orderNo: string, charge: NonNullable<Order['charge']>): TillState {
  const order = state.orders[orderNo];
  return order === undefined ? state : withOrder(state, { ...order, charge });
}

function heldBy({ data }: LinkError): HeldBy {
  return { holder: data.holder, until: data.until };
}

function pauseMs(misses: number): number {
  return PAUSES_MS[Math.min(misses, PAUSES_MS.length) - 1] ?? PAUSES_MS[0] ?? 1_000;
}
