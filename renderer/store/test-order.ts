import type { Charge, Order } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';

const AT = '2026-11-21T14:32:00.000+08:00';

export function testTrade(state: Trade['state'], change: Partial<Trade> = {}): Trade {
  return {
    tradeNo: `T_${change.channel ?? 'alipay'}`,
    orderNo: 'W1',
    chargeId: 'C1',
    channel: 'alipay',
    state,
    amountFen: 1_250,
    codeUrl: state === 'awaiting_payment' ? 'https://qr.alipay.com/1' : null,
    providerTradeNo: null,
    payer: null,
    createdAt: AT,
    expiresAt: '2026-11-21T14:34:00.000+08:00',
    paidAt: state === 'paid' ? AT : null,
    closedAt: null,
    payableUntil: null,
    lastCheckedAt: null,
    nextCheckAt: null,
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

export function testCharge(state: Charge['state'], trades: Trade[], change: Partial<Charge> = {}): Charge {
  return {
    chargeId: 'C1',
    orderNo: 'W1',
    state,
    amountFen: 1_250,
    subject: '小店',
    createdAt: AT,
    expiresAt: '2026-11-21T14:34:00.000+08:00',
    trades,
    ...change,
  };
}

export function testOrder(charge: Charge | null, change: Partial<Order> = {}): Order {
  return {
    orderNo: 'W1',
    amountFen: 1_250,
    subject: '小店',
    note: null,
    state: charge?.state === 'paid' ? 'paid' : 'open',
    source: 'till',
    createdAt: AT,
    paidAt: null,
    charge,
    ...change,
  };
}
