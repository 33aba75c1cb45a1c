import type { MessagePortMain } from 'electron';
import { StartError } from '../ports/service.ts';
import { readSettings, type Service, type Settings, SettingsError, settingsHelp } from '../ports/settings.ts';
import { EXIT_UNUSABLE, type FromService, type ToService } from './service-messages.ts';

/** The port to main, as far as it is used here; its ports hold messages back until they are started. */
export interface ParentPort {
  on(event: 'message', listener: (event: { data: ToService; ports: MessagePortMain[] }) => void): unknown;
  postMessage(message: FromService): void;
}

export interface StartedService {
  origin: string | null;
  servePort?: (port: MessagePortMain) => void;
  stop(): Promise<void>;
}

/**
 * The frame of a utility process: waits for `start`, reads the settings from arguments, environment and
 * file, starts, serves the ports that come, and ends on `stop` or when main is gone.
 */
export function runInFrame(
  parent: ParentPort,
  service: Service,
  start: (settings: Settings, merchant: Record<string, unknown> | null) => Promise<StartedService>,
): void {
  let started: Promise<StartedService> | null = null;

  parent.on('message', ({ data, ports }) => {
    if (data.type === 'start') {
      started = begin(data.merchant);
      started.catch(fail);
    } else if (data.type === 'connect') {
      void started?.then(
        ({ servePort }) => {
          for (const port of ports) {
            servePort?.(port);
            port.start();
          }
        },
        () => {},
      );
    } else {
      void (started ?? Promise.resolve(null))
        .then((running) => running?.stop())
        .then(
          () => process.exit(0),
          () => process.exit(1),
        );
    }
  });

  async function begin(merchant: Record<string, unknown> | null): Promise<StartedService> {
    const settings = readSettings(service, process.argv.slice(2), process.env);
    if (settings === 'help') throw new SettingsError('--help', settingsHelp(service));
    const running = await start(settings, merchant);
    parent.postMessage({ type: 'started', origin: running.origin });
    return running;
  }

  function fail(error: unknown): void {
    const isKnown = error instanceof StartError || error instanceof SettingsError;
    if (isKnown) parent.postMessage({ type: 'failed', message: error.message });
    else console.error(error);
    // The message leaves first.
    setImmediate(() => process.exit(isKnown ? EXIT_UNUSABLE : 1));
  }
}
