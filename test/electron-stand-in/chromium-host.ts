import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';
import { CHROMIUM_ARGS, chromiumExecutable } from '../chromium.ts';
import { report } from './report.ts';

let process_: ChildProcess | null = null;
let browser: Browser | null = null;

/** Starts the one Chromium behind all windows, with its profile in the app's data folder. */
export async function startChromium(userData: string): Promise<void> {
  const child = spawn(
    await chromiumExecutable(),
    [
      ...CHROMIUM_ARGS,
      '--remote-debugging-port=0',
      // Electron's ports tell a page when their other end is gone; Chromium has that switched off.
      '--enable-blink-features=MessagePortCloseEvent',
      `--user-data-dir=${join(userData, 'chromium')}`,
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  process_ = child;
  const endpoint = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('Chromium ended before it could be driven.')));
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /^DevTools listening on (ws:\/\/\S+)$/.exec(line)?.[1];
      if (found) resolve(found);
    });
  });
  browser = await chromium.connectOverCDP(endpoint);
  report({ type: 'devtools', endpoint });
}

/** The context of the default session, or a fresh one for an in-memory partition. */
export async function contextOf(partition: string | null): Promise<BrowserContext> {
  const context = partition === null ? browser?.contexts()[0] : await browser?.newContext();
  if (!context) throw new Error('Chromium is not running.');
  return context;
}

export async function stopChromium(): Promise<void> {
  const child = process_;
  if (!child || child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const session = await browser?.newBrowserCDPSession();
  await session?.send('Browser.close').catch(() => child.kill('SIGKILL'));
  await exited;
}
