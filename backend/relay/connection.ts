import type { KeyObject } from 'node:crypto';
import { type Clock, SECOND } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import type { OpenSocket } from '../../ports/socket.ts';
import { RELAY_FRAME_BYTES_MAX } from '../../wire/relay.ts';
import type { Enrolment } from '../store/relay.ts';
import { reconnectDelayMs, takenOverDelayMs } from './back-off.ts';
import { createSession, type Position, type Session, type SessionDeps, type SessionEnd } from './session.ts';

const CONNECT_MS = 8 * SECOND;
/** A connection that lasted so long was a good one: the next back-off starts anew. */
const LASTING_MS = 10 * SECOND;

/** Where the connection stands, and since when (wall clock, ms). `ended`: only a new enrolment helps. */
export type ConnectionState =
  | { kind: 'connected'; sinceMs: number }
  | { kind: 'away'; sinceMs: number; reason: SessionEnd }
  | { kind: 'ended'; sinceMs: number; reason: 'refused' | 'revoked' };

export interface Connection {
  state(): ConnectionState;
  start(): void;
  /** Ends it; nothing is taken in afterwards. */
  stop(): void;
}

/**
 * Keeps one connection to the relay: reconnects with back-off and jitter, leaves it to a process that took
 * it over, and gives up where trying again is of no use.
 */
export function createConnection(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  openSocket: OpenSocket;
  enrolment: Enrolment;
  key: KeyObject;
  take: SessionDeps['take'];
  reached(position: Position): void;
  /** Whether the disk takes what is delivered; while it does not, nothing is asked for. */
  canKeep(): boolean;
  /** The state is another. */
  changed(): void;
}): Connection {
  const { clock, random, log, enrolment } = deps;
  let state: ConnectionState = { kind: 'away', sinceMs: clock.nowMs(), reason: 'away' };
  let { after } = enrolment;
  let session: Session | null = null;
  let attempts = 0;
  let isStopped = false;
  let cancelRetry = () => {};

  function call(): void {
    if (!deps.canKeep()) {
      ended('not_kept');
      return;
    }
    let welcomedAtMs: number | null = null;
    session = createSession({
      clock,
      till: enrolment.till,
      relay: enrolment.relay,
      key: deps.key,
      after,
      connect: (events) =>
        deps.openSocket(
          enrolment.pushUrl,
          { frameBytesMax: RELAY_FRAME_BYTES_MAX, connectMs: CONNECT_MS },
          events,
        ),
      take: deps.take,
      welcomed() {
        welcomedAtMs = clock.monotonicMs();
        become({ kind: 'connected', sinceMs: clock.nowMs() });
      },
      reached(position) {
        after = position;
        deps.reached(position);
      },
      over(why) {
        session = null;
        if (isStopped) return;
        if (welcomedAtMs !== null && clock.monotonicMs() - welcomedAtMs >= LASTING_MS) attempts = 0;
        ended(why);
      },
    });
  }

  function ended(why: SessionEnd): void {
    if (why === 'refused' || why === 'revoked') {
      become({ kind: 'ended', sinceMs: clock.nowMs(), reason: why });
      return;
    }
    const [byte = 0] = random.bytes(1);
    const jitter = byte / 256;
    const delayMs = why === 'taken_over' ? takenOverDelayMs(jitter) : reconnectDelayMs(attempts, jitter);
    attempts += 1;
    cancelRetry = clock.after(delayMs, call);
    // It is away since it went, not since the last try.
    const sinceMs = state.kind === 'away' ? state.sinceMs : clock.nowMs();
    if (state.kind !== 'away' || state.reason !== why) become({ kind: 'away', sinceMs, reason: why });
  }

  function become(next: ConnectionState): void {
    state = next;
    const { url, till } = enrolment;
    const reason = next.kind === 'connected' ? null : next.reason;
    log.info({ relay: url, till, state: next.kind, reason }, 'relay');
    deps.changed();
  }

  return {
    state: () => state,
    start: call,
    stop() {
      isStopped = true;
      cancelRetry();
      session?.stop();
    },
  };
}
