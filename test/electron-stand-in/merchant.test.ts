import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../ports/clock.ts';
import { type ServiceChild, startService } from '../../scripts/service-child.ts';
import { launchStandIn } from './launch.ts';
import { type TinyApp, tinyApp } from './tiny-app.ts';

let app: TinyApp;
let sandbox: ServiceChild;
let merchantFile: string;
let privateKey: string;

beforeAll(async () => {
  app = tinyApp();
  sandbox = startService('sandbox', ['--port', '0'], {
    clock: systemClock(),
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error' },
  });
  const answer = await fetch(`${await sandbox.listening}/merchant.json`);
  const merchant = (await answer.json()) as { alipay: { appPrivateKey: string } };
  privateKey = merchant.alipay.appPrivateKey;
  merchantFile = join(app.folder, 'merchant.json');
  writeFileSync(merchantFile, JSON.stringify(merchant), { mode: 0o600 });
});
afterAll(async () => {
  await sandbox?.stop();
  app.remove();
});

/** Runs the till until its page knows the mode, and gives that. */
async function mode(...args: string[]): Promise<unknown> {
  const run = await launchStandIn(app.options({}, ...args));
  try {
    const page = await run.window((url) => url === 'app://mianfu/');
    await expect.poll(() => page.evaluate('globalThis.seen.length'), { timeout: 20_000 }).toBe(1);
    return await page.evaluate('globalThis.seen[0]');
  } finally {
    await run.quit();
  }
}

test('without a keyring a merchant’s keys are not taken, and the till says why and ends', async () => {
  const options = app.options({ STAND_IN_KEYRING: 'basic_text' }, '--merchant', merchantFile);
  const run = await launchStandIn({ ...options, endsItself: true });
  const { message } = await run.reported('error-box');
  expect(message).toContain('keyring');
  expect(await run.exited).toBe(1);
  expect(run.reports.filter(({ type }) => type === 'forked')).toEqual([]);
});

test('a merchant is imported once; the till is live from then on, apart from the sandbox’s data', async () => {
  expect(await mode()).toBe('sandbox');
  expect(await mode('--merchant', merchantFile)).toBe('live');
  expect(await mode()).toBe('live');
  const kept = readFileSync(join(app.folder, 'data', 'live', 'merchant.keys'));
  expect(kept.includes(privateKey.slice(100, 160))).toBe(false);
  expect(readdirSync(join(app.folder, 'data'))).toEqual(expect.arrayContaining(['live', 'sandbox']));
});
