import type { Charge, Order } from '../../contract/order.ts';
import type { Channel } from '../../contract/trade.ts';
import { amountFen, eraseLast, pastedAmount, typeAmount } from './amount.ts';
import { withOrder } from './apply.ts';
import { isLive } from './screen.ts';
import type { Sale, TillState } from './state.ts';

/** Alipay's bound, until the till says its own. */
export const AMOUNT_MAX_FEN = 10_000_000_000;

export function typeKey(state: TillState, key: string): TillState {
  return { ...state, typed: typeAmount(state.typed, key), notice: null };
}

export function erase(state: TillState): TillState {
  return { ...state, typed: eraseLast(state.typed), notice: null };
}

export function clear(state: TillState): TillState {
  return { ...state, typed: '', notice: null };
}

export function paste(state: TillState, text: string): TillState {
  const typed = pastedAmount(text);
  return typed === null
    ? { ...state, notice: { kind: 'not_an_amount', text: text.trim().slice(0, 40) } }
    : { ...state, typed, notice: null };
}

/** What was typed becomes a sale under `orderNo`; an amount that cannot be charged becomes a notice. */
export function beginTyped(state: TillState, orderNo: string): TillState {
  const amount = amountFen(state.typed, state.till?.amountMaxFen ?? AMOUNT_MAX_FEN);
  if ('problem' in amount) return { ...state, notice: { kind: 'amount', problem: amount.problem } };
  return begin(state, { orderNo, amountFen: amount.fen, source: 'till', previousChargeId: null });
}

/** An order goes on the stage and its codes are asked for. */
export function begin(
  state: TillState,
  order: Pick<Sale, 'orderNo' | 'amountFen' | 'source' | 'previousChargeId'>,
): TillState {
  const sale: Sale = { ...order, isAsking: true, misses: 0, error: null, cancelWanted: false };
  return {
    ...show(state, order.orderNo),
    typed: '',
    sales: { ...state.sales, [order.orderNo]: sale },
    unwanted: state.unwanted.filter((orderNo) => orderNo !== order.orderNo),
    attempts: { ...state.attempts, [order.orderNo]: [] },
  };
}

/**
 * Enter after nobody paid, or after a refusal: the same order again as a new attempt. An order that was
 * cancelled stays so: its amount is charged under `freshOrderNo`.
 */
export function retry(state: TillState, freshOrderNo: string): TillState {
  const orderNo = state.shown;
  if (orderNo === null) return state;
  const order = state.orders[orderNo];
  const sale = state.sales[orderNo];
  const known = order ?? sale;
  if (known === undefined) return state;
  const { amountFen, source } = known;
  const isDead = order?.state === 'cancelled';
  const previousChargeId = isDead ? null : (order?.charge?.chargeId ?? null);
  return begin(state, { orderNo: isDead ? freshOrderNo : orderNo, amountFen, source, previousChargeId });
}

/** The stage shows this order, or is free for the next sale. What was there goes to the tray if unfinished. */
export function show(state: TillState, orderNo: string | null): TillState {
  return prune({
    ...state,
    shown: orderNo,
    focus: null,
    notice: null,
    unseenPaid: state.unseenPaid.filter((each) => each !== orderNo),
  });
}

/** The stage is free and the next amount begins with `key`. */
export function nextSale(state: TillState, key: string): TillState {
  return typeKey({ ...show(state, null), typed: '' }, key);
}

export function toggleFocus(state: TillState, channel: Channel): TillState {
  return { ...state, focus: state.focus === channel ? null : channel };
}

/** Both, then each wallet in turn. */
export function turnFocus(state: TillState, channels: readonly Channel[]): TillState {
  const turns: (Channel | null)[] = [null, ...channels];
  return { ...state, focus: turns[(turns.indexOf(state.focus) + 1) % turns.length] ?? null };
}

export function changeSale(state: TillState, orderNo: string, change: Partial<Sale>): TillState {
  const sale = state.sales[orderNo];
  if (sale === undefined) return state;
  return prune({ ...state, sales: { ...state.sales, [orderNo]: { ...sale, ...change } } });
}

/** The backend answered with the charge. */
export function answered(state: TillState, charge: Charge): TillState {
  const sale = state.sales[charge.orderNo];
  return changeSale(withOrder(state, orderOf(charge, state.orders[charge.orderNo], sale)), charge.orderNo, {
    isAsking: false,
    misses: 0,
    error: null,
    held: undefined,
  });
}

export function refused(state: TillState, orderNo: string, error: NonNullable<Sale['error']>): TillState {
  return changeSale(state, orderNo, { isAsking: false, error });
}

/** Nobody will be charged: the window gives the order up. */
export function giveUp(state: TillState, orderNo: string): TillState {
  const { [orderNo]: _, ...sales } = state.sales;
  return { ...state, sales, shown: state.shown === orderNo && !state.orders[orderNo] ? null : state.shown };
}

export function wantCancel(state: TillState, orderNo: string): TillState {
  const known = state.sales[orderNo] ?? saleOf(state.orders[orderNo]);
  if (known === null) return state;
  return {
    ...state,
    notice: null,
    sales: { ...state.sales, [orderNo]: { ...known, cancelWanted: true } },
    unwanted: [...state.unwanted.filter((each) => each !== orderNo), orderNo].slice(-50),
  };
}

/** Sales that are neither on the stage nor still being asked about live on as orders only. */
function prune(state: TillState): TillState {
  const kept = Object.values(state.sales).filter(
    (sale) => sale.orderNo === state.shown || sale.isAsking || (sale.cancelWanted && isOpen(state, sale)),
  );
  if (kept.length === Object.keys(state.sales).length) return state;
  return { ...state, sales: Object.fromEntries(kept.map((sale) => [sale.orderNo, sale])) };
}

function isOpen(state: TillState, sale: Sale): boolean {
  const order = state.orders[sale.orderNo];
  return order === undefined || isLive(order);
}

function saleOf(order: Order | undefined): Sale | null {
  if (order === undefined) return null;
  const { orderNo, amountFen, source } = order;
  const rest = { isAsking: false, misses: 0, error: null, previousChargeId: null, cancelWanted: false };
  return { orderNo, amountFen, source, ...rest };
}

function orderOf(charge: Charge, known: Order | undefined, sale: Sale | undefined): Order {
  const paidAt = charge.trades.find((trade) => trade.state === 'paid')?.paidAt ?? null;
  if (known !== undefined)
    return { ...known, charge, ...(charge.state === 'paid' ? { state: 'paid', paidAt } : {}) };
  return {
    orderNo: charge.orderNo,
    amountFen: charge.amountFen,
    subject: charge.subject,
    note: null,
    state: charge.state === 'paid' ? 'paid' : 'open',
    source: sale?.source ?? 'till',
    createdAt: charge.createdAt,
    paidAt,
    charge,
  };
}
