import { describe, expect, onTestFinished, test } from 'vitest';
import type { Charge } from '../../contract/order.ts';
import type { Trade } from '../../contract/trade.ts';
import type { Script } from './fake-till.ts';
import { openScreens } from './open-screens.ts';
import * as sample from './sample.ts';
import { clipped, type Look, stageScene } from './stage.ts';

const { browser, till } = await openScreens();

const SMALL: Look = { locale: 'zh-CN', theme: 'light', width: 1_024, height: 600 };
const waiting = sample.charge('waiting', [sample.trade('alipay'), sample.trade('wechat')]);

/** A window on the idle screen of a till that plays this script. */
async function open(script: Script) {
  const staged = await stageScene(browser, till, { name: 'idle', screen: 'idle', script }, SMALL);
  onTestFinished(staged.close);
  const on = (screen: string) => staged.page.locator(`[data-screen="${screen}"]`).waitFor();
  return { ...staged, on };
}

/** The number under which the window asked for a charge. */
function chargedOrderNo(): string {
  const body = till.asked.find(({ path }) => path === '/charges')?.body;
  return typeof body === 'object' && body !== null && 'orderNo' in body ? String(body.orderNo) : '';
}

describe('the window', { timeout: 60_000 }, () => {
  test('follows the stream, and resumes after the last event once the line is back', async () => {
    const { page, on } = await open({ charge: waiting });
    await page.keyboard.type('12.5', { delay: 200 });
    await page.keyboard.press('Enter');
    await on('waiting');
    const orderNo = chargedOrderNo();
    const change = (charge: Charge, nth: number, toState: Trade['state'], what: string) => {
      const order = sample.order(orderNo, 1_250, -8, charge);
      const tradeNo = order.charge?.trades[nth]?.tradeNo;
      return {
        type: 'trade.changed',
        at: sample.NOW,
        tradeNo,
        fromState: 'awaiting_payment',
        toState,
        what,
        order,
      };
    };
    const [alipay, wechat] = [sample.trade('alipay'), sample.trade('wechat', { state: 'paying' })];
    till.tell(change(sample.charge('waiting', [alipay, wechat]), 1, 'paying', 'paying_seen'), 41);
    await page.getByText('顾客正在付款').first().waitFor();
    till.goDown();
    await page.locator('[data-link="down"]').waitFor();
    await on('waiting');
    till.comeBack();
    await page.locator('[data-link="up"]').waitFor();
    expect(till.resumedFrom.at(-1)).toBe('41');
    const paid = sample.charge('paid', [sample.trade('alipay', { state: 'closing' }), sample.paid('wechat')]);
    till.tell(change(paid, 1, 'paid', 'paid_seen'), 42);
    await on('paid');
    await page.keyboard.press('7');
    await on('entering');
    expect(await page.getByTestId('amount').textContent()).toContain('7');
  });

  test('asks once for two clicks and an Enter', async () => {
    const { page, on } = await open({ charge: waiting });
    await page.keyboard.press('8');
    await page.getByTestId('charge').dblclick();
    await page.keyboard.press('Enter');
    await on('waiting');
    expect(till.asked.filter(({ path }) => path === '/charges')).toHaveLength(1);
  });

  test('types and charges by touch alone', async () => {
    const { page, on } = await open({ charge: waiting });
    for (const key of ['1', '2', '5', '0'])
      await page.getByRole('button', { name: key, exact: true }).click();
    await page.getByRole('button', { name: '退格' }).click();
    await page.getByTestId('charge').click();
    await on('waiting');
    expect(till.asked.find(({ path }) => path === '/charges')?.body).toMatchObject({ amountFen: 12_500 });
  });

  test('keeps a parked sale in the tray and brings it back', async () => {
    const { page, on } = await open({ charge: waiting });
    await page.keyboard.press('8');
    await page.keyboard.press('Enter');
    await on('waiting');
    await page.keyboard.press('p');
    await on('idle');
    await page.getByTestId('tray').getByRole('button').click();
    await on('waiting');
  });

  test('shows the codes of an order that was sent ahead, by its own number', async () => {
    const { page, on } = await open({ toCollect: sample.toCollect, charge: waiting });
    await page.keyboard.press('F2');
    await page.getByRole('button', { name: 'CY-20261121-0930' }).click();
    await on('waiting');
    expect(till.asked.find(({ path }) => path === '/charges')?.body).toEqual({ orderNo: 'CY-20261121-0930' });
  });

  test('that is not let in says so, and goes on by itself once it is', async () => {
    till.play({ isLetIn: false });
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(till.origin);
    await page.locator('[data-link="not_let_in"]').waitFor();
    till.play({});
    await page.locator('[data-link="up"]').waitFor();
  });

  test('remembers its language and theme', async () => {
    const { page } = await open({});
    await page.getByRole('button', { name: 'English' }).click();
    await page.getByRole('button', { name: 'Dark' }).click();
    await page.reload();
    await page.getByRole('button', { name: '中文' }).waitFor();
    await page.getByRole('button', { name: 'Light' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
  });

  test('neither scrolls nor cuts anything off on the smallest screen', async () => {
    const { page, complaints } = await open({ live: [sample.parked, sample.stillClosing] });
    expect(await clipped(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('loads nothing from anywhere else', async () => {
    till.play({});
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const foreign: string[] = [];
    page.on('request', (request) => {
      if (!request.url().startsWith(till.origin) && !request.url().startsWith('data:'))
        foreign.push(request.url());
    });
    await page.goto(till.origin);
    await page.locator('[data-link="up"]').waitFor();
    expect(foreign).toEqual([]);
  });
});
