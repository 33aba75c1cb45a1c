import { type ChildProcess, spawn } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';
import { addScheme, fromChromium } from './addresses.ts';
import type { Report } from './report.ts';
import { WindowPages } from './window-pages.ts';

/** The app under the stand-in: its windows as Playwright pages, and what it reported. */
export interface StandInRun {
  child: ChildProcess;
  windows(): Page[];
  /** The first window, open or to come, whose address (as the app calls it) fits; loaded. Rejects when the app ends before. */
  window(fits: (url: string) => boolean): Promise<Page>;
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
    lookAgain();
  });
  // What it reported last may come behind the news of its end.
  const told = new Promise((resolve) => child.once('disconnect', resolve));
  const exited = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => void told.then(() => resolve(code))),
  );
  let browser: Browser | null = null;
  let pages: WindowPages | null = null;
  const lookAgain = () => {
    for (const look of [...waiting]) look();
  };
  /** What `found` gives, now or after something has happened. */
  const first = <T>(found: () => T | undefined, what: string): Promise<T> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const one = found();
        if (one === undefined) return;
        waiting.delete(look);
        resolve(one);
      };
      waiting.add(look);
      void exited.then((code) => reject(new Error(`The app ended (${code}) before ${what}.`)));
      look();
    });

  const run: StandInRun = {
    child,
    reports,
    exited,
    windows: () =>
      reports.flatMap((report) => {
        const page = report.type === 'window' ? pages?.find(report.targetId) : undefined;
        return page ? [page] : [];
      }),
    async window(fits) {
      const open = () => run.windows().find((page) => fits(fromChromium(page.url())));
      const page = await first(open, 'it opened the window');
      await page.waitForLoadState();
      return page;
    },
    reported: (type, fits = () => true) => {
      const isMeant = (report: Report): report is Extract<Report, { type: typeof type }> =>
        report.type === type && fits(report as Extract<Report, { type: typeof type }>);
      return first(() => reports.find(isMeant), `it reported ${type}`);
    },
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
    const [context] = browser.contexts();
    if (!context) throw new Error('Chromium has no context.');
    pages = new WindowPages(context, lookAgain);
  }
  return run;
}
