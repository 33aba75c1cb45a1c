import type { Order } from '../../../contract/order.ts';
import type { Trade } from '../../../contract/trade.ts';
import { at } from './till.ts';
import { charge, closed, order, paid, trade, unknown } from './trade.ts';

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
