import type { Bill, BillLine } from '../../contract/bill.ts';
import type { Charge, Order } from '../../contract/order.ts';
import type { OutboxEntry } from '../../contract/outbox.ts';
import { type Person, RIGHTS, type SignedIn } from '../../contract/people.ts';
import type { Refund } from '../../contract/refund.ts';
import type { RelayStatus, RelayTest } from '../../contract/relay.ts';
import type { Shift } from '../../contract/shift.ts';
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
  timeZone: 'Asia/Shanghai',
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
  push: well,
  storage: well,
  backup: { ...well, lastGoodAt: at(-1_500), sameDisk: false, journalLagMs: 0 },
  channels: [
    { channel: 'alipay', charging: well, lastAnswerAt: at(-3) },
    { channel: 'wechat', charging: well, lastAnswerAt: at(-2) },
  ],
  outbox: { unanswered: 0, oldestAt: null, nextAt: null, parked: 0, refundsDue: 0, refunding: 0 },
  clockSkewMs: 40,
};

export const relay: RelayStatus = {
  push: well,
  url: 'https://relay.example.com',
  till: 'T7K2',
  enrolledAt: at(-86_400),
  notifyUrl: 'https://relay.example.com/notify/T7K2/{channel}',
  lastDeliveryAt: at(-65),
  rejected: 0,
};
/** A till that was never enrolled anywhere. */
export const notEnrolled: Partial<RelayStatus> = {
  url: null,
  enrolledAt: null,
  notifyUrl: null,
  lastDeliveryAt: null,
};
export const relayTest: RelayTest = { ok: true, failedHop: null, httpStatus: 204, tookMs: 38 };

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
    note: '望京 SOHO T1，尾号 8831',
  },
  {
    ...order('CY-20261121-0930', 12_900, -840, null),
    source: 'integrator',
    note: '阜通东大街 6 号院 3 号楼',
  },
  { ...order('CY-20261121-0927', 880, -1_500, null), source: 'integrator', note: null, subject: '蔬菜 1 份' },
];

/** The outbox of a till that was offline: `left` questions are still without an answer. */
export const offline = (left: number): TillStatus['outbox'] => ({
  unanswered: left,
  oldestAt: left === 0 ? null : at(-320),
  nextAt: left === 0 ? null : at(8),
  parked: 0,
  refundsDue: 0,
  refunding: 0,
});

/** A surplus payment's trade and what waits for a person about it. */
export const surplus = paid('wechat', { surplus: true, refundDue: 'manager' });

/** A trade that a person ended, as its history tells it. */
export const endedByHand = trade('alipay', {
  state: 'closing',
  codeUrl: null,
  setAside: { at: at(-60), reason: '支付宝商家平台显示：交易不存在，顾客已付现金' },
});

/** One order with all that can be odd about its trades. */
export const odd: Order = order(
  'W4K1',
  1_250,
  -40,
  charge('paid', [paid('alipay', { late: true }), surplus, endedByHand]),
);

/** Oldest first, one of each kind of trouble. */
export const attention: OutboxEntry[] = [
  waitsForPerson(7, 'give_back', 'refund_surplus', {
    tradeNo: surplus.tradeNo,
    amountFen: 1_250,
    createdAt: at(-5_400),
    attempts: 0,
    lastOutcome: null,
    lastAttemptAt: null,
  }),
  waitsForPerson(12, 'query', 'not_understood', {
    channel: 'alipay',
    amountFen: 6_600,
    createdAt: at(-1_900),
    attempts: 40,
    lastOutcome: 'unknown:not_genuine',
  }),
  waitsForPerson(15, 'query', 'incident', {
    amountFen: 12_800,
    createdAt: at(-1_200),
    attempts: 10,
    lastOutcome: 'mismatch:merchantId',
  }),
  waitsForPerson(16, 'tell', 'refused_by_receiver', {
    orderNo: 'CY-20261121-0927',
    tradeNo: null,
    channel: null,
    amountFen: null,
    createdAt: at(-600),
    attempts: 25,
    lastOutcome: 'refused',
  }),
];

/** The trade in the tray that nobody asks about any more. */
export const stuck = waitsForPerson(21, 'open', 'not_understood', {
  orderNo: 'W4K8',
  tradeNo: parked.charge?.trades[0]?.tradeNo ?? null,
  amountFen: 2_000,
});

function waitsForPerson(
  entryId: number,
  kind: OutboxEntry['kind'],
  why: OutboxEntry['why'],
  change: Partial<OutboxEntry>,
): OutboxEntry {
  return {
    entryId,
    kind,
    why,
    state: 'parked',
    canRetry: kind !== 'give_back',
    orderNo: `A20261121-88${String(entryId).padStart(2, '0')}`,
    tradeNo: `M0MW261121140100${String(entryId).padStart(4, '0')}R4T${String(entryId).padStart(2, '0')}V`,
    refundNo: null,
    channel: 'wechat',
    amountFen: 1_250,
    subject: till.shopName,
    createdAt: at(-900),
    dueAt: null,
    attempts: 4,
    lastOutcome: null,
    lastAttemptAt: at(-40),
    setAside: null,
    ...change,
  };
}

