import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { Script } from './fake-till.ts';
import { openScreens } from './open-screens.ts';
import { type Look, stageScene } from './stage.ts';

const { browser, till } = await openScreens();

async function opened(script: Script, look: Partial<Look> = {}) {
  const small: Look = { locale: 'zh-CN', theme: 'light', width: 1_024, height: 600, ...look };
  const staged = await stageScene(browser, till, { name: 'idle', screen: 'idle', script }, small);
  onTestFinished(staged.close);
  const { page } = staged;
  await page.keyboard.press('F6');
  await page.locator('.manager .list-row').nth(1).click();
  await page.getByTestId('incident-file').waitFor();
  return staged;
}

test.each([
  ['incident-file', 'html', 'zh-CN', 'html zh'],
  ['incident-file', 'html', 'en-US', 'html en'],
  ['incident-file-json', 'json', 'en-US', 'json en'],
] as const)(
  '%s keeps the order’s incident file as %s (%s)',
  { timeout: 60_000 },
  async (button, format, locale, text) => {
    const { page, complaints } = await opened({}, { locale });
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId(button).click()]);
    expect(download.suggestedFilename()).toBe(`incident.${format}`);
    expect(readFileSync(await download.path(), 'utf8')).toBe(text);
    expect(complaints).toEqual([]);
  },
);

test('an incident file that does not come is said so', { timeout: 60_000 }, async () => {
  const { page } = await opened({ incidentFile: 'order_not_found' });
  await page.getByTestId('incident-file').click();
  await page.locator('.incident-file p', { hasText: '没有这个单号的订单' }).waitFor();
});
