import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, MINUTE } from '../ports/clock.ts';

/** A runtime is about 110 MB; a network that needs longer is not waited for. */
const FETCH_WITHIN_MS = 3 * MINUTE;
const packageFolder = fileURLToPath(new URL('../node_modules/electron', import.meta.url));

/** Electron's executable, where its runtime is unpacked; null where only the npm package is. */
export function electronRuntime(): string | null {
  try {
    const executable = join(packageFolder, 'dist', readFileSync(join(packageFolder, 'path.txt'), 'utf8'));
    return existsSync(executable) ? executable : null;
  } catch {
    return null;
  }
}

/** Lets the package fetch its runtime, within a bound; null when it cannot be had. */
export async function fetchElectronRuntime(clock: Clock): Promise<string | null> {
  const child = spawn(process.execPath, [join(packageFolder, 'install.js')], { stdio: 'ignore' });
  const cancelKill = clock.after(FETCH_WITHIN_MS, () => child.kill('SIGKILL'));
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', resolve);
  });
  cancelKill();
  return electronRuntime();
}
