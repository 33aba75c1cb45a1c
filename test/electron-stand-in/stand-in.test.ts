import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchStandIn, type StandInRun } from './launch.ts';
import { type TinyApp, tinyApp } from './tiny-app.ts';

let app: TinyApp;
let run: StandInRun;
let page: Page;
const seen = (list: string[]) =>
  expect.poll(() => page.evaluate('globalThis.seen'), { timeout: 20_000 }).toEqual(list);

beforeAll(async () => {
  app = tinyApp();
  run = await launchStandIn(app.options());
  page = await run.window((url) => url === 'app://mianfu/');
});

afterAll(async () => {
  await run?.quit();
  app.remove();
});

test('a page shakes hands and talks to the backend in its process', async () => {
  await seen(['sandbox']);
});

test('when the backend dies the port closes, and a fresh handshake reaches the new one', async () => {
  const { pid } = await run.reported('forked', ({ name }) => name === 'mianfu-backend');
  process.kill(pid, 'SIGKILL');
  await seen(['sandbox', 'closed', 'sandbox']);
});

test('after a reload the page shakes hands again', async () => {
  await page.reload();
  await seen(['sandbox']);
});

test('the preload’s world is not the page’s, and what it exposes cannot be changed', async () => {
  expect(await page.evaluate('typeof require + typeof process + typeof electron')).toBe(
    'undefined'.repeat(3),
  );
  expect(await page.evaluate('Object.keys(mianfu).sort().join()')).toBe('platform,transport,version');
  expect(await page.evaluate('try { mianfu.transport = "http" } catch {} mianfu.transport')).toBe('port');
});

test('a second start shows the window of the first and ends', async () => {
  const second = await launchStandIn({ ...app.options(), endsItself: true });
  expect(await second.exited).toBe(0);
  expect(run.windows()).toHaveLength(1);
});

test('it ends cleanly, with all of its processes', async () => {
  expect(await run.quit()).toBe(0);
  for (const report of run.reports) {
    if (report.type === 'forked') expect(() => process.kill(report.pid, 0)).toThrow();
  }
});