export const endedTimeline: TimelineEntry[] = [
  entry(-300, 'state', 'created', { toState: 'created' }),
  entry(-180, 'state', 'deadline_passed', { fromState: 'awaiting_payment', toState: 'closing' }),
  entry(-62, 'exchange', 'close', {
    exchange: exchange('unknown:not_genuine', 64, '{"code":"10000","msg":"Success"}'),
  }),
  entry(-60, 'decision', 'set_aside', { reason: endedByHand.setAside?.reason ?? null }),
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
  const rest = { fromState: null, toState: null, refund: null, reason: null, exchange: null };
  return { at: at(seconds), kind, what, ...rest, ...change };
}

function exchange(outcome: string, durationMs: number, answer: string): TimelineEntry['exchange'] {
  return { outcome, durationMs, httpStatus: 200, providerCode: '10000', requestId: null, answer };
}

const BILL: Bill = {
  billId: 4,
  channel: 'wechat',
  day: '2026-11-20',
  kind: 'trade',
  source: 'wallet',
  fileName: null,
  state: 'done',
  fault: null,
  lines: 486,
  counts: [
    { class: 'matched', count: 431 },
    { class: 'other_till', count: 51 },
    { class: 'missing_here', count: 2 },
    { class: 'missing_there', count: 1 },
    { class: 'amount_differs', count: 1 },
    { class: 'refund_differs', count: 1 },
  ],
  open: 4,
  paidFen: 1_843_250,
  refundedFen: 5_600,
  feeMilliFen: 7_004_000,
  tradeBill: null,
  begunAt: NOW,
  endedAt: NOW,
};
const ALIPAY_BILL: Bill = {
  ...BILL,
  billId: 3,
  channel: 'alipay',
  lines: 512,
  open: 0,
  counts: [
    { class: 'matched', count: 460 },
    { class: 'other_till', count: 52 },
  ],
};
const YOUNG_BILL: Bill = { ...BILL, billId: 2, state: 'failed', fault: 'not_ready', day: '2026-11-21' };

/** A long one, while it is read. */
export const runningBill: Bill = {
  ...BILL,
  billId: 9,
  state: 'running',
  counts: [],
  open: 0,
  lines: 128_000,
  endedAt: null,
};
/** The account's movements of a day, whose fees are not those of its trade bill. */
export const movementsBill: Bill = {
  ...BILL,
  billId: 11,
  kind: 'fund_flow',
  lines: 974,
  open: 0,
  counts: [
    { class: 'matched', count: 435 },
    { class: 'fee', count: 486 },
    { class: 'other_till', count: 51 },
    { class: 'withdrawal', count: 2 },
  ],
  tradeBill: { paidFen: 1_843_250, refundedFen: 5_600, feeMilliFen: 7_020_000 },
};
/** One of a day on which something is wrong as a whole. */
export const manyBill: Bill = {
  ...BILL,
  billId: 10,
  lines: 200_000,
  open: 240,
  counts: [
    { class: 'matched', count: 199_760 },
    { class: 'missing_here', count: 160 },
    { class: 'missing_there', count: 80 },
  ],
};

/** What a shop sees in the morning: one bill with differences, one that agrees, one that is not there yet. */
export const bills: Bill[] = [BILL, ALIPAY_BILL, { ...YOUNG_BILL, open: 0, counts: [] }];

const LINE: BillLine = {
  line: 17,
  kind: 'payment',
  class: 'missing_here',
  why: 'unknown_number',
  tradeNo: 'T0MW261120141809000AX7KQ2M',
  providerTradeNo: '4200002611202026112000000001',
  refundNo: null,
  amountFen: 2_600,
  hereFen: null,
  feeMilliFen: 10_000,
  at: '2026-11-20T14:18:40.000+08:00',
  status: 'SUCCESS',
  said: null,
  resolution: null,
  reason: null,
};

export const billLines: BillLine[] = [
  LINE,
  {
    ...LINE,
    line: 52,
    tradeNo: 'T0MW261120152201000BM2R8TE',
    why: 'not_paid_here',
    said: 'not_paid',
    amountFen: 1_250,
  },
  {
    ...LINE,
    line: 140,
    class: 'amount_differs',
    why: null,
    tradeNo: 'T0MW261120173344000CQ9W1ZD',
    amountFen: 3_800,
    hereFen: 3_080,
    said: 'contradicts',
  },
  {
    ...LINE,
    line: 487,
    class: 'missing_there',
    why: null,
    tradeNo: 'T0MW261120211510000DK4H6YB',
    amountFen: null,
    hereFen: 6_600,
    said: 'paid',
  },
];

