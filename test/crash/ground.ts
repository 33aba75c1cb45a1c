import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, copyMigrations } from '../../scripts/build-main.ts';
import { type ClockHand, clockHand } from './held-clock.ts';
import type { Answer } from './sandboxes.ts';

/** What one world stands on: wallets of its own, a clock of its own, and a backend to start. */
export interface Plot {
  wallets: string;
  clock: ClockHand;
  clockFile: string;
  /** Empty, for the till's data. */
  dir: string;
  backendScript: string;
  compileCache: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Bundles the backend as it is shipped (a start takes half as long), and starts the wallets of `count` worlds. */
export async function openGround(count: number): Promise<{ plots: Plot[]; close(): void }> {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-crash-'));
  // Beside the packages, which are not bundled.
  mkdirSync(join(root, 'dist'), { recursive: true });
  const built = mkdtempSync(join(root, 'dist', 'crash-'));
  let sandboxes: ChildProcess | undefined;
  const close = () => {
    sandboxes?.kill('SIGKILL');
    for (const each of [dir, built]) rmSync(each, { recursive: true, force: true });
  };
  try {
    for (const entry of ['test/crash/backend-under-fire', 'backend/store/keeper-worker'])
      await bundle(entry, 'es', built);
    copyMigrations(built);
    const nowMs = Date.now();
    const clockFiles = Array.from({ length: count }, (_, index) => join(dir, `clock-${index}`));
    const clocks = clockFiles.map((file) => clockHand(file, nowMs));
    const child = fork(fileURLToPath(new URL('sandboxes.ts', import.meta.url)), clockFiles, { execArgv: [] });
    sandboxes = child;
    const { origins } = await new Promise<Answer>((resolve, reject) => {
      child.once('message', (answer) => resolve(answer as Answer));
      child.once('exit', (code) => reject(new Error(`The sandboxes ended (${code}).`)));
    });
    const plots = clocks.map((clock, index): Plot => {
      const tillDir = join(dir, `till-${index}`);
      mkdirSync(tillDir);
      return {
        clock,
        clockFile: clockFiles[index] ?? '',
        wallets: origins[index] ?? '',
        dir: tillDir,
        backendScript: join(built, 'backend-under-fire.js'),
        compileCache: join(built, 'cache'),
      };
    });
    return {
      plots,
      close() {
        for (const clock of clocks) clock.close();
        close();
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}
