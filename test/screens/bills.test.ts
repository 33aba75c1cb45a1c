import { describe, expect, onTestFinished, test } from 'vitest';
import { openScreens } from './open-screens.ts';
import * as sample from './sample.ts';
import { scene } from './scenes.ts';
import { type Look, stageScene } from './stage.ts';

const { browser, till } = await openScreens();

const SMALL: Look = { locale: 'en-US', theme: 'light', width: 1_024, height: 600 };

async function open(name: string) {
  const { page, close, complaints } = await stageScene(browser, till, scene(name), SMALL);
  onTestFinished(close);
  return { page, complaints };
}
const asked = (path: string) => till.asked.filter((each) => each.path === path).map(({ body }) => body);

describe('the page of the wallets’ bills', { timeout: 60_000 }, () => {
  test('shows a bar where the whole is known, and words alone where it is not; either can be stopped', async () => {
    const reading = await open('bill-running');
    const bar = reading.page.getByTestId('bill-progress').locator('progress');
    expect([await bar.getAttribute('value'), await bar.getAttribute('max')]).toEqual([
      '12400000',
      '31240000',
    ]);
    await reading.page.getByTestId('bill-stop').click();
    await expect.poll(() => asked('/bills/9/stop').length).toBe(1);
    const fetching = await open('bill-fetching');
    await fetching.page.getByText('Asking the wallet for the bill').waitFor();
    expect(await fetching.page.locator('.bill-progress progress').count()).toBe(0);
    expect([...reading.complaints, ...fetching.complaints]).toEqual([]);
  });

  test('ends all differences that are alike with one reason and one PIN, by the keyboard alone', async () => {
    const { page } = await open('bill-decide');
    await page.locator('.bill-decide input').first().focus();
    await page.keyboard.type('Of the web shop');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('407183');
    await page.keyboard.press('Enter');
    await expect.poll(() => asked('/bills/10/resolve').length).toBe(1);
    const alike = sample.manyLines.filter((each) => each.class === 'missing_here').map(({ line }) => line);
    expect(alike.length).toBeGreaterThan(30);
    expect(asked('/bills/10/resolve')).toEqual([
      { lines: alike, reason: 'Of the web shop', approval: { operator: '老板', pin: '407183' } },
    ]);
  });

  test('says beside the difference why it was not taken, and keeps what was typed', async () => {
    const { page } = await open('bill-decide');
    const reason = page.locator('.bill-decide input').first();
    await reason.fill('Of the web shop');
    await page.getByTestId('bill-decided').click();
    await page.locator('.bill-decide [role="alert"]').filter({ hasText: 'has to approve' }).waitFor();
    expect(await reason.inputValue()).toBe('Of the web shop');
    expect(asked('/bills/10/resolve')).toEqual([]);
  });
});
