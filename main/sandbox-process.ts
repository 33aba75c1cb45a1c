import { systemClock } from '../ports/clock.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { systemLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { listen } from '../ports/service.ts';
import { createSandbox } from '../sandbox/sandbox.ts';
import { closeServer, createSandboxServer } from '../sandbox/server.ts';
import { runInFrame } from './service-frame.ts';

/** Both wallets in a process of their own: a restart of the backend finds their ledger as it was. */
runInFrame(process.parentPort, 'sandbox', async (settings) => {
  const log = systemLog('sandbox', settings.logLevel);
  const clock = systemClock();
  const http = undiciHttpClient();
  const sandbox = await createSandbox({
    clock,
    random: systemRandom(),
    log,
    dataDir: settings.data,
    publicOrigin: `http://127.0.0.1:${settings.port}`,
    allowedHosts: settings.allowedHosts,
    http,
    notifyScale: settings.notifyScale,
  });
  const server = createSandboxServer(sandbox, { clock, log });
  const origin = await listen(server, settings);
  return {
    origin,
    async stop() {
      await closeServer(server);
      await sandbox.stop();
      await http.close();
    },
  };
});
