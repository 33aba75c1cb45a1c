import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type CLOSE, RELAY_FRAME_BYTES_MAX, TILL_FRAME_BYTES_MAX } from '../wire/relay.ts';
import { createPlaces } from './admission.ts';
import { createSession, type Session, type SessionDeps } from './session.ts';
import { sourceOf } from './source.ts';

/** After this the connection is torn down, whether or not the till has answered the close. */
const CLOSE_MS_MAX = 2_000;

export interface PushLimits {
  connectionsMax: number;
  /** Connections that have not proved a key: in all, and from one source. */
  greetingMax: number;
  greetingPerSourceMax: number;
}

export const PUSH_LIMITS: PushLimits = {
  connectionsMax: 20_000,
  greetingMax: 4_000,
  greetingPerSourceMax: 1_000,
};

/** When a till was last here, as this node knows it. */
interface Presence {
  connected: boolean;
  /** Wall clock, ms: since when it is connected, or when it was last. */
  sinceMs: number;
}

export interface Push {
  presence(till: string): Presence | null;
  connected(): number;
  stop(): void;
}

/** WebSocket `/till` on the server: one {@link createSession} per connection. */
export function createPush(
  server: Server,
  deps: Omit<SessionDeps, 'line' | 'relayName' | 'greeted' | 'over'> & {
    relayName: () => string;
    limits: PushLimits;
    trustedProxies: ReadonlySet<string>;
  },
): Push {
  const { clock, limits, registry } = deps;
  /** More than a whole window of the largest frames: who has so much unread only writes, and never reads. */
  const unreadBytesMax = (deps.window + 1) * RELAY_FRAME_BYTES_MAX;
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: TILL_FRAME_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: false,
  });
  /** Every connection, and its till once it has proved it. */
  const sessions = new Map<Session, string | null>();
  /** The latest connection of each till that is here. */
  const latest = new Map<string, Session>();
  const presences = new Map<string, Presence>();
  const greetingOf = createPlaces(limits.greetingPerSourceMax);
  let greeting = 0;
  let stopped = false;

  registry.onRevoked((till) => {
    presences.delete(till);
    endAll('revoked', (of) => of === till);
  });

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    if ((request.url ?? '').split('?')[0] !== '/till') return turnAway(socket, 404);
    const source = sourceOf(request, deps.trustedProxies);
    const crowded =
      sessions.size >= limits.connectionsMax || greeting >= limits.greetingMax || greetingOf.full(source);
    if (stopped || crowded) return turnAway(socket, 503);
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, source));
  });

  function accept(ws: WebSocket, source: string): void {
    let inGreeting = true;
    greeting += 1;
    greetingOf.enter(source);
    const leaveGreeting = () => {
      if (!inGreeting) return;
      inGreeting = false;
      greeting -= 1;
      greetingOf.leave(source);
    };
    const session = createSession({
      ...deps,
      relayName: deps.relayName(),
      line: {
        send(text) {
          if (ws.bufferedAmount > unreadBytesMax) ws.terminate();
          else ws.send(text);
        },
        close(code, reason) {
          ws.close(code, reason);
          const cancel = clock.after(CLOSE_MS_MAX, () => ws.terminate());
          ws.once('close', cancel);
        },
      },
      greeted(till) {
        leaveGreeting();
        sessions.set(session, till);
        latest.set(till, session);
        presences.set(till, { connected: true, sinceMs: clock.nowMs() });
        deps.log.info({ till, source }, 'till connected');
      },
      over(till) {
        leaveGreeting();
        sessions.delete(session);
        // One that was taken over says nothing about its till.
        if (till === null || latest.get(till) !== session) return;
        latest.delete(till);
        if (registry.find(till)) presences.set(till, { connected: false, sinceMs: clock.nowMs() });
      },
    });
    sessions.set(session, null);
    ws.on('message', (data, binary) => {
      if (binary) session.end('protocol');
      else session.receive(String(data));
    });
    ws.on('ping', () => session.heard());
    ws.on('pong', () => session.heard());
    ws.on('error', (error) => deps.log.debug({ err: error }, 'a connection failed'));
    ws.on('close', () => session.lost());
  }

  function endAll(why: keyof typeof CLOSE, which: (till: string | null) => boolean = () => true): void {
    for (const [session, till] of [...sessions]) if (which(till)) session.end(why);
  }

  return {
    presence: (till) => presences.get(till) ?? null,
    connected: () => latest.size,
    stop() {
      stopped = true;
      endAll('unavailable');
    },
  };
}

function turnAway(socket: Duplex, status: number): void {
  // Its other half would else stay open for as long as the caller likes.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