/** The first page of many. */
export const manyLines: BillLine[] = Array.from({ length: 50 }, (_, index) => ({
  ...LINE,
  line: 100 + index * 7,
  tradeNo: `T0MW2611201522${String(index).padStart(2, '0')}000BM2R8TE`,
  class: index % 3 === 2 ? 'missing_there' : 'missing_here',
  why: index % 3 === 2 ? null : 'not_paid_here',
  said: 'not_paid',
  amountFen: index % 3 === 2 ? null : 1_250 + index,
  hereFen: index % 3 === 2 ? 1_250 + index : null,
}));

/** A payment of which a part is back, a part on its way and a part still with the shop. */
export const allBack = paid('wechat', { refundedFen: 1_250, refundingFen: 0, refundableFen: 0 });
export const partlyBack = paid('wechat', { refundedFen: 300, refundingFen: 450, refundableFen: 500 });

function refund(refundNo: string, change: Partial<Refund>): Refund {
  return {
    refundNo,
    tradeNo: partlyBack.tradeNo,
    orderNo: partlyBack.orderNo,
    channel: 'wechat',
    amountFen: 300,
    reason: '顾客退货',
    why: 'asked',
    state: 'succeeded',
    providerRefundNo: '50300002611211394919362',
    requestedAt: at(-900),
    sentAt: at(-900),
    succeededAt: null,
    endedAt: null,
    canWithdraw: false,
    unknownSince: null,
    nextAskAt: null,
    attempts: 0,
    held: null,
    refusal: null,
    incident: null,
    setAside: null,
    ...change,
  };
}

/** Its refunds, one of each kind of progress. */
export const refunds: Refund[] = [
  refund('M0MW2611211400000001Q7XK2P', { succeededAt: at(-880), endedAt: at(-880) }),
  refund('M0MW2611211420000001R4T8NV', { amountFen: 250, state: 'processing', nextAskAt: at(40) }),
  refund('M0MW2611211431000001B3H5JW', {
    amountFen: 200,
    state: 'queued',
    canWithdraw: true,
    sentAt: null,
    reason: '少做漏送',
    nextAskAt: at(12),
  }),
];

const CLOSED_SHIFT: Shift = {
  shiftId: 41,
  openedAt: '2026-11-21T06:58:12.000+08:00',
  openedBy: '早班收银',
  closedAt: '2026-11-21T14:02:33.000+08:00',
  closedBy: '早班收银',
  totals: {
    paidFen: 486_250,
    paidCount: 173,
    refundedFen: 5_600,
    refundedCount: 2,
    byChannel: [
      { channel: 'alipay', paidFen: 201_400, paidCount: 74, refundedFen: 1_800, refundedCount: 1 },
      { channel: 'wechat', paidFen: 284_850, paidCount: 99, refundedFen: 3_800, refundedCount: 1 },
    ],
  },
  unfinished: 1,
  reason: '断网，明早再查',
  ledgerHead: { seq: 20_418, hash: '9f2c41d07be8a3650c1d94e7f5a2b8c36e01d7495af8c2b30d6e917f4a5b8c21' },
};

/** The one that runs, with an outcome that is not known, and the one before. */
export const shifts: Shift[] = [
  {
    ...CLOSED_SHIFT,
    shiftId: 42,
    openedAt: '2026-11-21T14:02:40.000+08:00',
    openedBy: '晚班收银',
    closedAt: null,
    closedBy: null,
    totals: {
      paidFen: 61_800,
      paidCount: 19,
      refundedFen: 0,
      refundedCount: 0,
      byChannel: [
        { channel: 'alipay', paidFen: 22_300, paidCount: 7, refundedFen: 0, refundedCount: 0 },
        { channel: 'wechat', paidFen: 39_500, paidCount: 12, refundedFen: 0, refundedCount: 0 },
      ],
    },
    reason: null,
    ledgerHead: null,
  },
  CLOSED_SHIFT,
];

/** A till without people: whoever has the window may do everything. */
export const nobody: SignedIn = {
  hasPeople: false,
  person: null,
  isLocked: false,
  rights: [...RIGHTS],
  lockAfterMinutes: 5,
};

const person = (personId: string, name: string, role: Person['role']): Person => ({
  personId,
  name,
  role,
  createdAt: at(-86_400),
  disabledAt: null,
  lockedUntil: null,
});

export const people: Person[] = [
  person('p1', '老板', 'owner'),
  person('p2', '店长', 'manager'),
  person('p3', '早班收银', 'cashier'),
  { ...person('p4', '午班收银', 'cashier'), lockedUntil: at(240) },
  { ...person('p5', '晚班收银', 'cashier'), disabledAt: at(-3_600) },
];

export const signedIn: SignedIn = {
  ...nobody,
  hasPeople: true,
  person: { personId: 'p1', name: '老板', role: 'owner' },
};
