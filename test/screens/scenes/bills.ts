import type { Page } from 'playwright-core';
import * as sample from '../sample.ts';
import type { Scene } from './scene.ts';

const bills = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-bills').click();
  await page.getByTestId('bill-fetch').waitFor();
  await page.locator('.bill-item, .list-state').first().waitFor();
};

/** The wallets’ bills. */
export const BILLS: Scene[] = [
  { name: 'bills', screen: 'idle', script: {}, act: bills },
  { name: 'bills-first', screen: 'idle', script: { bills: [] }, act: bills },
  {
    name: 'bill-result',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line').first().waitFor();
    },
  },
  {
    name: 'bill-running',
    screen: 'idle',
    script: { bills: [sample.runningBill, ...sample.bills] },
    act: bills,
  },
  {
    name: 'bill-fetching',
    screen: 'idle',
    script: {
      bills: [
        { ...sample.runningBill, lines: 0, progress: { phase: 'fetching', done: 0, of: null } },
        ...sample.bills,
      ],
    },
    act: bills,
  },
  {
    name: 'bill-asking',
    screen: 'idle',
    script: {
      bills: [{ ...sample.manyBill, state: 'asking', progress: { phase: 'asking', done: 37, of: 200 } }],
    },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line').first().waitFor();
    },
  },
  {
    name: 'bill-decide',
    screen: 'idle',
    script: { bills: [sample.manyBill], session: sample.signedIn },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line .action').first().click();
      await page.getByTestId('bill-alike').click();
      await page.getByTestId('bill-decided').click();
      await page.locator('.bill-decide [role="alert"]').waitFor();
    },
  },
  {
    name: 'bill-movements',
    screen: 'idle',
    script: { bills: [sample.movementsBill] },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-against').waitFor();
    },
  },
  {
    name: 'bill-many',
    screen: 'idle',
    script: { bills: [sample.manyBill] },
    act: async (page) => {
      await bills(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.bill-line').nth(40).waitFor();
      // By keyboard, from the first line to its decision and on.
      await page.locator('.bill-line .action').first().focus();
      await page.keyboard.press('Enter');
      await page.locator('.bill-decide').waitFor();
    },
  },
];
