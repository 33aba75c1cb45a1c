import { join } from 'node:path';
import { supervise } from '../main/supervise.ts';
import type { Clock } from '../ports/clock.ts';
import { findBrowser, openAppWindow } from './app-window.ts';
import { freePort } from './free-port.ts';
import { startService } from './service-child.ts';

const PORT_FIRST = 8790;

export interface ServeOptions {
  clock: Clock;
  env: Record<string, string | undefined>;
  data: string;
  /** Folder of the built screens. */
  ui: string;
  /** Undefined: the sandbox. */
  merchant: string | undefined;
  /** As given by a person; undefined: the first free one. */
  port: string | undefined;
  openWindow: boolean;
}

/**
 * The till without Electron: sandbox and backend as child processes on loopback, restarted when they crash,
 * with a one-time link. Runs until SIGINT or SIGTERM; resolves with the exit code.
 */
export async function serveInBrowser(options: ServeOptions): Promise<number> {
  const { clock, merchant } = options;
  const env = { MIANFU_LOG_LEVEL: 'warn', ...options.env };
  const data = join(options.data, merchant === undefined ? 'sandbox' : 'live');
  let isStopping = false;
  const stopAsked = new Promise<null>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        isStopping = true;
        resolve(null);
      });
    }
  });

  const running: Kept[] = [];
  let window: ReturnType<typeof openAppWindow> | null = null;
  try {
    const startSandbox = async (): Promise<string> => {
      const sandbox = keep('sandbox', ['--data', join(data, 'wallets')], '0', { clock, env });
      running.unshift(sandbox);
      return await sandbox.listening;
    };
    const wallets =
      merchant === undefined
        ? ['--sandbox', options.env.MIANFU_SANDBOX || (await startSandbox())]
        : ['--merchant', merchant];
    const port = options.port ?? String(await freePort(PORT_FIRST));
    const backend = keep('backend', ['--data', data, '--ui', options.ui, ...wallets], port, { clock, env });
    running.unshift(backend);
    await backend.listening;
    const link = await backend.link;
    process.stdout.write(`\n  ${link}\n\nThe link works once. Ctrl-C ends the till.\n`);
    const browser = options.openWindow ? findBrowser(process.platform, options.env) : null;
    if (browser) window = openAppWindow(browser, link, join(options.data, 'window'));
    const gaveUp = Promise.race(running.map((service) => service.gaveUp));
    const end = await Promise.race([stopAsked, gaveUp]);
    if (end !== null) process.stderr.write(`${end}\n`);
    return end === null ? 0 : 1;
  } catch (error) {
    if (isStopping) return 0;
    throw error;
  } finally {
    window?.kill();
    for (const service of running) await service.stop();
  }
}

interface Kept {
  /** Its first start. Rejects when that fails: then there is nothing to restart. */
  listening: Promise<string>;
  /** The one-time link that it printed first. */
  link: Promise<string>;
  /** Resolves with the reason when it is not restarted any more. */
  gaveUp: Promise<string>;
  stop(): Promise<void>;
}

/** Keeps a service running, after its first start always at the same port. */
function keep(
  service: 'backend' | 'sandbox',
  args: string[],
  firstPort: string,
  { clock, env }: { clock: Clock; env: Record<string, string | undefined> },
): Kept {
  let port = firstPort;
  const listening = Promise.withResolvers<string>();
  const link = Promise.withResolvers<string>();
  const gaveUp = Promise.withResolvers<string>();
  let hasListened = false;
  for (const { promise } of [listening, link]) promise.catch(() => {});

  const supervised = supervise({
    clock,
    start() {
      const child = startService(service, ['--port', port, ...args], {
        clock,
        env,
        onLine(line) {
          const found = /^open (http:\/\/\S+)$/.exec(line)?.[1];
          if (found) link.resolve(found);
        },
      });
      void child.listening.then((origin) => {
        hasListened = true;
        port = new URL(origin).port;
        listening.resolve(origin);
      }, listening.reject);
      return child;
    },
    isFinal: () => !hasListened,
    onCrash: (code, delayMs) =>
      process.stderr.write(`The ${service} ended (${code ?? 'killed'}); it starts again in ${delayMs} ms.\n`),
    onGiveUp(code) {
      const reason = `The ${service} keeps ending (${code ?? 'killed'}).`;
      link.reject(new Error(reason));
      gaveUp.resolve(reason);
    },
  });
  return {
    listening: listening.promise,
    link: link.promise,
    gaveUp: gaveUp.promise,
    stop: () => supervised.stop(),
  };
}
