import type { Charge, Order } from '../../contract/order.ts';
import type { DaySummary, Till, TillStatus } from '../../contract/till.ts';
import type { TimelineEntry, Trade } from '../../contract/trade.ts';

/** The moment at which every picture is taken. */
export const NOW = '2026-11-21T14:32:10.000+08:00';
const nowMs = Date.parse(NOW);

/** An instant so many seconds from {@link NOW}. */
export function at(seconds: number): string {
  return new Date(nowMs + seconds * 1_000).toISOString();
}

export const till: Till = {
  tillId: 'T0MW',
  shopName: '沙箱小店',
  mode: 'sandbox',
  version: '0.1.0',
  channels: ['alipay', 'wechat'],
  chargeTtlMs: 120_000,
  amountMaxFen: 10_000_000_000,
  phoneUrl: 'http://127.0.0.1:8790/phone',
};

const well = { ok: true, since: at(-9_000), reason: null };

export const status: TillStatus = {
  charging: well,
  seesPayments: well,
  storage: well,
  channels: [
    { channel: 'alipay', charging: well, lastAnswerAt: at(-3) },
    { channel: 'wechat', charging: well, lastAnswerAt: at(-2) },
  ],
  clockSkewMs: 40,
};

export const today: DaySummary = {
  day: '2026-11-21',
  paidFen: 128_640,
  paidCount: 37,
  byChannel: [
    { channel: 'alipay', paidFen: 60_000, paidCount: 17 },
    { channel: 'wechat', paidFen: 68_640, paidCount: 20 },
  ],
};

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
    ...change,
  };
}

export const paid = (channel: Trade['channel'], change: Partial<Trade> = {}) =>
  trade(channel, {
    state: 'paid',
    codeUrl: null,
    paidAt: at(-1),
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

const sold = (orderNo: string, amountFen: number, seconds: number, channel: Trade['channel']) =>
  order(orderNo, amountFen, seconds, charge('paid', [paid(channel, { paidAt: at(seconds + 9) })]));

/** Newest first. */
export const recent: Order[] = [
  sold('W4K7', 3_800, -70, 'wechat'),
  sold('W4K6', 990, -185, 'alipay'),
  order('W4K5', 6_600, -330, charge('closed', [closed('alipay'), closed('wechat')])),
  sold('W4K4', 12_800, -610, 'wechat'),
  sold('W4K3', 2_450, -900, 'wechat'),
  sold('W4K2', 118_000, -1_500, 'alipay'),
];

export const parked = order('W4K8', 2_000, -400, charge('checking', [unknown('wechat'), closed('alipay')]));
export const stillClosing = order(
  'W4K9',
  880,
  -260,
  charge('closing', [
    trade('alipay', { state: 'closing', codeUrl: null, payableUntil: at(124) }),
    closed('wechat'),
  ]),
);

export const toCollect: Order[] = [
  {
    ...order('CY-20261121-0931', 4_650, -300, null),
    source: 'integrator',
    note: '望京 SOHO T1，王女士，尾号 8831',
  },
  {
    ...order('CY-20261121-0930', 12_900, -840, null),
    source: 'integrator',
    note: '阜通东大街 6 号院 3 号楼',
  },
  { ...order('CY-20261121-0927', 880, -1_500, null), source: 'integrator', note: null, subject: '蔬菜 1 份' },
];

export const timeline: TimelineEntry[] = [
  entry(-9, 'state', 'created', { toState: 'created' }),
  entry(-8.9, 'exchange', 'open', {
    exchange: exchange(
      'code',
      75,
      '{"code":"10000","msg":"Success","qr_code":"https://qr.alipay.com/bax03431ljhokirwl38f00a7"}',
    ),
  }),
  entry(-8.9, 'state', 'code_obtained', { fromState: 'created', toState: 'awaiting_payment' }),
  entry(-6, 'exchange', 'look', {
    exchange: exchange(
      'evidence:WAIT_BUYER_PAY',
      41,
      '{"code":"10000","trade_status":"WAIT_BUYER_PAY","buyer_logon_id":"138****0000"}',
    ),
  }),
  entry(-6, 'state', 'paying_seen', { fromState: 'awaiting_payment', toState: 'paying' }),
  entry(-2, 'exchange', 'look', {
    exchange: exchange(
      'evidence:TRADE_SUCCESS',
      38,
      '{"code":"10000","trade_status":"TRADE_SUCCESS","total_amount":"12.50"}',
    ),
  }),
  entry(-2, 'state', 'paid_seen', { fromState: 'paying', toState: 'paid' }),
];

function entry(
  seconds: number,
  kind: TimelineEntry['kind'],
  what: string,
  change: Partial<TimelineEntry>,
): TimelineEntry {
  return { at: at(seconds), kind, fromState: null, toState: null, what, exchange: null, ...change };
}

function exchange(outcome: string, durationMs: number, answer: string): TimelineEntry['exchange'] {
  return { outcome, durationMs, httpStatus: 200, providerCode: '10000', requestId: null, answer };
}
