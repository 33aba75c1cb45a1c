import { expect, onTestFinished, test } from 'vitest';
import { openScreens } from './open-screens.ts';
import * as sample from './sample.ts';
import { scene } from './scenes.ts';
import { stageScene } from './stage.ts';

const { browser, till } = await openScreens();

test('a shift’s slip prints alone, dark on white, on one page, with the ledger’s head', async () => {
  const look = { locale: 'zh-CN', theme: 'dark', width: 1_024, height: 600 } as const;
  const { page, close } = await stageScene(browser, till, scene('shift-slip'), look);
  onTestFinished(close);
  const pdf = (await page.pdf({ format: 'A5' })).toString('latin1');
  expect(pdf.startsWith('%PDF-')).toBe(true);
  expect(pdf.match(/\/Type \/Page\b/g)).toHaveLength(1);
  await page.emulateMedia({ media: 'print' });
  const styleOf = (selector: string, property: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`);
  expect(await styleOf('.slip-ledger code', 'visibility')).toBe('visible');
  expect(await page.locator('.slip-ledger code').textContent()).toMatch(/^([0-9a-f]{16} ?){4}$/);
  expect(await styleOf('.manager-rail', 'visibility')).toBe('hidden');
  expect(await styleOf('[data-testid="slip-print"]', 'visibility')).toBe('hidden');
  expect(await styleOf('.slip', 'backgroundColor')).toBe('rgb(255, 255, 255)');
});

test('a hand-over without a name and a PIN says what is missing, and offers everybody but whose shift it is', async () => {
  const look = { locale: 'en-US', theme: 'light', width: 1_024, height: 600 } as const;
  const [running, ...closed] = sample.shifts;
  if (!running) throw new Error('No shift runs.');
  const lack = scene('shift-hand-over-lack');
  const script = { ...lack.script, shifts: [{ ...running, openedBy: '早班收银' }, ...closed] };
  const { page, close } = await stageScene(browser, till, { ...lack, script }, look);
  onTestFinished(close);
  expect(await page.locator('.shift-lack').textContent()).toContain('PIN');
  expect(till.asked.filter(({ path }) => path === '/shifts/hand-over')).toEqual([]);
  const offered = await page.locator('.shift-next option').allTextContents();
  expect(offered).toEqual(['', '老板', '店长', '午班收银']);
});

test('asking to hand over is not yet handing over: nothing is sent or missed before the name', async () => {
  const look = { locale: 'en-US', theme: 'light', width: 1_024, height: 600 } as const;
  const { page, close } = await stageScene(browser, till, scene('shift-hand-over'), look);
  onTestFinished(close);
  expect(await page.locator('.shift-lack').count()).toBe(0);
  expect(await page.getByTestId('shift-hand-over-confirm').count()).toBe(1);
});

test('a hand-over whose PIN is refused says until when, asks for the PIN anew, and is sent once at a time', async () => {
  const look = { locale: 'en-US', theme: 'light', width: 1_024, height: 600 } as const;
  const { page, close } = await stageScene(browser, till, scene('shift-hand-over'), look);
  onTestFinished(close);
  const answer = Promise.withResolvers<void>();
  let asked = 0;
  await page.route('**/shifts/hand-over', async (route) => {
    asked += 1;
    await answer.promise;
    const until = '2026-11-21T14:40:00.000+08:00';
    const body = JSON.stringify({ type: 'x', title: 'x', status: 429, code: 'sign_in_locked', until });
    await route.fulfill({ status: 429, contentType: 'application/problem+json', body });
  });
  await page.locator('.shift-next select').selectOption({ index: 1 });
  const pin = page.locator('.shift-next input');
  await pin.fill('0001');
  await page.getByTestId('shift-hand-over-confirm').dblclick();
  answer.resolve();
  const notice = page.locator('.manager-page .trade-notice[role="alert"]');
  await notice.waitFor();
  expect(await notice.textContent()).toContain('14:40');
  expect(await pin.inputValue()).toBe('');
  expect(asked).toBe(1);
});
