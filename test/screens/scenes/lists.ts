import * as sample from '../sample.ts';
import type { Scene } from './scene.ts';

/** Orders, trades and their histories, as cashier and manager find them. */
export const LISTS: Scene[] = [
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
    name: 'history-odd',
    screen: 'idle',
    script: {
      recent: [sample.odd, ...sample.recent],
      parked: sample.attention,
    },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').first().waitFor();
    },
  },
  {
    name: 'history-filters',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').first().waitFor();
      await page.getByTestId('filter').click();
      await page.getByTestId('filter-from').fill('2026-11-21T14:00');
      await page.getByTestId('filter-channel').selectOption('wechat');
      await page.getByTestId('filter-cashier').selectOption({ index: 2 });
      await page.getByTestId('filter-amountFrom').fill('12.5');
      await page.locator('.manager .mark-alipay').first().waitFor({ state: 'detached' });
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
  {
    name: 'timeline-ended',
    screen: 'idle',
    script: { opened: { trade: sample.endedByHand, timeline: sample.endedTimeline } },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.timeline').waitFor();
    },
  },
  {
    name: 'timeline-surplus',
    screen: 'idle',
    script: {
      opened: { trade: sample.surplus, timeline: sample.timeline },
      parked: sample.attention,
    },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.trade-notice').waitFor();
    },
  },
  {
    name: 'manager',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').first().waitFor();
    },
  },
  {
    name: 'manager-trade',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F6');
      await page.locator('.manager .list-row').nth(1).click();
      await page.getByTestId('incident-file').waitFor();
    },
  },
];
