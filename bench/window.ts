import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { CHROMIUM_ARGS, chromiumExecutable } from '../test/chromium.ts';
import { percentile, table } from './report.ts';

const STARTS = 10;
const KEYS = 60;
const CHARGES = 20;
/** From the last key to both codes on the screen, less the wallets' own time: what a cashier takes for at once. */
const CODES_LIMIT_MS = 300;

/**
 * The window over the real backend and sandbox: start to interactive and key press to paint beside a page that holds
 * nothing but an input, and Enter to both codes beside its limit.
 */
export async function run(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-bench-'));
  const sandbox = service(['sandbox/main.ts', '--port', '0', '--log-level', 'silent']);
  const sandboxOrigin = await sandbox.line('listening ');
  const backend = service([
    'backend/main.ts',
    '--port',
    '0',
    '--data',
    dir,
    '--sandbox',
    sandboxOrigin,
    '--ui',
    'dist/renderer',
    '--log-level',
    'error',
  ]);
  const browser = await chromium.launch({ executablePath: await chromiumExecutable(), args: CHROMIUM_ARGS });
  try {
    const link = await backend.line('open ');
    const context = await browser.newContext({ viewport: { width: 1024, height: 600 } });
    const till = await context.newPage();
    await till.goto(link);
    const bare = await context.newPage();
    await bare.route('**/bare', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><input autofocus>' }),
    );

    const home = new URL('/', link).href;
    const starts = await times(STARTS, () => start(till, home, '[data-screen="idle"]'));
    const bareStarts = await times(STARTS, () => start(bare, `${home}bare`, 'input'));
    await till.bringToFront();
    const keys = await times(KEYS, (n) => keyToPaint(till, n % 8 === 7 ? 'Escape' : '1'));
    await bare.bringToFront();
    const bareKeys = await times(KEYS, () => keyToPaint(bare, '1'));
    await till.bringToFront();
    const codes = await times(CHARGES, () => enterToCodes(till));

    const row = (name: string, ours: number[], peer: number[]) => [
      name,
      ms(percentile(ours, 50)),
      ms(percentile(ours, 95)),
      ms(percentile(peer, 50)),
      (percentile(ours, 50) / percentile(peer, 50)).toFixed(2),
    ];
    table('The window, ms', [
      ['', 'p50', 'p95', 'peer p50', 'ratio'],
      row('start to interactive, against a page with one input', starts, bareStarts),
      row('key press to paint, against a page with one input', keys, bareKeys),
      [
        `Enter to both codes, against ${CODES_LIMIT_MS} ms`,
        ms(percentile(codes, 50)),
        ms(percentile(codes, 95)),
        String(CODES_LIMIT_MS),
        (percentile(codes, 50) / CODES_LIMIT_MS).toFixed(2),
      ],
    ]);
  } finally {
    await browser.close();
    backend.stop();
    sandbox.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function start(page: Page, url: string, sign: string): Promise<number> {
  await page.goto(url);
  await page.waitForSelector(sign);
  // The next frame, by the page's own clock, which began with the navigation.
  return await page.evaluate<number>(
    'new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())))',
  );
}

/** From the key event's own time to the frame after the one that it changed. */
function keyToPaint(page: Page, key: string): Promise<number> {
  return measureKey(
    page,
    key,
    'requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - event.timeStamp)))',
  );
}

async function enterToCodes(page: Page): Promise<number> {
  await page.keyboard.press('Escape');
  await page.waitForSelector('[data-screen="idle"], [data-screen="closing"], [data-screen="not_paid"]');
  await page.keyboard.press('7');
  await page.waitForSelector('[data-screen="entering"]');
  const both = `['alipay', 'wechat'].every((channel) => document.querySelector('[data-testid="qr-' + channel + '"]'))`;
  return await measureKey(
    page,
    'Enter',
    `const look = () => (${both} ? resolve(performance.now() - event.timeStamp) : requestAnimationFrame(look)); look()`,
  );
}

/** Presses a key; resolves with what the page's code `then` resolves with, given `event` and `resolve`. */
async function measureKey(page: Page, key: string, then: string): Promise<number> {
  await page.evaluate(
    `void (window.measured = new Promise((resolve) => addEventListener('keydown', (event) => { ${then} }, { once: true, capture: true })))`,
  );
  await page.keyboard.press(key);
  return await page.evaluate<number>('window.measured');
}

async function times(count: number, measure: (n: number) => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  await measure(0);
  for (let n = 0; n < count; n++) samples.push(await measure(n));
  return samples;
}

function ms(value: number): string {
  return value.toFixed(1);
}

function service(args: string[]) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  return {
    /** The rest of the first line that begins so. */
    line: (start: string) =>
      new Promise<string>((resolve) => {
        const look = () => {
          const found = out
            .split('\n')
            .slice(0, -1)
            .find((line) => line.startsWith(start));
          if (found) resolve(found.slice(start.length));
          else setTimeout(look, 20);
        };
        look();
      }),
    stop: () => child.kill('SIGTERM'),
  };
}
