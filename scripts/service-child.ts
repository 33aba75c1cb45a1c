import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Child } from '../main/supervise.ts';
import { type Clock, SECOND } from '../ports/clock.ts';

const STOP_GRACE_MS = 8 * SECOND;

export interface ServiceChild extends Child {
  /** Resolves with its address; rejects when it ends before it listens. Why is then on standard error. */
  listening: Promise<string>;
}

/** Runs one of our services from its start file, as its own process under this Node. */
export function startService(
  service: 'backend' | 'sandbox',
  args: readonly string[],
  options: { clock: Clock; env: Record<string, string | undefined>; onLine?(line: string): void },
): ServiceChild {
  const script = fileURLToPath(new URL(`../${service}/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: options.env,
    // Through the channel it notices our end, however we end.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const exited = new Promise<{ code: number | null }>((resolve) => {
    child.once('exit', (code) => resolve({ code }));
    child.once('error', () => resolve({ code: null }));
  });
  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as Readable }).on('line', (line) => {
      const origin = /^listening (http:\/\/\S+)$/.exec(line)?.[1];
      if (origin) resolve(origin);
      options.onLine?.(line);
    });
    void exited.then(({ code }) => reject(new Error(`The ${service} could not start (exit code ${code}).`)));
  });
  listening.catch(() => {});
  return {
    exited,
    listening,
    async stop() {
      child.kill('SIGTERM');
      const cancelKill = options.clock.after(STOP_GRACE_MS, () => child.kill('SIGKILL'));
      await exited;
      cancelKill();
    },
  };
}
