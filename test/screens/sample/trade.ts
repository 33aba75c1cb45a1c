import type { Charge, Order } from '../../../contract/order.ts';
import type { Trade } from '../../../contract/trade.ts';
import { at, till } from './till.ts';

export const CODES = {
  alipay: 'https://qr.alipay.com/bax03431ljhokirwl38f00a7',
  wechat: 'weixin://wxpay/bizpayurl?pr=bj577YAIvXkQ2m',
} as const;

let count = 0;

export function trade(channel: Trade['channel'], change: Partial<Trade> = {}): Trade {
  count += 1;
  return {
    tradeNo: `M0MW261121143200${String(count).padStart(4, '0')}Q7XK2P`,
    orderNo: 'A20261121-8831',
    chargeId: 'C1',
    channel,
    state: 'awaiting_payment',
    amountFen: 1_250,
    codeUrl: CODES[channel],
    providerTradeNo: null,
    payer: null,
    createdAt: at(-8),
    expiresAt: at(112),
    paidAt: null,
    closedAt: null,
    payableUntil: null,
    lastCheckedAt: at(-1),
    nextCheckAt: at(1),
    unknown: null,
    refusal: null,
    late: false,
    surplus: false,
    incident: null,
    refundDue: null,
    refundedFen: 0,
    refundingFen: 0,
    refundableFen: 0,
    setAside: null,
    ...change,
  };
}

export const paid = (channel: Trade['channel'], change: Partial<Trade> = {}) =>
  trade(channel, {
    state: 'paid',
    codeUrl: null,
    paidAt: at(-1),
    refundableFen: 1_250,
    payer: channel === 'alipay' ? '138****0000' : null,
    providerTradeNo: channel === 'alipay' ? '2026112122001400001000483621' : '4200694455202611211394919362',
    ...change,
  });

export const closed = (channel: Trade['channel'], change: Partial<Trade> = {}) =>
  trade(channel, { state: 'closed', codeUrl: null, closedAt: at(-1), nextCheckAt: null, ...change });

export const failed = (channel: Trade['channel'], reason: NonNullable<Trade['refusal']>['reason']) =>
  trade(channel, {
    state: 'failed',
    codeUrl: null,
    refusal:
      channel === 'alipay'
        ? { reason, providerCode: 'ACQ.TOTAL_FEE_EXCEED', providerMessage: '订单总金额超过限额' }
        : { reason, providerCode: 'NO_AUTH', providerMessage: '商户无权限' },
  });

export const unknown = (channel: Trade['channel']) =>
  trade(channel, {
    state: 'created',
    codeUrl: null,
    lastCheckedAt: null,
    unknown: { asking: 'create', since: at(-21), attempts: 4, nextAskAt: at(6) },
  });

export function charge(state: Charge['state'], trades: Trade[], change: Partial<Charge> = {}): Charge {
  return {
    chargeId: 'C1',
    orderNo: 'A20261121-8831',
    state,
    amountFen: trades[0]?.amountFen ?? 1_250,
    subject: till.shopName,
    createdAt: at(-8),
    expiresAt: at(112),
    trades,
    ...change,
  };
}

/** An order with its charge; every number inside follows the order's. */
export function order(orderNo: string, amountFen: number, seconds: number, from: Charge | null): Order {
  const trades = (from?.trades ?? []).map((each) => ({
    ...each,
    orderNo,
    amountFen,
    createdAt: at(seconds),
  }));
  const payment = trades.find((each) => each.state === 'paid');
  const ofOrder = from && {
    ...from,
    chargeId: `C${orderNo}`,
    orderNo,
    amountFen,
    createdAt: at(seconds),
    trades,
  };
  return {
    orderNo,
    amountFen,
    subject: till.shopName,
    note: null,
    state: payment ? 'paid' : 'open',
    source: 'till',
    createdAt: at(seconds),
    paidAt: payment?.paidAt ?? null,
    charge: ofOrder,
  };
}
