import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { httpTill } from '../fakes/http-till.ts';
import { API_KEY } from '../fakes/till.ts';
import { openScreens } from './open-screens.ts';

const KEY = { authorization: `Bearer ${API_KEY}` };

const { browser, ui } = await openScreens();

type Sold = { tradeNo: string; orderNo: string; providerTradeNo: string };

/** A till with a window, at which two things were sold, one with each wallet. */
async function soldTwo() {
  const till = await httpTill({ uiDir: ui, clock: systemClock() as never, endOfTurn: systemEndOfTurn });
  const sell = async (orderNo: string, amountFen: number, wallet: typeof till.alipay): Promise<Sold> => {
    const { body } = await till.api('POST', '/charges', KEY, { orderNo, amountFen, subject: '拿铁' });
    const { trades } = body as unknown as { trades: { tradeNo: string; channel: string }[] };
    const tradeNo = trades.find(({ channel }) => channel === wallet.channel)?.tradeNo ?? '';
    wallet.status.set(tradeNo, 'paid');
    const read = async () =>
      ((await till.api('GET', `/trades/${tradeNo}`, KEY)).body as { trade: Sold & { state: string } }).trade;
    await expect.poll(async () => (await read()).state, { timeout: 20_000 }).toBe('paid');
    return read();
  };
  const latte = await sell('LATTE-0001', 1_250, till.alipay);
  const tea = await sell('TEA-0002', 800, till.wechat);
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1_024, height: 600 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`http://127.0.0.1:${till.port}${till.backend.newLinkPath()}`);
  await page.locator('[data-link="up"]').waitFor();
  await page.keyboard.press('F6');
  await page.locator('.manager .list-row').first().waitFor();
  return { page, latte, tea, complaints };
}

const GUN_GAP_S = 0.005;

/** As a barcode gun does: a key every few milliseconds, and Enter; a machine that is busy brings them late. */
async function scan(page: Page, text: string): Promise<void> {
  const keys = [...text, 'Enter'];
  const session = await page.context().newCDPSession(page);
  const firstS = Date.now() / 1_000 - keys.length * GUN_GAP_S;
  for (const [place, key] of keys.entries()) {
    const timestamp = firstS + place * GUN_GAP_S;
    const code = key === 'Enter' ? { text: '\r', windowsVirtualKeyCode: 13 } : { text: key };
    await session.send('Input.dispatchKeyEvent', { type: 'keyDown', key, timestamp, ...code });
    await session.send('Input.dispatchKeyEvent', { type: 'keyUp', key, timestamp });
  }
  await session.detach();
}

test('the day’s takings are told in figures, bars, a table and a file; the arrow keys walk along the bars', async () => {
  const { page, complaints } = await soldTwo();
  await page.getByTestId('manager-reports').click();
  await page.locator('.report-amount').filter({ hasText: '20.50' }).waitFor();
  const facts = await page.locator('.report-facts').textContent();
  expect(facts).toContain('¥ 10.25');
  const shares = await page.locator('.shares').allTextContents();
  expect(shares[0]).toContain('¥ 12.50');
  expect(shares[0]).toContain('39 %');
  expect(shares[1]).toContain('api-key');

  // For whoever reads tables, they are there unasked.
  const table = page.getByRole('table', { name: 'By hour' });
  const rows = await table.getByRole('row').allTextContents();
  expect(rows.filter((row) => row.includes('20.50'))).toHaveLength(1);

  await page.getByRole('group', { name: /By hour/ }).focus();
  const said = page.locator('.bars-said');
  const hour = Number(
    new Intl.DateTimeFormat('en-GB', { hour: '2-digit', timeZone: 'Asia/Shanghai' }).format(new Date()),
  );
  await page.keyboard.press('Home');
  const first = Number((await said.textContent())?.slice(0, 2));
  for (let at = first; at < hour; at++) await page.keyboard.press('ArrowRight');
  expect(await said.textContent()).toContain('¥ 20.50');

  const download = page.waitForEvent('download');
  await page.getByTestId('report-csv').click();
  const file = await download;
  expect(file.suggestedFilename()).toMatch(/^takings-\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d\.csv$/);
  const text = await readFile((await file.path()) ?? '', 'utf8');
  expect(text.startsWith('\uFEFFtable,item,takenYuan')).toBe(true);
  expect(text).toMatch(/\r\ntotal,\d{4}-\d\d-\d\d,20\.50,2,0\.00,0\r\n/);

  await page.getByTestId('report-own').click();
  await page.getByTestId('report-from').fill('2026-01-05');
  await page.getByTestId('report-to').fill('2026-01-04');
  await page.locator('.list-note').waitFor();
  expect(await page.getByTestId('report-from').inputValue()).toBe('2026-01-04');
  expect(await page.locator('.report-amount').textContent()).toContain('0.00');
  expect(complaints).toEqual([]);
}, 90_000);

test('a scanned receipt opens its payment, whichever of its numbers it holds and wherever the focus is', async () => {
  const { page, latte, tea, complaints } = await soldTwo();
  const opened = page.locator('.trade');
  const back = async () => {
    await page.getByRole('button', { name: 'All trades' }).click();
    await page.locator('.manager .list-row').first().waitFor();
  };
  for (const number of [latte.tradeNo, latte.providerTradeNo]) {
    await scan(page, number);
    await opened.filter({ hasText: latte.tradeNo }).waitFor();
    await back();
  }
  // Two charges of an order: the receipt is of the one that was paid. The gun types into a field of the filter.
  await page.getByTestId('filter').click();
  await page.getByTestId('filter-amountFrom').focus();
  await scan(page, latte.orderNo);
  await opened.filter({ hasText: latte.tradeNo }).waitFor();
  await back();
  expect(await page.getByTestId('filter-amountFrom').count()).toBe(0);

  // By hand: the end of a number and Enter, found from anywhere by Ctrl+F.
  await page.getByTestId('filter').focus();
  await page.keyboard.press('Control+f');
  await page.keyboard.press('Control+a');
  await page.keyboard.type(tea.tradeNo.slice(-6), { delay: 60 });
  await page.keyboard.press('Enter');
  await opened.filter({ hasText: tea.tradeNo }).waitFor();
  await back();
  expect(complaints).toEqual([]);
}, 90_000);

test('the history is narrowed by amount, wallet, state, time and cashier at once', async () => {
  const { page } = await soldTwo();
  const rows = page.locator('.manager .list-row');
  const shown = async (count: number) => {
    await expect.poll(() => rows.count()).toBe(count);
  };
  await shown(4);
  await page.getByRole('searchbox').fill('12.5');
  await shown(2);
  await page.getByTestId('filter').click();
  await page.getByTestId('filter-state').selectOption('paid');
  await shown(1);
  await page.getByRole('searchbox').fill('');
  await shown(2);
  await page.getByTestId('filter-channel').selectOption('wechat');
  await shown(1);
  await page.getByTestId('filter-cashier').selectOption('integrator:api-key');
  await page.getByTestId('filter-amountTo').fill('8');
  await shown(1);
  await page.getByTestId('filter-amountTo').fill('7.99');
  await shown(0);
  await page.getByRole('button', { name: 'Clear' }).click();
  await shown(4);
  await page.getByTestId('filter-to').fill('2026-01-01T00:00');
  await shown(0);
}, 90_000);
