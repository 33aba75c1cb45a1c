import { spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { systemClock } from '../ports/clock.ts';
import { hasDisplay } from './app-window.ts';
import { buildMain } from './build-main.ts';
import { dataFolder } from './data-folder.ts';
import { electronRuntime, fetchElectronRuntime } from './electron-runtime.ts';
import { serveInBrowser } from './serve-in-browser.ts';
import { isStale } from './stale.ts';

const HELP = `Usage: npm start -- [options]

Starts the till: in Electron where its runtime is present, else at a loopback address with a one-time link.
Without a merchant it runs against the built-in sandbox, and the screen says so.

  --data DIR        folder for everything that is kept   (MIANFU_DATA)
  --merchant FILE   the merchant's ids and keys          (MIANFU_MERCHANT)
  --port N          port at the loopback address         (MIANFU_PORT) [8790, or the next free one]
  --browser         no Electron                          (MIANFU_WINDOW=browser)
  --no-window       no Electron, and no browser either   (MIANFU_WINDOW=none)
  --help            this text
`;

const root = fileURLToPath(new URL('..', import.meta.url));
const at = (...names: string[]) => join(root, ...names);
const clock = systemClock();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      merchant: { type: 'string' },
      port: { type: 'string' },
      browser: { type: 'boolean' },
      'no-window': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { env, platform } = process;
  const wish = values['no-window'] ? 'none' : values.browser ? 'browser' : env.MIANFU_WINDOW || 'electron';
  const data = dataFolder(values.data ?? env.MIANFU_DATA, { platform, home: homedir(), env });
  // An empty variable counts as none, as for the services.
  const merchant = values.merchant ?? (env.MIANFU_MERCHANT || undefined);

  if (isStale(at('dist/renderer/index.html'), [at('renderer'), at('contract'), at('package-lock.json')])) {
    process.stdout.write('Building the screens …\n');
    await build({ configFile: at('renderer/vite.config.ts'), logLevel: 'warn' });
  }
  const electron = await findElectron(wish);
  if (electron.runtime !== null) return await runElectron(electron.runtime, data, merchant);
  process.stdout.write(`${electron.why} The till opens in a browser instead.\n`);
  return await serveInBrowser({
    clock,
    env,
    data,
    ui: at('dist/renderer'),
    merchant: merchant === undefined ? undefined : resolve(merchant),
    port: values.port ?? (env.MIANFU_PORT || undefined),
    openWindow: wish !== 'none' && hasDisplay(platform, env),
  });
}

/** Electron's runtime, or in one sentence why it is not used. */
async function findElectron(wish: string): Promise<{ runtime: string } | { runtime: null; why: string }> {
  const { env, platform } = process;
  if (wish !== 'electron') return { runtime: null, why: 'Electron was not asked for.' };
  if (!hasDisplay(platform, env)) return { runtime: null, why: 'Electron has no display here.' };
  // Chromium's sandbox, which is not given up, refuses to run for root.
  if (platform === 'linux' && process.getuid?.() === 0)
    return { runtime: null, why: 'Electron does not run as root.' };
  const runtime = electronRuntime() ?? (await fetchElectronRuntime(clock));
  return runtime ? { runtime } : { runtime: null, why: "Electron's runtime cannot be had here." };
}

async function runElectron(runtime: string, data: string, merchant: string | undefined): Promise<number> {
  const sources = ['main', 'backend', 'sandbox', 'wire', 'ports', 'contract', 'package-lock.json'];
  if (
    isStale(
      at('dist/main/main.js'),
      sources.map((name) => at(name)),
    )
  )
    await buildMain();
  const args = [root, `--user-data-dir=${data}`, ...(merchant ? [`--merchant=${resolve(merchant)}`] : [])];
  const child = spawn(runtime, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'));
  return await new Promise((done) => child.once('exit', (code) => done(code ?? 1)));
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
