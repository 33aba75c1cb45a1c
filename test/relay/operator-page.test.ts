import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startTestRelay } from '../../relay/test-relay.ts';
import { ADMIN_TOKEN, connect, enrol, newKeys } from '../../relay/test-till.ts';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
}, 60_000);
afterAll(() => browser.close());

const REASON = 'not_genuine <img src=x onerror="document.title=\'taken\'">';

test('the operator sees the tills, and why letters died, by the keyboard alone', {
  timeout: 60_000,
}, async () => {
  const relay = await startTestRelay();
  onTestFinished(() => relay.stop());
  const keys = newKeys();
  for (const till of ['left', 'right']) await enrol(relay.origin, till, keys);
  const till = await connect(relay.origin, { till: 'left', keys });
  for (const id of [1, 2])
    await fetch(`${relay.origin}/notify/left/alipay`, { method: 'POST', body: `notify_id=${id}` });
  const { seq } = await till.until('delivery');
  till.send({ type: 'reject', seq, reason: REASON });
  await expect.poll(async () => (await relay.mailbox.backlog('left')).dead).toBe(1);

  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(`${relay.origin}/operator`);
  await page.keyboard.press('Tab');
  await page.keyboard.type(ADMIN_TOKEN);
  await page.keyboard.press('Enter');
  const row = page.locator('#tills tr').filter({ hasText: 'left' });
  await row.waitFor();
  expect(await row.locator('td').allTextContents()).toEqual(
    expect.arrayContaining(['left', 'connected', 'now', '1']),
  );
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.locator('#letters td').filter({ hasText: 'not_genuine' }).waitFor();
  // A till wrote it: it is shown as it is, and is never a part of the page.
  expect(await page.locator('#letters td').first().textContent()).toBe(REASON);
  expect(await page.title()).toBe('Mianfu relay');
  expect(complaints).toEqual([]);
  till.drop();
});
