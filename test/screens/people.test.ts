import { rmSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';
import { httpTill } from '../fakes/http-till.ts';
import { NAMES, PINS } from '../fakes/staff.ts';
import { buildScreens } from './stage.ts';

let browser: Browser;
let ui: string;
beforeAll(async () => {
  ui = await buildScreens();
  browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
}, 60_000);
afterAll(async () => {
  await browser.close();
  rmSync(ui, { recursive: true });
});

test('an owner is set up, locks, unlocks, reloads without a PIN, leaves, and signs in again', async () => {
  const till = await httpTill({ uiDir: ui, clock: systemClock() as never });
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1_024, height: 600 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const typePin = async (pin: string) => {
    await page.locator('.pin-field').waitFor();
    await page.keyboard.type(pin);
    await page.keyboard.press('Enter');
  };
  const account = page.getByTestId('account');

  await page.goto(`http://127.0.0.1:${till.port}${till.backend.newLinkPath()}`);
  await page.locator('[data-link="up"]').waitFor();
  expect(await account.count()).toBe(0);
  await page.keyboard.press('F6');
  await page.getByTestId('manager-people').click();
  await page.getByLabel('Name').fill(NAMES.owner);
  await page.getByLabel('PIN').fill(PINS.owner);
  await page.getByTestId('send-person').click();
  await page.getByTestId('add-person').waitFor();
  await page.keyboard.press('Escape');
  await account.waitFor();

  await page.keyboard.type('12.5', { delay: 200 });
  await page.keyboard.press('F9');
  await page.getByTestId('unlock').waitFor();
  await typePin('000000');
  await page.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
  await typePin(PINS.owner);
  await account.waitFor();
  // It goes on where it was.
  await page.locator('[data-screen="entering"]').waitFor();

  await page.reload();
  await account.waitFor();
  expect(await account.textContent()).toBe(NAMES.owner);

  await account.click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in').waitFor();
  await page.reload();
  await page.getByTestId('sign-in').waitFor();
  await typePin(PINS.owner);
  await account.waitFor();
  await page.locator('[data-link="up"]').waitFor();
}, 120_000);
