import { expect, onTestFinished, test } from 'vitest';
import { openScreens } from './open-screens.ts';
import { SCENES } from './scenes.ts';
import { stageScene } from './stage.ts';

const { browser, till } = await openScreens();

test('a shift’s slip prints alone, dark on white, on one page, with the ledger’s head', async () => {
  const scene = SCENES.find(({ name }) => name === 'shift-slip');
  if (!scene) throw new Error('No such scene.');
  const look = { locale: 'zh-CN', theme: 'dark', width: 1_024, height: 600 } as const;
  const { page, close } = await stageScene(browser, till, scene, look);
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
