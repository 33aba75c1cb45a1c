import type { Page } from 'playwright-core';
import * as takings from '../sample-report.ts';
import type { Scene } from './scene.ts';

const reports = async (page: Page, period = 'today') => {
  await page.keyboard.press('F6');
  await page.getByTestId('manager-reports').click();
  await page.getByTestId(`report-${period}`).click();
  await page.locator('.report-amount').waitFor();
};

/** Takings. */
export const REPORTS: Scene[] = [
  { name: 'reports', screen: 'idle', script: {}, act: (page) => reports(page) },
  {
    name: 'reports-month',
    screen: 'idle',
    script: { report: takings.month },
    act: (page) => reports(page, 'month'),
  },
  {
    name: 'reports-own',
    screen: 'idle',
    script: { report: takings.big },
    act: async (page) => {
      await reports(page, 'own');
      await page.locator('.bars-plot').first().focus();
      await page.keyboard.press('End');
      await page.keyboard.press('ArrowLeft');
    },
  },
  {
    name: 'reports-shares',
    screen: 'idle',
    script: { report: takings.month },
    act: async (page) => {
      await reports(page, 'month');
      await page.locator('.shares').last().scrollIntoViewIfNeeded();
    },
  },
  { name: 'reports-empty', screen: 'idle', script: { report: takings.none }, act: (page) => reports(page) },
];
