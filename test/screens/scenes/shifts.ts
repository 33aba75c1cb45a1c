import type { Page } from 'playwright-core';
import * as sample from '../sample.ts';
import type { Scene } from './scene.ts';

const shifts = async (page: Page) => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-shifts').click();
  await page.locator('.shift-now').waitFor();
};

/** A shift runs, is handed over, and is told on a slip. */
export const SHIFTS: Scene[] = [
  { name: 'shift', screen: 'idle', script: {}, act: shifts },
  { name: 'shift-none', screen: 'idle', script: { shifts: [] }, act: shifts },
  {
    name: 'shift-hand-over',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await shifts(page);
      await page.getByTestId('shift-hand-over').click();
      await page.locator('.shift-next').waitFor();
    },
  },
  {
    name: 'shift-hand-over-lack',
    screen: 'idle',
    script: { session: sample.signedIn },
    act: async (page) => {
      await shifts(page);
      await page.getByTestId('shift-hand-over').click();
      await page.getByTestId('shift-hand-over-confirm').click();
      await page.locator('.shift-lack').waitFor();
    },
  },
  {
    name: 'shift-slip',
    screen: 'idle',
    script: {},
    act: async (page) => {
      await shifts(page);
      await page.locator('.manager .list-row').first().click();
      await page.locator('.slip').waitFor();
    },
  },
];
