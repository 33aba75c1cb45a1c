import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launchStandIn } from './launch.ts';
import { type TinyApp, tinyApp } from './tiny-app.ts';

let app: TinyApp;
beforeEach(() => {
  app = tinyApp();
});
afterEach(() => app.remove());

/** What the person is told when the till cannot start; it must then end. */
async function complaint(env: Record<string, string> = {}): Promise<string> {
  const run = await launchStandIn({ ...app.options(env), endsItself: true });
  const { message } = await run.reported('error-box');
  expect(await run.exited).toBe(1);
  return message;
}

test('a setting that cannot be used is named, and the till ends', async () => {
  expect(await complaint({ MIANFU_CHARGE_TTL_SECONDS: '1' })).toContain('MIANFU_CHARGE_TTL_SECONDS');
});

test('a data folder that cannot be written is named, and the till ends', async () => {
  mkdirSync(join(app.folder, 'data'));
  writeFileSync(join(app.folder, 'data', 'sandbox'), 'a file where a folder must be');
  expect(await complaint()).toContain(join(app.folder, 'data', 'sandbox'));
});
