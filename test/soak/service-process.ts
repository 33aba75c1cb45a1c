import { type ChildProcess, spawn } from 'node:child_process';

/** The last of what a process says on standard error is kept, for whoever asks why it ended. */
const SAID_MAX = 4_000;

/** One of our services in a process of its own. */
export interface ServiceProcess {
  origin: string;
  pid: number;
  /** False once it has ended, whoever ended it. */
  isRunning(): boolean;
  /** Ends it, by default without a word, and resolves once it is gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** What was wrong with its end; null while it runs, and when it was killed from here. */
  fault(): string | null;
}

/** Starts `script` (`relay/main.ts`) and resolves once it listens. Rejects when it ends before. */
export async function startService(
  script: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, MIANFU_LOG_LEVEL: 'error', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    said = `${said}${piece}`.slice(-SAID_MAX);
  });
  let isKilled = false;
  let fault: string | null = null;
  const ended = new Promise<void>((resolve) => {
    child.once('close', (code, signal) => {
      if (!isKilled) fault = `${script} ended by itself (${code ?? signal}): ${said}`;
      else if (signal !== 'SIGKILL' && code !== 0) fault = `${script} ended with ${code ?? signal}: ${said}`;
      resolve();
    });
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    origin: await listening(child, ended, () => said),
    pid: child.pid ?? 0,
    isRunning,
    async kill(signal = 'SIGKILL') {
      // One that has ended before was not ended from here.
      if (isRunning()) isKilled = true;
      child.kill(signal);
      await ended;
    },
    fault: () => fault,
  };
}

function listening(child: ChildProcess, ended: Promise<void>, said: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      // Read on: a closed pipe would end a process that has more to say.
      if (out.length < SAID_MAX) out += piece;
      const found = /^listening (\S+)\n/m.exec(out)?.[1];
      if (found) resolve(found);
    });
    void ended.then(() => reject(new Error(`It did not listen: ${said()}`)));
  });
}
