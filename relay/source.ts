import type { IncomingMessage } from 'node:http';

/** Longest address that is kept. */
const ADDRESS_CHARACTERS_MAX = 64;

/**
 * Who sent it: the peer, or, when the peer is a trusted proxy, the last address in `X-Forwarded-For` that is
 * no trusted proxy. Only what trusted proxies wrote is believed.
 */
export function sourceOf(
  request: Pick<IncomingMessage, 'headers' | 'socket'>,
  trusted: ReadonlySet<string>,
): string {
  const peer = plain(request.socket.remoteAddress ?? '');
  if (!trusted.has(peer)) return peer;
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((part) => plain(part.trim()))
    .filter((part) => part !== '');
  return forwarded.findLast((part) => !trusted.has(part)) ?? peer;
}

function plain(address: string): string {
  return address.replace(/^::ffff:/i, '').slice(0, ADDRESS_CHARACTERS_MAX);
}
