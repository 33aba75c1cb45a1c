import { fork } from 'node:child_process';
import type { Answer, Told } from './backend-under-fire.ts';
import type { FaultPoint } from './fault-points.ts';
import type { Plot } from './ground.ts';

export const API_KEY = 'a-key-for-the-crash-tests';

export interface BackendProcess {
  /** Its address; null when it was killed before it listened. Rejects when it ended by itself. */
  origin: Promise<string | null>;
  ended: Promise<void>;
  isRunning(): boolean;
  /** From here on the points count; resolves when it knows. False when it died before that. */
  begin(point: FaultPoint | null): Promise<boolean>;
  kill(): Promise<void>;
}

/** Starts the backend on `dataDir`; with `at` it dies at that point of its start. */
export function startBackend(
  plot: Plot,
  dataDir: string,
  options: { at: FaultPoint | null; onPass(point: FaultPoint): void; args: readonly string[] },
): BackendProcess {
  const child = fork(
    plot.backendScript,
    [
      '--data',
      dataDir,
      '--sandbox',
      plot.wallets,
      '--api-key',
      API_KEY,
      '--log-level',
      'error',
      ...options.args,
    ],
    {
      execArgv: [],
      env: {
        ...process.env,
        NODE_COMPILE_CACHE: plot.compileCache,
        CRASH_CLOCK: plot.clockFile,
        ...(options.at === null ? {} : { CRASH_AT: options.at }),
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  );
  let isRunning = true;
  let onBegun = (_known: boolean) => {};
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      isRunning = false;
      onBegun(false);
      resolve();
    });
  });
  const origin = new Promise<string | null>((resolve, reject) => {
    child.on('message', (answer: Answer) => {
      if ('passed' in answer) options.onPass(answer.passed);
      else if ('begun' in answer) onBegun(true);
      else resolve(answer.listening);
    });
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve(null);
      else reject(new Error(`The backend ended by itself (${code ?? signal}).`));
    });
  });
  return {
    origin,
    ended,
    isRunning: () => isRunning,
    begin(point) {
      return new Promise((resolve) => {
        onBegun = resolve;
        const told: Told = { begin: point };
        if (isRunning) child.send(told, () => {});
        else resolve(false);
      });
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
