import { Counter } from 'prom-client';
import { systemClock } from '../ports/clock.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { silentLog, systemLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { listen, runService, serviceMetrics } from '../ports/service.ts';
import { createSandbox } from './sandbox.ts';
import { closeServer, createSandboxServer } from './server.ts';

await runService('sandbox', async (settings) => {
  const log = settings.logLevel === 'silent' ? silentLog() : systemLog('sandbox', settings.logLevel);
  const clock = systemClock();
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const registry = serviceMetrics('sandbox');
  const exchanges = new Counter({
    name: 'mianfu_sandbox_exchanges_total',
    help: 'Answers of the wallets, by channel, operation, code and fault',
    labelNames: ['channel', 'operation', 'code', 'fault'],
    registers: [registry],
  });
  const notifications = new Counter({
    name: 'mianfu_sandbox_notifications_total',
    help: 'Posts of notifications, by channel, outcome and fault',
    labelNames: ['channel', 'outcome', 'fault'],
    registers: [registry],
  });
  const http = undiciHttpClient();
  const sandbox = await createSandbox({
    clock,
    random: systemRandom(),
    log,
    dataDir: settings.data,
    publicOrigin: `http://${host}:${settings.port}`,
    allowedHosts: settings.allowedHosts,
    onExchange: ({ channel, operation, code, fault }) =>
      exchanges.inc({ channel, operation, code, fault: fault ?? 'none' }),
    http,
    notifyScale: settings.notifyScale,
    onNotified: ({ channel, outcome, fault }) =>
      notifications.inc({ channel, outcome, fault: fault ?? 'none' }),
  });
  const server = createSandboxServer(sandbox, {
    clock,
    log,
    metrics: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  });
  const origin = await listen(server, { host: settings.host, port: settings.port });
  return {
    origin,
    lines: [`phone ${origin}/phone`],
    async stop() {
      await closeServer(server);
      await sandbox.stop();
      await http.close();
    },
  };
});
