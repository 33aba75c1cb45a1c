import { createPrivateKey } from 'node:crypto';
import { createConnection } from '../../backend/relay/connection.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { wsSocket } from '../../ports/socket-ws.ts';

/** What this process is told. */
export type Told =
  /** Enrolled tills, to be connected now; keys as PKCS#8 PEM. */
  | { tills: { till: string; privateKey: string }[]; relay: string; pushUrl: string }
  /** Deliveries are taken and not answered, until further notice. */
  | { hold: boolean }
  | 'report';

/** How the tills stand. Times are ms since this process began. */
export interface Report {
  nowMs: number;
  connected: number;
  /** Deliveries that are held without an answer. */
  held: number;
  /** By till, the bodies that it has committed. */
  committed: Record<string, string[]>;
  /** When a connection was tried, and when one was welcomed. */
  triesMs: number[];
  welcomesMs: number[];
}

const clock = systemClock();
const random = systemRandom();
const log = silentLog();
const openSocket = wsSocket(clock);
const committed = new Map<string, Set<string>>();
const connected = new Set<string>();
const triesMs: number[] = [];
const welcomesMs: number[] = [];
let isHolding = false;
let held = 0;

function connect(till: string, privateKey: string, relay: string, pushUrl: string): void {
  const mine = new Set<string>();
  committed.set(till, mine);
  const connection = createConnection({
    clock,
    random,
    log,
    openSocket(url, limits, events) {
      triesMs.push(performance.now());
      return openSocket(url, limits, events);
    },
    enrolment: {
      ...{ url: pushUrl, till, relay, pushUrl, notifyUrl: '', publicKey: '' },
      ...{ enrolledAtMs: 0, after: null },
    },
    key: createPrivateKey(privateKey),
    async take({ body }) {
      if (isHolding) {
        held += 1;
        await new Promise(() => {});
      }
      mine.add(Buffer.from(body, 'base64').toString());
      return { kind: 'ack' };
    },
    reached() {},
    canKeep: () => true,
    changed() {
      if (connection.state().kind === 'connected') {
        connected.add(till);
        welcomesMs.push(performance.now());
      } else connected.delete(till);
    },
  });
  connection.start();
}

process.on('message', (told: Told) => {
  if (told === 'report') {
    const report: Report = {
      nowMs: performance.now(),
      connected: connected.size,
      held,
      committed: Object.fromEntries([...committed].map(([till, bodies]) => [till, [...bodies].sort()])),
      triesMs,
      welcomesMs,
    };
    process.send?.(report);
  } else if ('hold' in told) {
    isHolding = told.hold;
  } else {
    for (const { till, privateKey } of told.tills) connect(till, privateKey, told.relay, told.pushUrl);
  }
});
process.once('disconnect', () => process.exit());
