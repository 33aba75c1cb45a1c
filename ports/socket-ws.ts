import { WebSocket } from 'ws';
import type { Clock } from './clock.ts';
import type { OpenSocket } from './socket.ts';
import { systemEndOfTurn } from './turn.ts';

/** After this a connection that was closed is torn down, whether or not the other side has answered. */
const CLOSE_MS_MAX = 2_000;
/** WebSocket's own codes for an end without a closing frame. */
const WORDLESS = new Set([1005, 1006]);
const UNSUPPORTED_DATA = 1003;

/** The real network: no compression, no redirects, bounded frames. */
export function wsSocket(clock: Clock): OpenSocket {
  return (url, limits, events) => {
    const ws = new WebSocket(url, {
      maxPayload: limits.frameBytesMax,
      handshakeTimeout: limits.connectMs,
      perMessageDeflate: false,
      followRedirects: false,
    });
    let cancelTearDown = () => {};
    let unsent: string[] = [];

    function send(text: string): void {
      // A write takes longer than what leads to it: what a commit tells at home goes before what it tells the relay.
      if (unsent.length === 0) systemEndOfTurn(sendAll);
      unsent.push(text);
    }

    function sendAll(): void {
      const texts = unsent;
      unsent = [];
      for (const text of texts) if (ws.readyState === WebSocket.OPEN) ws.send(text);
    }

    function close(code: number, reason: string): void {
      sendAll();
      ws.close(code, reason);
      cancelTearDown();
      cancelTearDown = clock.after(CLOSE_MS_MAX, () => ws.terminate());
    }

    ws.on('message', (data, isBinary) => {
      if (isBinary) close(UNSUPPORTED_DATA, 'text only');
      else events.received(String(data));
    });
    // Every failure is followed by `close`.
    ws.on('error', () => {});
    ws.on('close', (code) => {
      cancelTearDown();
      events.closed(WORDLESS.has(code) ? null : code);
    });
    return { send, close };
  };
}
