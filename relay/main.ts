import { systemClock } from '../ports/clock.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { silentLog, systemLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { runService, StartError, serviceMetrics } from '../ports/service.ts';
import { SettingsError } from '../ports/settings.ts';
import { systemEndOfTurn } from '../ports/turn.ts';
import { CLI_HELP, commandOf, runCommand } from './cli.ts';
import { runRelay } from './run.ts';

/** `npm run relay`: the service, or with a first word of the operator's, one command. */
const argv = process.argv.slice(2);
const command = commandOf(argv);
if (command) {
  const http = undiciHttpClient();
  try {
    process.stdout.write(await runCommand(command, argv, process.env, http));
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  } finally {
    await http.close();
  }
} else {
  if (argv.includes('--help')) process.stdout.write(CLI_HELP);
  await runService('relay', (settings) =>
    runRelay(settings, {
      clock: systemClock(),
      random: systemRandom(),
      endOfTurn: systemEndOfTurn,
      log: settings.logLevel === 'silent' ? silentLog() : systemLog('relay', settings.logLevel),
      metrics: serviceMetrics('relay'),
    }),
  );
}
