import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
 * The npm package brings a compressed Chromium, and the libraries that a bare machine lacks; by itself it
 * unpacks the latter only in a cloud function.
 */
async function bundledChromium(): Promise<string> {
  const { default: chromium, inflate, setupLambdaEnvironment } = await import('@sparticuz/chromium');
  const folder = fileURLToPath(new URL('../node_modules/@sparticuz/chromium/bin', import.meta.url));
  // Its own fonts are found only below /tmp; the system's are better where there are any.
  if (existsSync('/etc/fonts')) process.env.FONTCONFIG_PATH ??= '/etc/fonts';
  setupLambdaEnvironment(join(await inflate(join(folder, 'al2023.tar.br')), 'lib'));
  return chromium.executablePath();
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
