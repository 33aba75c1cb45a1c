import { runBackend } from '../backend/run.ts';
import { version } from '../package.json' with { type: 'json' };
import { systemClock } from '../ports/clock.ts';
import { undiciDownload } from '../ports/download-undici.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { systemLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { wsSocket } from '../ports/socket-ws.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { runInFrame } from './service-frame.ts';

/** The backend in a process of its own: the window may crash, hang or reload without touching money. */
runInFrame(process.parentPort, 'backend', async (settings, merchant) => {
  const running = await runBackend(settings, {
    clock: systemClock(),
    random: systemRandom(),
    endOfTurn: systemEndOfTurn,
    log: systemLog('backend', settings.logLevel),
    newHttpClient: () => undiciHttpClient(),
    download: undiciDownload,
    openSocket: wsSocket(systemClock()),
    version,
    merchant,
  });
  return {
    origin: running.origin,
    servePort: (port) => running.backend.servePort(port),
    stop: running.stop,
  };
});
