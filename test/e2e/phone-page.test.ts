import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { listen } from '../../ports/service.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { closeServer, createSandboxServer } from '../../sandbox/server.ts';
import { sharedIdentity, TestTill } from '../../sandbox/test-till.ts';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
}, 60_000);
afterAll(() => browser.close());

/** A sandbox behind a socket and a phone of the given language and size; whatever the page complains of is kept. */
async function phone(locale = 'zh-CN', viewport = { width: 390, height: 780 }) {
  const clock = systemClock();
  const options = { clock, log: silentLog(), random: systemRandom(), identity: await sharedIdentity() };
  const sandbox = await createSandbox({ ...options, publicOrigin: 'http://127.0.0.1' });
  const server = createSandboxServer(sandbox, options);
  const origin = await listen(server, { host: '127.0.0.1', port: 0 });
  const context = await browser.newContext({ locale, viewport });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(origin) && !request.url().startsWith('data:'))
      complaints.push(request.url());
  });
  onTestFinished(async () => {
    await context.close();
    await closeServer(server);
  });
  return { sandbox, page, origin, complaints, till: new TestTill(sandbox, () => clock.nowMs()) };
}

/** Whether anything is wider than the window. */
function isClipped(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

describe('the phone’s page', { timeout: 30_000 }, () => {
  test.for([
    ['zh-CN', '现在没有可以扫的码', '确认付款 ¥12.50', '支付成功', '完成'],
    ['en-US', 'Nothing to scan now', 'Pay ¥12.50', 'Paid', 'Done'],
  ] as const)(
    'lists a code by itself, scans it with a tap, pays and says so: %s',
    async ([locale, empty, pay, paid, done]) => {
      const { page, origin, till, sandbox, complaints } = await phone(locale);
      await page.goto(`${origin}/phone`);
      await page.getByText(empty).waitFor();
      await till.precreate('T_0001');
      await page.locator('.code').click();
      await page.getByRole('button', { name: pay }).click();
      await page.getByRole('heading', { name: paid, exact: true }).waitFor();
      expect(sandbox.ledger.find('alipay', 'T_0001')?.state).toBe('TRADE_SUCCESS');
      await page.getByRole('button', { name: done }).click();
      await page.getByText(empty).waitFor();
      expect(complaints).toEqual([]);
    },
  );

  test('opens one code directly, and says why it cannot be paid', async () => {
    const { page, origin, till, sandbox } = await phone('en-US');
    const code = await till.native('ORDER_0001');
    await page.goto(`${origin}/phone?code=${encodeURIComponent(code)}`);
    await page.getByRole('button', { name: 'Pay ¥12.50' }).waitFor();
    await till.wechatClose('ORDER_0001');
    await page.getByRole('button', { name: 'Pay ¥12.50' }).click();
    await page.getByText('The shop has closed this order.').waitFor();
    await page.getByRole('button', { name: 'Back' }).click();
    await page.getByText('Nothing to scan now').waitFor();
    expect(sandbox.ledger.find('wechat', 'ORDER_0001')?.state).toBe('CLOSED');
  });

  test('cancelling a scan pays nothing', async () => {
    const { page, origin, till, sandbox } = await phone();
    await till.precreate('T_0001');
    await page.goto(`${origin}/phone`);
    await page.locator('.code').click();
    await page.getByRole('button', { name: '取消' }).click();
    await page.locator('.code').waitFor();
    expect(sandbox.ledger.find('alipay', 'T_0001')?.state).toBe('WAIT_BUYER_PAY');
  });

  test('a subject is text, never markup', async () => {
    const { page, origin, till, complaints } = await phone();
    const description = '<img src="https://x.example.com/x" onerror="document.title=1">';
    const code = await till.native('ORDER_0001', { description });
    await page.goto(`${origin}/phone`);
    await page.locator('.code').getByText(description).waitFor();
    await page.goto(`${origin}/phone?code=${encodeURIComponent(code)}`);
    await page.locator('#sheet-subject').getByText(description).waitFor();
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test.for([
    { width: 390, height: 780 },
    { width: 300, height: 420 },
    { width: 1280, height: 800 },
  ])('shows the largest amount whole at %o', async (viewport) => {
    const { page, origin, till } = await phone('en-US', viewport);
    await till.precreate('T_0001', { total_amount: '100000000.00', subject: '咖'.repeat(256) });
    await page.goto(`${origin}/phone`);
    await page.locator('.code').waitFor();
    expect(await isClipped(page)).toBe(false);
    await page.locator('.code').click();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    expect(await isClipped(page)).toBe(false);
    for (const name of ['Pay ¥100000000.00', 'Cancel']) {
      const box = await page.getByRole('button', { name }).boundingBox();
      expect((box?.y ?? 0) + (box?.height ?? Number.POSITIVE_INFINITY)).toBeLessThanOrEqual(viewport.height);
    }
  });
});
