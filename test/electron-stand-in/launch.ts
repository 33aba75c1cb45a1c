import { type ChildProcess, spawn } from 'node:child_process';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { addScheme, fromChromium } from './addresses.ts';
import type { Report } from './report.ts';

/** The app under the stand-in: its windows as Playwright pages, and what it reported. */
export interface StandInRun {
  child: ChildProcess;
  pages(): Page[];
  /** The first page, open or to come, whose address (as the app calls it) fits. */
  page(fits: (url: string) => boolean): Promise<Page>;
  reports: Report[];
  /** Resolves with the first report, past or to come, that fits; rejects when the app ends before. */
  reported<T extends Report['type']>(
    type: T,
    fits?: (report: Extract<Report, { type: T }>) => boolean,
  ): Promise<Extract<Report, { type: T }>>;
  exited: Promise<number | null>;
  quit(): Promise<number | null>;
}

export interface LaunchOptions {
  main: string;
  args: readonly string[];
  env: Record<string, string | undefined>;
  /** It ends before anybody could look at its windows. */
  endsItself?: boolean;
}

/** Runs a bundled main script as Electron would, over Chromium. */
export async function launchStandIn(options: LaunchOptions): Promise<StandInRun> {
  addScheme('app');
  const register = new URL('./register.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', register, options.main, ...options.args], {
    env: { ...process.env, ...options.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  const reports: Report[] = [];
  const waiting = new Set<() => void>();
  child.on('message', (report: Report) => {
    reports.push(report);
    for (const look of [...waiting]) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  let browser: Browser | null = null;
  const contexts = (): BrowserContext[] => browser?.contexts() ?? [];

  const run: StandInRun = {
    child,
    reports,
    exited,
    pages: () => contexts().flatMap((context) => context.pages()),
    async page(fits) {
      for (;;) {
        const open = run.pages().find((page) => fits(fromChromium(page.url())));
        if (open) {
          await open.waitForLoadState();
          return open;
        }
        if (child.exitCode !== null) throw new Error('The app ended before it opened the window.');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    reported: (type, fits = () => true) =>
      new Promise((resolve, reject) => {
        const look = () => {
          for (const report of reports) {
            const same = report as Extract<Report, { type: typeof type }>;
            if (report.type !== type || !fits(same)) continue;
            waiting.delete(look);
            resolve(same);
            return;
          }
        };
        waiting.add(look);
        void exited.then((code) => reject(new Error(`The app ended (${code}) before it reported ${type}.`)));
        look();
      }),
    async quit() {
      child.kill('SIGTERM');
      const code = await exited;
      await browser?.close().catch(() => {});
      return code;
    },
  };
  if (!options.endsItself) {
    const { endpoint } = await run.reported('devtools');
    browser = await chromium.connectOverCDP(endpoint);
  }
  return run;
}
