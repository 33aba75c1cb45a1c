import * as sample from '../sample.ts';
import { charged, typed } from './acts.ts';
import type { Scene } from './scene.ts';

/** The cashier charges: every state of one payment. */
export const CHARGING: Scene[] = [
  { name: 'idle', screen: 'idle', script: {} },
  {
    name: 'first',
    screen: 'idle',
    script: { recent: [], today: { ...sample.today, paidFen: 0, paidCount: 0 } },
  },
  {
    name: 'entering',
    screen: 'entering',
    script: { live: [sample.parked, sample.stillClosing] },
    act: (page) => typed(page),
  },
  { name: 'long-amount', screen: 'entering', script: {}, act: (page) => typed(page, '99999999.99') },
  {
    name: 'zero',
    screen: 'entering',
    script: {},
    act: async (page) => {
      await typed(page, '0.00');
      await page.keyboard.press('Enter');
    },
  },
  { name: 'creating', screen: 'creating', script: { charge: 'hang' }, act: charged },
  {
    name: 'waiting',
    screen: 'waiting',
    script: {
      charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat', { state: 'paying' })]),
    },
    act: charged,
  },
  {
    name: 'waiting-one',
    screen: 'waiting',
    script: {
      live: [sample.parked],
      charge: sample.charge('waiting', [
        sample.failed('alipay', 'amount_exceeds_limit'),
        sample.trade('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'waiting-focus',
    screen: 'waiting',
    script: { charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]) },
    act: async (page) => {
      await charged(page);
      await page.getByTestId('qr-alipay').waitFor();
      await page.keyboard.press('2');
    },
  },
  {
    name: 'checking',
    screen: 'checking',
    script: { charge: sample.charge('checking', [sample.unknown('alipay'), sample.unknown('wechat')]) },
    act: charged,
  },
  {
    name: 'closing',
    screen: 'closing',
    script: {
      charge: sample.charge('closing', [
        sample.trade('alipay', { state: 'closing', codeUrl: null, payableUntil: sample.at(120) }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'not-paid',
    screen: 'not_paid',
    script: {
      charge: sample.charge('closed', [
        sample.closed('alipay', { closedAt: sample.at(-2) }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'paid',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [
        sample.trade('alipay', { state: 'closing', codeUrl: null }),
        sample.paid('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'paid-late',
    screen: 'paid',
    script: {
      live: [sample.parked],
      charge: sample.charge('paid', [sample.paid('alipay', { late: true }), sample.closed('wechat')]),
    },
    act: charged,
  },
  {
    name: 'paid-twice',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [sample.paid('alipay'), sample.surplus]),
      parked: sample.attention,
    },
    act: charged,
  },
  {
    name: 'paid-late-back',
    screen: 'paid',
    script: {
      charge: sample.charge('paid', [
        sample.paid('alipay', { late: true, refundDue: 'automatic' }),
        sample.closed('wechat'),
      ]),
    },
    act: charged,
  },
  {
    name: 'set-aside',
    screen: 'set_aside',
    script: { charge: sample.charge('set_aside', [sample.endedByHand, sample.closed('wechat')]) },
    act: charged,
  },
  {
    name: 'refused',
    screen: 'refused',
    script: {
      charge: sample.charge('failed', [
        sample.failed('alipay', 'amount_exceeds_limit'),
        sample.failed('wechat', 'merchant_rejected'),
      ]),
    },
    act: charged,
  },
  { name: 'refused-till', screen: 'refused', script: { charge: 'storage_full' }, act: charged },
];
