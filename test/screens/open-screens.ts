import { rmSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { afterAll } from 'vitest';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';
import { type FakeTill, startFakeTill } from './fake-till.ts';
import { buildScreens } from './stage.ts';

/** A browser, and the built screens (in the folder `ui`) over a backend that plays scenes: for all tests of a file. */
export async function openScreens(): Promise<{ browser: Browser; till: FakeTill; ui: string }> {
  const ui = await buildScreens();
  const till = await startFakeTill(ui);
  const browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
  afterAll(async () => {
    await browser.close();
    await till.close();
    rmSync(ui, { recursive: true });
  });
  return { browser, till, ui };
}
