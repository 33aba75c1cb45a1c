/**
 * A WebSocket of this side's making, as a port: text frames both ways. `socket-ws.ts` is the real one; tests
 * and simulations bring their own.
 */
export interface Socket {
  /** Sends one frame; dropped when the connection is gone. */
  send(text: string): void;
  /** Ends it, saying why, and tears it down soon if the other side does not answer. Safe to call twice. */
  close(code: number, reason: string): void;
}

/** What happens on it. Nothing is called before `openSocket` has returned. */
export interface SocketEvents {
  received(text: string): void;
  /** Once, as the last: the other side's code, or null when it went without a word or was never there. */
  closed(code: number | null): void;
}

interface SocketLimits {
  /** Longest frame that is taken; a longer one ends the connection. */
  frameBytesMax: number;
  /** Connection, TLS and handshake together. */
  connectMs: number;
}

/** Calls `url` (`ws:` or `wss:`). Never throws for what the network does: that is `closed`. */
export type OpenSocket = (url: string, limits: SocketLimits, events: SocketEvents) => Socket;
