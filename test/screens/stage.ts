import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import type { FakeTill } from './fake-till.ts';
import { NOW } from './sample.ts';
import type { Scene } from './scenes/scene.ts';

export interface Look {
  locale: 'zh-CN' | 'en-US';
  theme: 'light' | 'dark';
  width: number;
  height: number;
}

/** Builds the screens into a folder of their own, whatever `dist/` holds. */
export async function buildScreens(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'mianfu-screens-'));
  const configFile = fileURLToPath(new URL('../../renderer/vite.config.ts', import.meta.url));
  // A test runner's own NODE_ENV would bring React's development build.
  const { NODE_ENV } = process.env;
  process.env.NODE_ENV = 'production';
  await build({ configFile, logLevel: 'warn', build: { outDir } });
  process.env.NODE_ENV = NODE_ENV ?? 'production';
  return outDir;
}

/** A window with this look in which the scene stands; what the page complains of is kept. */
export async function stageScene(browser: Browser, till: FakeTill, scene: Scene, look: Look) {
  till.play(scene.script);
  const context = await browser.newContext({
    locale: look.locale,
    colorScheme: look.theme,
    viewport: { width: look.width, height: look.height },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // What is not let in, refused or gone is so by the script.
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  await page.clock.setFixedTime(new Date(NOW));
  await page.goto(till.origin);
  const link = scene.script.isLetIn === false ? 'not_let_in' : scene.script.isSignedOut ? 'signed_out' : 'up';
  await page.locator(`[data-link="${link}"]`).waitFor();
  await scene.act?.(page, till);
  await page.locator(`[data-screen="${scene.screen}"]`).waitFor();
  return { page, complaints, close: () => context.close() };
}

/** What does not fit: names of elements whose content is cut off, or that make the window scroll. */
export function clipped(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const found = [];
    const root = document.documentElement;
    if (root.scrollWidth > root.clientWidth || root.scrollHeight > root.clientHeight) found.push('the window scrolls');
    for (const each of document.querySelectorAll('.frame, .frame *')) {
      if (each.closest('svg, .unseen, .last, .log ol, .tray ul')) continue;
      const box = each.getBoundingClientRect();
      if (box.width === 0) continue;
      if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1 || box.top < -1)
        found.push(each.className + ' leaves the window');
      const style = getComputedStyle(each);
      if (style.overflow !== 'visible' && (each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1))
        found.push(each.className + ' is cut off');
    }
    return [...new Set(found)];
  })()`);
}

/** Whether there is a font for Chinese: without one, different characters are drawn as the same empty box. */
export async function hasChineseFont(browser: Browser): Promise<boolean> {
  const page = await browser.newPage();
  const drawn: string[] = [];
  for (const character of ['店', '长']) {
    await page.setContent(`<p style="font: 40px sans-serif; margin: 0; width: 50px">${character}</p>`);
    drawn.push((await page.locator('p').screenshot()).toString('base64'));
  }
  await page.close();
  return drawn[0] !== drawn[1];
}
