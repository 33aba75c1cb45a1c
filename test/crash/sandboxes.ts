import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { listen } from '../../ports/service.ts';
import { createIdentity } from '../../sandbox/identity/identity.ts';
import { createSandbox } from '../../sandbox/sandbox.ts';
import { createSandboxServer } from '../../sandbox/server.ts';
import { heldClock } from './held-clock.ts';

/** Sends where they listen, in the order of the clock files. */
export type Answer = { origins: string[] };

/** The real sandbox as a process: one for each clock file that is named, with the same keys and ledgers of their own. */
const [first, ...others] = process.argv.slice(2).map(heldClock);
if (!first) throw new Error('Name a clock file.');
const random = systemRandom();
const identity = await createIdentity({ nowMs: first.nowMs(), random });
const origins: string[] = [];
for (const clock of [first, ...others]) {
  const log = silentLog();
  const sandbox = await createSandbox({ clock, random, log, publicOrigin: 'http://127.0.0.1', identity });
  origins.push(await listen(createSandboxServer(sandbox, { clock, log }), { host: '127.0.0.1', port: 0 }));
}
const answer: Answer = { origins };
process.on('disconnect', () => process.exit());
process.send?.(answer);
