import type { Page } from 'playwright-core';
import type { FakeTill, Script } from './fake-till.ts';
import * as sample from './sample.ts';

export interface Scene {
  name: string;
  script: Script;
  /** The word in `data-screen` once the scene stands. */
  screen: string;
  act?(page: Page, till: FakeTill): Promise<void>;
}

const typed = async (page: Page, keys = '12.5') => {
  for (const key of keys) await page.keyboard.press(key);
};
const charged = async (page: Page) => {
  await typed(page);
  await page.keyboard.press('Enter');
};
const lost = (reason: 'network' | 'storage_full') => ({ ok: false, since: sample.at(-95), reason });

/** Every state of the cashier's window, each with the backend that leads to it. */
export const SCENES: Scene[] = [
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
      charge: sample.charge('paid', [sample.paid('alipay'), sample.paid('wechat', { surplus: true })]),
    },
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
  {
    name: 'lost-wallet',
    screen: 'entering',
    script: {
      status: {
        channels: [
          {
            channel: 'alipay',
            charging: { ok: false, since: sample.at(-95), reason: 'wallet_down' },
            lastAnswerAt: sample.at(-95),
          },
          { channel: 'wechat', charging: sample.status.charging, lastAnswerAt: sample.at(-2) },
        ],
      },
    },
    act: (page) => typed(page),
  },
  {
    name: 'lost-network',
    screen: 'idle',
    script: { status: { charging: lost('network'), seesPayments: lost('network') } },
  },
  {
    name: 'link-lost',
    screen: 'waiting',
    script: { charge: sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]) },
    act: async (page, till) => {
      await charged(page);
      await page.getByTestId('qr-alipay').waitFor();
      till.goDown();
      await page.locator('[data-link="down"]').waitFor();
    },
  },
  {
    name: 'not-let-in',
    screen: 'idle',
    script: { isLetIn: false },
    act: (page) => page.locator('[data-link="not_let_in"]').waitFor(),
  },
  {
    name: 'to-collect',
    screen: 'idle',
    script: { toCollect: sample.toCollect },
    act: async (page) => {
      await page.keyboard.press('F2');
      await page.locator('.list-row').first().waitFor();
    },
  },
  {
    name: 'history',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').first().waitFor();
    },
  },
  {
    name: 'timeline',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.timeline summary').nth(1).click();
      await page.locator('.trade header').scrollIntoViewIfNeeded();
    },
  },
];

export function scene(name: string): Scene {
  const found = SCENES.find((each) => each.name === name);
  if (!found) throw new Error(`There is no scene ${name}.`);
  return found;
}
