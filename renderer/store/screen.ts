import type { Charge, Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import type { Sale, TillState } from './state.ts';

export const SCREENS = [
  'idle',
  'entering',
  'creating',
  'waiting',
  'checking',
  'closing',
  'not_paid',
  'paid',
  'refused',
  'set_aside',
] as const;
export type Screen = (typeof SCREENS)[number];

export const SCREEN_OF_CHARGE: Record<Charge['state'], Screen> = {
  creating: 'creating',
  waiting: 'waiting',
  checking: 'checking',
  closing: 'closing',
  paid: 'paid',
  closed: 'not_paid',
  failed: 'refused',
  set_aside: 'set_aside',
};

/** What the window shows: it follows from the state, and from nothing else. */
export function screenOf(state: TillState): Screen {
  if (state.shown === null) return state.typed === '' ? 'idle' : 'entering';
  return screenOfOrder(state.orders[state.shown], state.sales[state.shown]);
}

export function screenOfOrder(order: Order | undefined, sale: Sale | undefined): Screen {
  if (order?.state === 'paid') return 'paid';
  const charge = currentCharge(order, sale);
  if (charge?.state === 'paid') return 'paid';
  if (sale?.error) return 'refused';
  if (sale?.cancelWanted && (charge === null || isScannable(charge))) return 'closing';
  if (charge === null) return 'creating';
  return SCREEN_OF_CHARGE[charge.state];
}

/** The order's charge, unless it is the one that had ended before the attempt under way. */
export function currentCharge(order: Order | undefined, sale: Sale | undefined): Charge | null {
  const charge = order?.charge ?? null;
  if (charge !== null && sale?.isAsking && charge.chargeId === sale.previousChargeId) return null;
  return charge;
}

function isScannable(charge: Charge): boolean {
  return charge.state === 'creating' || charge.state === 'waiting' || charge.state === 'checking';
}

/** The trade that paid the order: the first payment, not the surplus one. */
export function payment(order: Order | undefined): Trade | null {
  const paid = (order?.charge?.trades ?? []).filter((trade) => trade.state === 'paid');
  return paid.find((trade) => !trade.surplus) ?? paid[0] ?? null;
}

/** Whether any wallet may still take money for this order, and somebody is still asking about it. */
export function isLive(order: Order | undefined): boolean {
  return (order?.charge?.trades ?? []).some(
    (trade) =>
      trade.setAside === null && ['created', 'awaiting_payment', 'paying', 'closing'].includes(trade.state),
  );
}

export interface TrayEntry {
  orderNo: string;
  amountFen: number;
  screen: Screen;
  order: Order | undefined;
}

/** What is not finished and not on the stage, oldest first, and what was paid meanwhile. */
export function tray(state: TillState): TrayEntry[] {
  const unfinished = Object.values(state.orders)
    .filter((order) => isUnfinished(order) || state.unseenPaid.includes(order.orderNo))
    .map((order) => order.orderNo);
  const asking = Object.values(state.sales)
    .filter((sale) => (sale.isAsking || sale.cancelWanted) && state.orders[sale.orderNo] === undefined)
    .map((sale) => sale.orderNo);
  return [...new Set([...unfinished, ...asking])]
    .filter((orderNo) => orderNo !== state.shown)
    .map((orderNo) => entry(state, orderNo))
    .sort((a, b) => createdAt(a) - createdAt(b));
}

/** Once paid, the other wallet's code is closed behind the scenes: that is nobody's task. */
function isUnfinished(order: Order): boolean {
  return order.state !== 'paid' && isLive(order);
}

function entry(state: TillState, orderNo: string): TrayEntry {
  const order = state.orders[orderNo];
  const sale = state.sales[orderNo];
  const amountFen = order?.amountFen ?? sale?.amountFen ?? 0;
  return { orderNo, amountFen, screen: screenOfOrder(order, sale), order };
}

function createdAt({ order }: TrayEntry): number {
  const at = order?.charge?.createdAt ?? order?.createdAt;
  return at === undefined ? Number.POSITIVE_INFINITY : Date.parse(at);
}
