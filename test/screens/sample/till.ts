import type { RelayStatus, RelayTest } from '../../../contract/relay.ts';
import type { DaySummary, Till, TillStatus } from '../../../contract/till.ts';

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

/** The outbox of a till that was offline: `left` questions are still without an answer. */
export const offline = (left: number): TillStatus['outbox'] => ({
  unanswered: left,
  oldestAt: left === 0 ? null : at(-320),
  nextAt: left === 0 ? null : at(8),
  parked: 0,
  refundsDue: 0,
  refunding: 0,
});
