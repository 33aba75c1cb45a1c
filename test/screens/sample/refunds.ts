import type { Refund } from '../../../contract/refund.ts';
import { at } from './till.ts';
import { paid } from './trade.ts';

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
    origin: 'here',
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

/** A payment of which the wallet has given back what this till did not ask for, or has forgotten. */
export const foundBack = paid('wechat', { refundedFen: 500, refundingFen: 0, refundableFen: 750 });

export const foundRefunds: Refund[] = [
  refund('M0MW2611211400000001Q7XK2P', {
    origin: 'lost',
    reason: '',
    sentAt: null,
    succeededAt: at(-880),
    endedAt: at(-60),
  }),
  refund('503030002611211394919362', {
    amountFen: 200,
    origin: 'elsewhere',
    reason: '',
    sentAt: null,
    succeededAt: at(-420),
    endedAt: at(-20),
  }),
];

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
