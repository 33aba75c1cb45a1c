import type { Browser } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createStore } from '../../backend/store/store.ts';
import { systemClock } from '../../ports/clock.ts';
import { httpTill } from '../fakes/http-till.ts';
import { NAMES, PINS, staffed } from '../fakes/staff.ts';
import { openScreens } from './open-screens.ts';

const { browser, ui } = await openScreens();

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

  // Left alone, and its own timer did not run: at the first touch the window learns that it is locked.
  till.db.exec('UPDATE sign_ins SET seen_at_ms = 0');
  await page.keyboard.press('7');
  await page.getByTestId('unlock').waitFor();
  await typePin(PINS.owner);

  await account.click();
  await page.getByTestId('sign-out').click();
  await page.getByTestId('sign-in').waitFor();
  await page.reload();
  await page.getByTestId('sign-in').waitFor();
  await typePin(PINS.owner);
  await account.waitFor();
  await page.locator('[data-link="up"]').waitFor();
}, 120_000);

/** A browser at a till with an owner, a manager and a cashier. */
async function atStaffedTill(options: Parameters<Browser['newContext']>[0] = {}) {
  const till = await httpTill({ uiDir: ui, clock: systemClock() as never });
  const staff = await staffed(till.backend);
  const context = await browser.newContext({
    locale: 'en-US',
    viewport: { width: 1_024, height: 600 },
    ...options,
  });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${till.port}${till.backend.newLinkPath()}`);
  return { till, staff, page, events: createStore(till.db).events };
}

test('the owner gives somebody another role, a new PIN and leave, each with its reason in the ledger; the last owner stays', async () => {
  const { page, events } = await atStaffedTill();
  await page.locator('.people-tile', { hasText: NAMES.owner }).click();
  await page.keyboard.type(PINS.owner);
  await page.keyboard.press('Enter');
  await page.getByTestId('account').waitFor();
  await page.keyboard.press('F6');
  await page.getByTestId('manager-people').click();
  const open = (name: string) =>
    page.locator('.people-row', { hasText: name }).getByTestId('change-person').click();
  const send = page.getByTestId('send-person');
  const said = (text: string) => page.getByRole('status').filter({ hasText: text }).waitFor();

  await open(NAMES.cashier);
  await page.getByTestId('role-manager').click();
  await page.getByLabel('Name').fill('领班');
  await send.click();
  await page.getByRole('alert').filter({ hasText: 'reason' }).waitFor();
  await page.getByRole('button', { name: 'Another job' }).click();
  await send.click();
  await said('Changed: 领班, Manager.');

  await open('领班');
  await page.getByTestId('person-pin').click();
  await page.getByLabel('PIN', { exact: true }).fill('640281');
  await page.getByRole('button', { name: 'PIN forgotten' }).click();
  await send.click();
  await said('领班 has a new PIN.');

  await open('领班');
  await page.getByTestId('person-leave').click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Moved to another town');
  await send.click();
  await said('领班 is disabled.');

  await open(NAMES.owner);
  await page.getByTestId('person-leave').click();
  await page.getByRole('button', { name: 'Left the shop' }).click();
  await send.click();
  await page.getByRole('alert').filter({ hasText: 'last owner' }).waitFor();
  await page.getByTestId('person-change').click();
  await page.getByTestId('role-cashier').click();
  await page.getByRole('button', { name: 'Another job' }).click();
  await send.click();
  await page.getByRole('alert').filter({ hasText: 'last owner' }).waitFor();

  const told = events.after(0, 100).filter(({ by }) => by?.reason);
  expect(told.map(({ type, by }) => [type, by?.reason])).toEqual([
    ['person.changed', 'Another job'],
    ['person.pin_reset', 'PIN forgotten'],
    ['person.disabled', 'Moved to another town'],
  ]);
}, 120_000);

test('with fingers alone somebody signs in, and a second person approves', async () => {
  const { page, events } = await atStaffedTill({ hasTouch: true });
  const press = async (digits: string) => {
    for (const digit of digits)
      await page.locator('.pin-keys').getByRole('button', { name: digit, exact: true }).tap();
  };
  await page.locator('.people-tile', { hasText: NAMES.manager }).tap();
  await press(PINS.manager);
  await page.getByTestId('pin-go').tap();
  await page.getByTestId('manager').tap();
  await page.getByTestId('manager-policy').tap();
  await page.getByRole('button', { name: 'To be safer' }).tap();
  await page.locator('.approval input[type="password"]').tap();
  await press(`${PINS.manager}9`);
  await page.getByTestId('approval').getByRole('button', { name: 'Erase' }).tap();
  await page.getByTestId('save-policy').tap();
  await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();
  expect(events.after(0, 100).at(-1)).toMatchObject({
    type: 'setting.changed',
    by: { reason: 'To be safer' },
  });
}, 120_000);
