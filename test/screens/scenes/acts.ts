import type { Page } from 'playwright-core';

/** An amount, key by key. */
export const typed = async (page: Page, keys = '12.5') => {
  for (const key of keys) await page.keyboard.press(key);
};
/** An amount, and Enter. */
export const charged = async (page: Page) => {
  await typed(page);
  await page.keyboard.press('Enter');
};
/** The list of what waits for a person, or the nth of it. */
export const attended = async (page: Page, nth?: number) => {
  await page.keyboard.press('F8');
  await page.locator('.list-row').first().waitFor();
  if (nth !== undefined) await page.locator('.list-row').nth(nth).click();
};
