import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';
import { startFakeTill } from './fake-till.ts';
import { SCENES } from './scenes.ts';
import { buildScreens, clipped, hasChineseFont, type Look, stageScene } from './stage.ts';

/** Pictures of these scenes are kept in the repository: Chinese and light, and what the rest is judged by. */
const KEPT = [
  'idle',
  'entering',
  'creating',
  'waiting',
  'checking',
  'closing',
  'not-paid',
  'paid',
  'paid-late',
  'paid-late-back',
  'paid-twice',
  'set-aside',
  'refused',
  'lost-wallet',
  'lost-network',
  'relay-away',
  'offline',
  'draining',
  'drained',
  'clock-fast',
  'link-lost',
  'to-collect',
  'history',
  'timeline',
  'timeline-ended',
  'timeline-surplus',
  'refunds',
  'refunds-found',
  'refund',
  'refund-find',
  'refund-gone',
  'refund-several',
  'refund-not-found',
  'give-back-approval',
  'checking-stopped',
  'attention-badge',
  'attention',
  'attention-entry',
  'attention-refund',
  'attention-refund-unnamed',
  'by-hand',
  'manager',
  'reports',
  'reports-month',
  'reports-empty',
  'history-filters',
  'shift',
  'shift-hand-over',
  'shift-slip',
  'bills',
  'bill-running',
  'bill-fetching',
  'bill-asking',
  'bill-decide',
  'bill-many',
  'bill-result',
  'sign-in',
  'sign-in-pin',
  'signed-in',
  'locked',
  'locked-waiting',
  'people',
  'people-add',
  'people-change',
  'people-set-up',
  'policy',
  'approval',
  'approval-touch',
  'manager-trade',
  'push',
  'push-through',
  'push-broken',
  'push-enrol',
];
const KEPT_DARK = [
  'reports',
  'history-filters',
  'refund',
  'refunds',
  'sign-in',
  'locked-waiting',
  'people',
  'idle',
  'waiting',
  'paid',
  'draining-waiting',
  'attention-badge',
  'by-hand',
  'push-through',
];
const KEPT_EN = [
  'reports',
  'history-filters',
  'refund',
  'refunds-found',
  'sign-in',
  'signed-in',
  'locked',
  'people',
  'people-change',
  'policy',
  'approval',
  'idle',
  'waiting',
  'paid',
  'paid-twice',
  'checking',
  'not-paid',
  'refused',
  'offline',
  'draining',
  'clock-fast',
  'to-collect',
  'timeline',
  'attention',
  'attention-entry',
  'attention-refund',
  'by-hand',
  'bill-result',
  'bill-decide',
  'shift-hand-over',
  'shift-slip',
  'push-broken',
  'push-enrol',
  'push-again',
];

const LOOKS: Look[] = [
  { width: 1_024, height: 600 },
  { width: 1_920, height: 1_080 },
].flatMap((size) =>
  (['zh-CN', 'en-US'] as const).flatMap((locale) =>
    (['light', 'dark'] as const).map((theme) => ({ locale, theme, ...size })),
  ),
);
/** Not walked for every scene: tall, tiny (200 % zoom of the smallest), and huge. */
const ODD_LOOKS: Look[] = [
  { locale: 'zh-CN', theme: 'light', width: 768, height: 1_280 },
  { locale: 'en-US', theme: 'light', width: 512, height: 300 },
  { locale: 'zh-CN', theme: 'dark', width: 3_840, height: 2_160 },
];
const ODD_SCENES = ['idle', 'waiting', 'paid', 'closing', 'attention-badge', 'attention-entry', 'by-hand'];

const only = process.argv.slice(2);
const kept = fileURLToPath(new URL('../../docs/screens/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mianfu-shots-'));
mkdirSync(kept, { recursive: true });

const ui = await buildScreens();
const till = await startFakeTill(ui);
const browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
let troubles = 0;
try {
  if (!(await hasChineseFont(browser)))
    throw new Error('There is no font for Chinese: install fonts-noto-cjk.');
  for (const scene of SCENES) {
    if (only.length > 0 && !only.includes(scene.name)) continue;
    const looks = ODD_SCENES.includes(scene.name) ? [...LOOKS, ...ODD_LOOKS] : LOOKS;
    for (const look of looks) {
      const { page, complaints, close } = await stageScene(browser, till, scene, look);
      await page.waitForTimeout(150);
      const lang = look.locale.slice(0, 2);
      const name = `${scene.name}-${lang}-${look.theme}-${look.width}`;
      const picture = await page.screenshot();
      writeFileSync(join(folder, `${name}.png`), picture);
      const target = keptName(scene.name, look);
      if (target) writeFileSync(join(kept, target), picture);
      const wrong = look.height < 600 ? complaints : [...complaints, ...(await clipped(page))];
      for (const each of wrong) console.log(`${name}: ${each}`);
      troubles += wrong.length;
      await close();
    }
  }
} finally {
  await browser.close();
  await till.close();
  rmSync(ui, { recursive: true });
}
console.log(`Pictures: ${folder}. Troubles: ${troubles}.`);
process.exitCode = troubles === 0 ? 0 : 1;

function keptName(scene: string, look: Look): string | null {
  if (look.width !== 1_024) return null;
  if (look.locale === 'en-US')
    return look.theme === 'light' && KEPT_EN.includes(scene) ? `${scene}-en.png` : null;
  if (look.theme === 'dark') return KEPT_DARK.includes(scene) ? `${scene}-zh-dark.png` : null;
  return KEPT.includes(scene) ? `${scene}-zh.png` : null;
}
