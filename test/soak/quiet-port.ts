import { randomInt } from 'node:crypto';
import { freePort } from '../../scripts/free-port.ts';

/** Below the ports that systems give to outgoing connections: whoever is killed finds it free again. */
const FIRST = 20_000;
const LAST = 32_000;

/** A port for a service that is to be started again at it. */
export async function quietPort(): Promise<number> {
  const port = await freePort(randomInt(FIRST, LAST), 200);
  if (port === 0) throw new Error('There is no free port.');
  return port;
}
