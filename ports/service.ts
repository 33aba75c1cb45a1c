import type { Server } from 'node:http';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { readSettings, type Service, type Settings, SettingsError, settingsHelp } from './settings.ts';

/** A service that cannot start for a reason a person can mend; `code` is stable, the message says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Listens; resolves with the origin (`http://127.0.0.1:8790`). Throws {@link StartError} `port_taken` or `address_unusable`. */
export function listen(server: Server, at: { host: string; port: number }): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      const message = taken
        ? `Port ${at.port} is taken by another program. Choose another with --port, or end that program.`
        : `Cannot listen at ${at.host}:${at.port} (${error.code ?? error.message}). Choose another --host or --port.`;
      reject(new StartError(taken ? 'port_taken' : 'address_unusable', message, { cause: error }));
    });
    server.listen(at.port, at.host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : at.port;
      const host = at.host.includes(':') ? `[${at.host}]` : at.host;
      resolve(`http://${host}:${port}`);
    });
  });
}

/** Prometheus metrics of one process. */
export function serviceMetrics(service: Service): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/**
 * The frame of a start file: reads settings, starts, prints where it listens, waits for SIGTERM or SIGINT, or
 * for the end of whoever started it with a channel to it, stops. Exit codes: 0 clean end or help, 2 unusable settings, 3 unusable storage (full, not writable, damaged,
 * in use: starting again does not mend it), 1 anything else; the reason goes to standard error.
 */
export async function runService(
  service: Service,
  start: (settings: Settings) => Promise<{ origin: string; lines?: string[]; stop(): Promise<void> }>,
): Promise<void> {
  try {
    const settings = readSettings(service, process.argv.slice(2), process.env);
    if (settings === 'help') {
      process.stdout.write(settingsHelp(service));
      return;
    }
    const stopped = stopSignal();
    const running = await start(settings);
    process.stdout.write(`listening ${running.origin}\n`);
    for (const line of running.lines ?? []) process.stdout.write(`${line}\n`);
    await stopped;
    await running.stop();
    process.exitCode = 0;
  } catch (error) {
    if (error instanceof SettingsError || error instanceof StartError) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = error instanceof SettingsError ? 2 : error.code.startsWith('storage_') ? 3 : 1;
      setImmediate(() => process.exit());
      return;
    }
    throw error;
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
    // A parent that is killed says nothing: its end of the channel closes.
    process.once('disconnect', () => resolve());
    process.channel?.unref();
  });
}
