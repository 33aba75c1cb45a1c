import type { Page } from 'playwright-core';
import * as sample from '../sample.ts';
import type { Scene } from './scene.ts';

/** A barcode gun's keys: faster than any hand, however busy the machine is. */
const scanned = (page: Page, text: string) =>
  page.evaluate(
    `for (const key of [...${JSON.stringify(text)}, 'Enter'])
      window.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))`,
  );
/** A receipt's number is typed, and what it leads to is said. */
const sought = async (page: Page, text: string) => {
  await page.keyboard.press('F4');
  await page.locator('.receipt input').fill(text);
  await page.keyboard.press('Enter');
  await page.locator('[data-testid^="receipt-"][role="status"]').waitFor();
};

/** Money back: found by receipt, asked for, on its way. */
export const REFUNDS: Scene[] = [
  {
    name: 'refunds',
    screen: 'idle',
    script: { opened: { trade: sample.partlyBack, timeline: sample.timeline }, refunds: sample.refunds },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.refund').nth(2).waitFor();
    },
  },
  {
    name: 'refunds-found',
    screen: 'idle',
    script: {
      opened: { trade: sample.foundBack, timeline: sample.foundTimeline },
      refunds: sample.foundRefunds,
    },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.locator('.refund').nth(1).waitFor();
    },
  },
  {
    name: 'refund',
    screen: 'idle',
    script: { opened: { trade: sample.partlyBack, timeline: sample.timeline }, refunds: sample.refunds },
    act: async (page) => {
      await page.keyboard.press('F3');
      await page.locator('.list-row').nth(1).click();
      await page.getByTestId('refund').click();
      await page.getByTestId('refund-confirm').waitFor();
    },
  },
  {
    name: 'refund-find',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await page.keyboard.press('F4');
      await page.getByTestId('receipt-find').waitFor();
    },
  },
  {
    name: 'refund-scanned',
    screen: 'idle',
    script: {
      found: [sample.partlyBack],
      opened: { trade: sample.partlyBack, timeline: sample.timeline },
      refunds: sample.refunds,
    },
    act: async (page) => {
      await scanned(page, sample.partlyBack.providerTradeNo ?? '');
      await page.getByTestId('refund-confirm').waitFor();
    },
  },
  {
    name: 'refund-gone',
    screen: 'idle',
    script: {
      found: [sample.allBack],
      opened: { trade: sample.allBack, timeline: sample.timeline },
      refunds: sample.refunds.slice(0, 1).map((refund) => ({ ...refund, amountFen: 1_250 })),
    },
    act: async (page) => {
      await sought(page, sample.allBack.orderNo);
      await page.locator('.timeline').waitFor();
    },
  },
  {
    name: 'refund-several',
    screen: 'idle',
    script: { found: [sample.partlyBack, sample.surplus] },
    act: (page) => sought(page, '12.50'),
  },
  {
    name: 'refund-elsewhere',
    screen: 'idle',
    script: { found: [] },
    act: (page) => sought(page, 'WWHW2611211433390003WJ2425'),
  },
  {
    name: 'refund-not-found',
    screen: 'idle',
    script: { found: [] },
    act: (page) => sought(page, '4200000000202611210000000001'),
  },
];
