import type { Bill, BillLine } from '../../../contract/bill.ts';
import { NOW } from './till.ts';

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
  progress: null,
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
  progress: { phase: 'reading', done: 12_400_000, of: 31_240_000 },
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
