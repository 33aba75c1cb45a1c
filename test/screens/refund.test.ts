import { rmSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';
import { type FakeTill, startFakeTill } from './fake-till.ts';
import * as sample from './sample.ts';
import { scene } from './scenes.ts';
import { buildScreens, stageScene } from './stage.ts';

let browser: Browser;
let ui: string;
let till: FakeTill;
beforeAll(async () => {
  ui = await buildScreens();
  till = await startFakeTill(ui);
  browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
}, 60_000);
afterAll(async () => {
  await browser.close();
  await till.close();
  rmSync(ui, { recursive: true });
});

async function open(name: string) {
  const look = { locale: 'zh-CN', theme: 'light', width: 1_024, height: 600 } as const;
  const staged = await stageScene(browser, till, scene(name), look);
  onTestFinished(staged.close);
  return staged;
}

test('a scanned receipt opens its payment, and a finger gives a part of it back', {
  timeout: 60_000,
}, async () => {
  const { page, complaints } = await open('refund-scanned');
  const dialog = page.getByRole('dialog', { name: '退款' }).last();
  for (const key of ['1', '.', '2', '5', '⌫'])
    await dialog
      .getByRole('button', { name: key === '.' ? '小数点' : key === '⌫' ? '退格' : key, exact: true })
      .click();
  expect(await page.getByLabel('退多少（元）').inputValue()).toBe('1.2');
  await dialog.getByRole('button', { name: '顾客退货' }).click();
  await page.getByTestId('refund-confirm').click();
  await page.getByText('退 ¥1.20，原路退回微信。').waitFor();
  await page.getByTestId('refund-confirm').click();
  await expect
    .poll(() =>
      till.asked.filter(({ path }) => path.endsWith('/refunds')).map(({ path, body }) => [path, body]),
    )
    .toMatchObject([
      [`/trades/${sample.partlyBack.tradeNo}/refunds`, { amountFen: 120, reason: '顾客退货' }],
    ]);
  // The gun's keys are no amount of a sale.
  expect(await page.getByTestId('amount').textContent()).toContain('0.00');
  expect(complaints).toEqual([]);
});

test.each([
  ['refund-gone', '这笔已全部退回（¥12.50），没有可退的了。'],
  ['refund-elsewhere', '这笔是收银机 WWHW 收的，请到那台机器上退。'],
  ['refund-not-found', '本机没有“4200000000202611210000000001”这笔收款'],
  ['refund-several', '找到 2 笔可退的收款，请选一笔。'],
] as const)('a receipt that cannot be given back says why: %s', { timeout: 60_000 }, async (name, words) => {
  const { page } = await open(name);
  await page.getByText(words).waitFor();
  expect(await page.getByTestId('refund-confirm').count()).toBe(0);
});
