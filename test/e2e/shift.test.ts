import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Counter } from './counter.ts';
import { pdfTexts } from './pdf-text.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await Counter.open();
});
afterAll(async () => {
  await counter?.close();
});

test('a shift is handed over in one step, and its slip is a PDF with the ledger’s head on it', async () => {
  const { page } = counter;
  const shifts = async () => {
    const link = page.getByTestId('manager-shifts');
    await expect
      .poll(
        async () => {
          if (!(await link.isVisible())) await counter.keys('F6');
          return link.isVisible();
        },
        { timeout: 20_000, interval: 500 },
      )
      .toBe(true);
    await link.click();
  };
  await shifts();
  await page.getByTestId('shift-open').click();
  await page.getByTestId('shift-hand-over').waitFor();
  await counter.keys('Escape');
  await counter.shows('idle');
  await counter.charge('12.5');
  await counter.phone('pay', await counter.scanScreen('wechat'));
  await counter.shows('paid');
  await counter.keys('Escape');
  await counter.shows('idle');
  await shifts();
  await page.getByTestId('shift-hand-over').waitFor();
  // The other wallet's code is closed by now, or a reason is asked for.
  const reason = page.locator('.shift-close input');
  if ((await reason.count()) > 0) await reason.fill('the other code is still closing');
  await page.getByTestId('shift-hand-over').click();

  const slip = page.locator('.slip');
  await slip.waitFor();
  expect(await slip.textContent()).toContain('12.50');
  const head = ((await slip.locator('.slip-ledger code').textContent()) ?? '').replace(/\s/g, '');
  expect(head).toMatch(/^[0-9a-f]{64}$/);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('slip-pdf').click()]);
  expect(download.suggestedFilename()).toMatch(/^shift-\d+\.pdf$/);
  const pdf = readFileSync(await download.path());
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  expect(pdfTexts(pdf).some((text) => text.includes(head))).toBe(true);
  expect(pdfTexts(pdf).some((text) => text.includes('12.50'))).toBe(true);

  // The next shift runs already.
  await page.getByTestId('slip-back').click();
  await page.getByTestId('shift-hand-over').waitFor();
});
