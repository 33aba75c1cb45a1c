import { createSession, type Session } from '../../backend/relay/session.ts';
import { systemClock } from '../../ports/clock.ts';
import { wsSocket } from '../../ports/socket-ws.ts';
import type { TestKeys } from '../../relay/test-till.ts';
import { RELAY_FRAME_BYTES_MAX } from '../../wire/relay.ts';
import type { Chance } from '../sim/random.ts';

/** Between two connections, ms: the till's own back-off is proved elsewhere, and would only make this longer. */
const PAUSE_MS = 50;
/** So seldom is a connection torn down between a commit and its acknowledgement. */
const TORN_ONE_IN = 400;

/** A till that commits each delivery, then acknowledges it, and is connected again whenever it is cut off. */
export interface SteadyTill {
  /** The notifications that it has committed. */
  committed: ReadonlySet<string>;
  /** Deliveries of what was committed before. */
  repeats(): number;
  connections(): number;
  /** Resolves once all of these are committed. Rejects when that has not come true within `ms`. */
  has(ids: ReadonlySet<string>, ms: number): Promise<void>;
  stop(): void;
}

export function startTill(options: {
  origins: readonly string[];
  till: string;
  relay: string;
  keys: TestKeys;
  chance: Chance;
}): SteadyTill {
  const { origins, till, relay, keys, chance } = options;
  const clock = systemClock();
  const openSocket = wsSocket(clock);
  const committed = new Set<string>();
  const watchers = new Set<() => void>();
  let repeats = 0;
  let connections = 0;
  let isOver = false;
  let cancelRetry = () => {};
  let session: Session | null = null;

  function call(): void {
    let mine: Session | null = null;
    mine = createSession({
      clock,
      till,
      relay,
      key: keys.privateKey,
      // It remembers no position: everything unacknowledged comes again.
      after: null,
      connect: (events) =>
        openSocket(
          `${chance.pick(origins).replace(/^http/, 'ws')}/till`,
          { frameBytesMax: RELAY_FRAME_BYTES_MAX, connectMs: 5_000 },
          events,
        ),
      async take({ body }) {
        const { id } = JSON.parse(Buffer.from(body, 'base64').toString()) as { id: string };
        if (committed.has(id)) repeats += 1;
        committed.add(id);
        for (const watch of [...watchers]) watch();
        if (chance.int(1, TORN_ONE_IN) === 1) mine?.stop();
        return { kind: 'ack' };
      },
      welcomed: () => {
        connections += 1;
      },
      reached() {},
      over() {
        session = null;
        if (!isOver) cancelRetry = clock.after(PAUSE_MS, call);
      },
    });
    session = mine;
  }

  call();
  return {
    committed,
    repeats: () => repeats,
    connections: () => connections,
    has: (ids, ms) =>
      new Promise((resolve, reject) => {
        const missing = () => [...ids].filter((id) => !committed.has(id));
        const watch = () => {
          // Cheap first: it is asked at every delivery.
          if (committed.size < ids.size || missing().length > 0) return;
          cancel();
          watchers.delete(watch);
          resolve();
        };
        const cancel = clock.after(ms, () => {
          const lost = missing();
          reject(
            new Error(`${lost.length} acknowledged and never delivered: ${lost.slice(0, 10).join(' ')}`),
          );
        });
        watchers.add(watch);
        watch();
      }),
    stop() {
      isOver = true;
      cancelRetry();
      session?.stop();
    },
  };
}
