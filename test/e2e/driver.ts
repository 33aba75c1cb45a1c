import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { _electron, type Page } from 'playwright-core';
import { hasDisplay } from '../../scripts/app-window.ts';
import { electronRuntime } from '../../scripts/electron-runtime.ts';
import { launchStandIn } from '../electron-stand-in/launch.ts';

/** The running app, whatever drives it. */
export interface RunningApp {
  /** Every open window of the app, the till's first. */
  windows(): Page[];
  /** The first window, open or to come, whose address (as the app calls it) fits; loaded. */
  window(fits: (url: string) => boolean): Promise<Page>;
  backendPid(): Promise<number>;
  /** Addresses that were handed to the person's own browser. */
  external(): Promise<string[]>;
  /** Starts the app again on the same data; resolves when that second start has ended. */
  startAgain(): Promise<void>;
  quit(): Promise<void>;
}

export interface DriverChoice {
  name: 'electron' | 'stand-in';
  why: string;
}

/** Electron where its runtime can run, else the stand-in; `MIANFU_E2E_DRIVER` names one. */
export function chosenDriver(): DriverChoice {
  const wish = process.env.MIANFU_E2E_DRIVER;
  if (wish === 'stand-in' || wish === 'electron') return { name: wish, why: 'MIANFU_E2E_DRIVER says so' };
  if (electronRuntime() === null) return { name: 'stand-in', why: "Electron's runtime is not installed" };
  if (!hasDisplay(process.platform, { ...process.env, CI: undefined }))
    return { name: 'stand-in', why: 'there is no display for Electron' };
  if (process.platform === 'linux' && process.getuid?.() === 0)
    return { name: 'stand-in', why: 'Electron does not run as root' };
  return { name: 'electron', why: 'its runtime is installed' };
}

/** Starts the app on data of its own, which is removed at the end. */
export async function launchApp(env: Record<string, string>): Promise<RunningApp> {
  const data = mkdtempSync(join(tmpdir(), 'mianfu-e2e-'));
  const settings = { MIANFU_LOG_LEVEL: 'error', ...env };
  const app =
    chosenDriver().name === 'electron' ? await inElectron(data, settings) : await inStandIn(data, settings);
  return {
    ...app,
    async quit() {
      await app.quit();
      rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function inStandIn(data: string, env: Record<string, string>): Promise<RunningApp> {
  const options = { main: resolve('dist/main/main.js'), args: [`--user-data-dir=${data}`], env };
  const run = await launchStandIn(options);
  return {
    windows: run.windows,
    window: run.window,
    backendPid: async () => {
      const forks = run.reports.filter((report) => report.type === 'forked');
      const last = forks.findLast(({ name }) => name === 'mianfu-backend');
      return last?.pid ?? (await run.reported('forked', ({ name }) => name === 'mianfu-backend')).pid;
    },
    external: async () => run.reports.flatMap((report) => (report.type === 'external' ? [report.url] : [])),
    async startAgain() {
      const second = await launchStandIn({ ...options, endsItself: true });
      await second.exited;
    },
    async quit() {
      await run.quit();
    },
  };
}

async function inElectron(data: string, env: Record<string, string>): Promise<RunningApp> {
  const options = {
    args: [resolve('.'), `--user-data-dir=${data}`],
    env: { ...definedEnv(), ...env },
    executablePath: electronRuntime() ?? '',
  };
  const app = await _electron.launch(options);
  await app.evaluate(({ shell }) => {
    const opened: string[] = [];
    Object.assign(globalThis, { opened });
    shell.openExternal = async (url) => void opened.push(url);
  });
  return {
    windows: () => app.windows(),
    async window(fits) {
      const fitting = async (page: Page) => {
        await page.waitForURL((url) => fits(url.href));
        return page;
      };
      return Promise.any([...app.windows().map(fitting), app.waitForEvent('window').then(fitting)]);
    },
    backendPid: async () => {
      for (;;) {
        const pid = await app.evaluate(
          ({ app: electron }) => electron.getAppMetrics().find(({ name }) => name === 'mianfu-backend')?.pid,
        );
        if (pid !== undefined) return pid;
      }
    },
    external: () => app.evaluate(() => (globalThis as unknown as { opened: string[] }).opened),
    async startAgain() {
      const second = await _electron.launch(options).catch(() => null);
      await second?.close();
    },
    quit: () => app.close(),
  };
}

function definedEnv(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
