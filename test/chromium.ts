import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** For every headless Chromium that a test starts. */
export const CHROMIUM_ARGS = [
  '--no-sandbox',
  '--headless',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** A Chromium to test with: `CHROMIUM`, one on the PATH, else the one that npm brought. Throws when there is none. */
export async function chromiumExecutable(): Promise<string> {
  const given = process.env.CHROMIUM;
  if (given) return given;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of NAMES) {
      if (isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  return bundledChromium();
}

/**
 * The npm package brings a compressed Chromium, and the libraries and fonts that a bare machine lacks. By
 * itself it unpacks them into the one folder for temporary files, where a second process takes a file that is
 * half written; here each unpacks into a folder of its own, and the first that is done gives it its name.
 */
async function bundledChromium(): Promise<string> {
  const modules = fileURLToPath(new URL('../node_modules/', import.meta.url));
  const manifest = readFileSync(join(modules, '@sparticuz/chromium/package.json'), 'utf8');
  const home = join(modules, '.cache', `chromium-${JSON.parse(manifest).version}`);
  if (!existsSync(home)) await unpack(join(modules, '@sparticuz/chromium/bin'), home);
  // The system's fonts are better where there are any.
  process.env.FONTCONFIG_PATH ??= existsSync('/etc/fonts') ? '/etc/fonts' : join(home, 'fonts');
  const { setupLambdaEnvironment } = await import('@sparticuz/chromium');
  setupLambdaEnvironment(join(home, 'al2023', 'lib'));
  return join(home, 'chromium');
}

const UNPACK = `
const { default: chromium, inflate } = await import('@sparticuz/chromium');
await Promise.all([chromium.executablePath(), inflate(process.argv[1])]);
`;

async function unpack(packed: string, home: string): Promise<void> {
  mkdirSync(dirname(home), { recursive: true });
  const folder = mkdtempSync(`${home}-`);
  try {
    const args = ['--input-type=module', '-e', UNPACK, join(packed, 'al2023.tar.br')];
    await promisify(execFile)(process.execPath, args, {
      cwd: packed,
      env: { ...process.env, TMPDIR: folder },
    });
    const fonts = join(folder, 'fonts', 'fonts.conf');
    writeFileSync(fonts, readFileSync(fonts, 'utf8').replaceAll('/tmp/fonts', join(home, 'fonts')));
    renameSync(folder, home);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Another was faster.
    if (!existsSync(home)) throw error;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) process.stdout.write(`${await chromiumExecutable()}\n`);
