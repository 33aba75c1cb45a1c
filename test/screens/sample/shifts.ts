import type { Shift } from '../../../contract/shift.ts';

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
