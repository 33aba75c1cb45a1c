import packageJson from '../package.json' with { type: 'json' };
import { systemClock } from '../ports/clock.ts';
import { undiciDownload } from '../ports/download-undici.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { systemLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { runService } from '../ports/service.ts';
import { wsSocket } from '../ports/socket-ws.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { runBackend } from './run.ts';

/** `npm run backend`: the till's backend alone, over HTTP. */
await runService('backend', async (settings) => {
  const running = await runBackend(settings, {
    clock: systemClock(),
    random: systemRandom(),
    endOfTurn: systemEndOfTurn,
    log: systemLog('backend', settings.logLevel),
    newHttpClient: () => undiciHttpClient(),
    download: undiciDownload,
    openSocket: wsSocket(systemClock()),
    version: packageJson.version,
    merchant: null,
  });
  const link = settings.ui === undefined ? [] : [`open ${running.origin}${running.backend.newLinkPath()}`];
  return { origin: running.origin, lines: link, stop: running.stop };
});
