import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Script } from './fake-till.ts';
import { openScreens } from './open-screens.ts';
import * as sample from './sample.ts';
import { scene } from './scenes.ts';
import { type Look, stageScene } from './stage.ts';

const { browser, till } = await openScreens();

const SMALL: Look = { locale: 'zh-CN', theme: 'light', width: 1_024, height: 600 };
const REASON = '支付宝商家平台上查到已关闭';

async function open(script: Script) {
  const staged = await stageScene(browser, till, { name: 'idle', screen: 'idle', script }, SMALL);
  onTestFinished(staged.close);
  return staged;
}

/** What the keyboard stands on, by its words. */
const focused = (page: Page) => page.evaluate('document.activeElement.textContent') as Promise<string>;

/** Waits until the keyboard stands on something with these words. */
const onFocus = (page: Page, words: string) => page.locator(':focus').filter({ hasText: words }).waitFor();

/** Tabs forward to the button with these words. */
async function tabTo(page: Page, words: string): Promise<void> {
  for (let step = 0; step < 12; step += 1) {
    if ((await focused(page)).includes(words)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`The keyboard does not reach “${words}”.`);
}

/** What a person decided. */
const byHand = () => till.asked.filter(({ path }) => /^\/outbox\/|\/(give-back|keep)$/.test(path));

describe('what waits for a person', { timeout: 60_000 }, () => {
  test('is counted, opened, tried again and ended by the keyboard alone', async () => {
    const { page, complaints } = await open({ parked: sample.attention });
    const badge = page.getByTestId('attention');
    expect(await badge.getAttribute('aria-label')).toBe('待处理 4');
    await page.keyboard.press('F8');
    await onFocus(page, '付了两次');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await onFocus(page, '看不懂支付宝的应答');

    await tabTo(page, '再试一次');
    await page.keyboard.press('Enter');
    await page.getByText('收款台正在再试。').waitFor();
    await onFocus(page, '付了两次');
    expect(byHand().map(({ path }) => path)).toEqual(['/outbox/12/retry']);
    expect(await badge.getAttribute('aria-label')).toBe('待处理 3');

    await page.keyboard.press('Enter');
    await onFocus(page, '付了两次');
    await tabTo(page, '不退，收下');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: '收下这笔付款' }).waitFor();
    await page.keyboard.type('抵下');
    await tabTo(page, '确定收下');
    await page.keyboard.press('Enter');
    await page.getByText('请至少写 3 个字').waitFor();
    expect(byHand()).toHaveLength(1);
    // The complaint brings the keyboard back to the field.
    await page.keyboard.type('一单');
    await tabTo(page, '确定收下');
    await page.keyboard.press('Enter');
    await page.getByText('已收下，记录已保存。').waitFor();
    expect(byHand()[1]).toMatchObject({
      path: `/trades/${sample.surplus.tradeNo}/keep`,
      body: { reason: '抵下一单' },
    });
    expect(await badge.getAttribute('aria-label')).toBe('待处理 2');
    expect(complaints).toEqual([]);
  });

  test('stays as it was when the till refuses, says why, and Esc leaves the dialog alone', async () => {
    const { page } = await open({ parked: sample.attention, byHand: 'storage_full' });
    await page.keyboard.press('F8');
    await onFocus(page, '付了两次');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tabTo(page, '人工处理');
    await page.keyboard.press('Enter');
    await page.getByRole('textbox').fill(REASON);
    await tabTo(page, '确认');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: '磁盘已满' }).waitFor();
    expect(await page.getByRole('textbox').inputValue()).toBe(REASON);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: '人工处理' }).waitFor({ state: 'detached' });
    await onFocus(page, '人工处理');
    expect(await page.getByTestId('attention').getAttribute('aria-label')).toBe('待处理 4');

    till.answerByHand(undefined);
    await page.keyboard.press('Enter');
    await page.getByRole('textbox').fill(REASON);
    await tabTo(page, '确认');
    await page.keyboard.press('Enter');
    await page.getByText('已由人了结').waitFor();
  });

  test('keeps the keyboard inside the dialog', async () => {
    const { page } = await open({ parked: sample.attention });
    await page.keyboard.press('F8');
    await onFocus(page, '付了两次');
    await page.keyboard.press('Enter');
    await tabTo(page, '不退，收下');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: '收下这笔付款' }).waitFor();
    for (let step = 0; step < 8; step += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(`document.activeElement.closest('.dialog') !== null`)).toBe(true);
    }
  });

  test('a payment made twice is given back at a touch, and is never the machine’s to try', async () => {
    const { page } = await open({ parked: sample.attention });
    await page.getByTestId('attention').click();
    await page.getByRole('button', { name: '付了两次' }).click();
    await page.getByTestId('by-hand').waitFor();
    expect(await page.getByTestId('try-again').count()).toBe(0);
    await page.getByRole('button', { name: '退回 ¥12.50' }).click();
    await page.getByText('正在退回').waitFor();
    expect(byHand().map(({ path }) => path)).toEqual([`/trades/${sample.surplus.tradeNo}/give-back`]);
  });

  test('leads from the payment’s history to what is to be done about it, and back', async () => {
    const opened = { trade: sample.surplus, timeline: sample.timeline };
    const { page } = await open({ parked: sample.attention, opened });
    await page.keyboard.press('F3');
    await page.locator('.list-row').nth(1).click();
    await page.getByRole('button', { name: '去处理' }).click();
    await page.getByTestId('by-hand').waitFor();
    await page.getByRole('button', { name: '看经过' }).click();
    await page.getByRole('heading', { name: '经过' }).waitFor();
  });
});

test('a payment is given back by the keyboard alone: amount, reason, once more, one number', {
  timeout: 60_000,
}, async () => {
  const opened = { trade: sample.partlyBack, timeline: sample.timeline };
  const { page, complaints } = await open({ opened, refunds: sample.refunds });
  await page.keyboard.press('F3');
  await page.locator('.list-row').nth(1).click();
  await page.getByTestId('refund').click();
  await page.getByRole('dialog', { name: '退款' }).waitFor();
  await page.keyboard.type('9.99');
  await page.keyboard.press('Enter');
  await page.getByText('请填 ¥0.01 到 ¥5.00 的金额。').waitFor();
  await page.getByLabel('退多少（元）').fill('1.20');
  await tabTo(page, '顾客退货');
  await page.keyboard.press('Enter');
  await tabTo(page, '下一步');
  await page.keyboard.press('Enter');
  await page.getByText('退 ¥1.20，原路退回微信。').waitFor();
  // Esc leaves the dialog, and not the list behind it.
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: '退款' }).waitFor({ state: 'detached' });
  await page.getByTestId('refund').waitFor();
  expect(till.asked.filter(({ path }) => path.endsWith('/refunds'))).toEqual([]);
  expect(complaints).toEqual([]);
});

test('a PIN and Enter give a payment back, where a second person is asked for', async () => {
  const { page, close, complaints } = await stageScene(browser, till, scene('give-back-approval'), SMALL);
  onTestFinished(close);
  till.answerByHand(undefined);
  await page.locator('.approval input[type="password"]').focus();
  await page.keyboard.type('739154');
  await page.keyboard.press('Enter');
  await page.getByRole('status').filter({ hasText: '正在退回' }).waitFor();
  const [last] = till.asked.filter(({ path }) => path.endsWith('/give-back')).slice(-1);
  expect(last?.body).toMatchObject({ approval: { operator: '老板', pin: '739154' } });
  expect(complaints).toEqual([]);
}, 60_000);
