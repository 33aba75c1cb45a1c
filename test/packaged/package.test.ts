import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { extractAll, listPackage } from '@electron/asar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchStandIn } from '../electron-stand-in/launch.ts';

/**
 * The package as electron-builder makes it, around an executable that is none: what is in it, and that
 * what is in it runs. Its configuration is checked against electron-builder's own schema on the way.
 */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSES_COUNT = 9;

let folder: string;
const resources = () => join(folder, 'out', 'linux-unpacked', 'resources');

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mianfu-package-'));
  const runtime = join(folder, 'runtime');
  mkdirSync(join(runtime, 'resources'), { recursive: true });
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'version']) writeFileSync(join(runtime, name), '');
  const wire = Buffer.concat([
    Buffer.from(FUSE_SENTINEL),
    Buffer.from([1, FUSES_COUNT]),
    Buffer.alloc(FUSES_COUNT, '0'),
  ]);
  writeFileSync(join(runtime, 'electron'), wire);
  chmodSync(join(runtime, 'electron'), 0o755);
  await builder();
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

async function builder(...more: string[]): Promise<void> {
  const cli = resolve('node_modules/electron-builder/cli.js');
  const args = ['--linux', 'dir', `-c.electronDist=${join(folder, 'runtime')}`];
  const out = `-c.directories.output=${join(folder, 'out')}`;
  await promisify(execFile)(process.execPath, [cli, ...args, out, ...more]);
}

test('it holds the bundles, the screens and the database module, and no other package', () => {
  const files = listPackage(join(resources(), 'app.asar'), { isPack: false }).map((path) =>
    path.replaceAll('\\', '/'),
  );
  for (const file of [
    '/package.json',
    '/dist/main/main.js',
    '/dist/main/preload.cjs',
    '/dist/main/backend-process.js',
    '/dist/main/sandbox-process.js',
    '/dist/renderer/index.html',
  ])
    expect(files).toContain(file);
  const packages = files.filter((path) => /^\/node_modules\/[^/]+$/.test(path));
  expect(packages).toEqual(['/node_modules/better-sqlite3']);
  expect(files.filter((path) => /\.test\.|\.ts$|\.map$/.test(path))).toEqual([]);
});

test('compiled code lies outside the archive, where the system can load it', () => {
  const prebuilds = join(resources(), 'app.asar.unpacked', 'node_modules', 'better-sqlite3', 'prebuilds');
  for (const target of ['linux-x64', 'darwin-arm64', 'darwin-x64', 'win32-x64'])
    expect(existsSync(join(prebuilds, `${target}.node`))).toBe(true);
});

test('its executable runs the packed app only: not as Node, not with debugger or Node options', () => {
  const wire = readFileSync(join(folder, 'out', 'linux-unpacked', 'mianfu'));
  const fuses = wire.subarray(FUSE_SENTINEL.length + 2).toString();
  // In order: run as Node, encrypt cookies, NODE_OPTIONS, inspect, check the archive, only the archive, …, file:// powers.
  expect(fuses).toMatch(/^010011.0/);
});

test('what is packed runs: the till comes up from the unpacked archive', async () => {
  const app = join(folder, 'app');
  extractAll(join(resources(), 'app.asar'), app);
  cpSync(join(resources(), 'app.asar.unpacked'), app, { recursive: true });
  const run = await launchStandIn({
    main: join(app, 'dist', 'main', 'main.js'),
    args: [`--user-data-dir=${join(folder, 'data')}`],
    env: { MIANFU_LOG_LEVEL: 'error', MIANFU_SANDBOX: '', MIANFU_MERCHANT: '' },
  });
  try {
    const page = await run.window((url) => url.startsWith('app://mianfu/'));
    await page.locator('[data-screen="idle"]').waitFor({ timeout: 30_000 });
    await run.reported('forked', ({ name }) => name === 'mianfu-backend');
  } finally {
    expect(await run.quit()).toBe(0);
  }
});

test('a configuration that electron-builder does not know is refused', async () => {
  await expect(builder('-c.linux.nonsense=1')).rejects.toThrow(/nonsense/);
});

test('all that the configuration names exists', () => {
  const text = readFileSync(resolve('electron-builder.yml'), 'utf8');
  const icons = [...text.matchAll(/^ +icon: (\S+)$/gm)].map(([, path = '']) => path);
  expect(icons).toHaveLength(3);
  for (const icon of icons) expect(existsSync(resolve(icon))).toBe(true);
});
