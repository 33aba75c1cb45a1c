import { flushCompileCache } from 'node:module';
import { runBackend } from '../../backend/run.ts';
import { undiciHttpClient } from '../../ports/http-undici.ts';
import { systemLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { readSettings } from '../../ports/settings.ts';
import { wsSocket } from '../../ports/socket-ws.ts';
import { systemEndOfTurn } from '../../ports/turn.ts';
import { databaseUnderFire } from './database-under-fire.ts';
import { createFaultPoints, type FaultPoint } from './fault-points.ts';
import { heldClock } from './held-clock.ts';
import { httpUnderFire } from './http-under-fire.ts';

/** What the test tells the backend: from here on the points count, and `point` is the end. */
export type Told = { begin: FaultPoint | null };
/** What the backend tells the test. */
export type Answer = { listening: string } | { begun: true } | { passed: FaultPoint };

/**
 * The real backend as a process, in a world with fault points. `CRASH_CLOCK` names the file of its clock;
 * `CRASH_AT` is the fault point of a start.
 */
const tell = (answer: Answer) => process.send?.(answer, undefined, {}, () => {});
const points = createFaultPoints((passed) => tell({ passed }));
points.begin(process.env.CRASH_AT ?? null);
process.on('message', ({ begin }: Told) => {
  points.begin(begin);
  tell({ begun: true });
});
process.on('disconnect', () => process.exit());

const settings = readSettings('backend', process.argv.slice(2), process.env);
if (settings === 'help') throw new Error('There is no help here.');
const clock = heldClock(process.env.CRASH_CLOCK ?? '');
const { origin } = await runBackend(settings, {
  clock,
  random: systemRandom(),
  endOfTurn: systemEndOfTurn,
  log: systemLog('backend', settings.logLevel),
  newHttpClient: () => httpUnderFire(undiciHttpClient(), points),
  // No relay is called.
  openSocket: wsSocket(clock),
  openFile: databaseUnderFire(points),
  version: '0.0.0',
  merchant: null,
});
tell({ listening: origin });
flushCompileCache();
