import type { IncomingHttpHeaders } from 'node:http';
import { Pool } from 'undici';
import { type HttpAnswer, type HttpClient, HttpFault, type HttpRequest, type HttpTimeouts } from './http.ts';
import { undiciCall } from './http-undici-call.ts';

const DEFAULT_TIMEOUTS: HttpTimeouts = {
  connectMs: 5_000,
  headersMs: 10_000,
  bodyMs: 5_000,
  totalMs: 15_000,
};

/** WeChat closes an idle connection after about 8 s; a request on one just closed would be lost in doubt. */
const IDLE_MS = 7_000;
/** No wallet answer of today comes near; a body beyond it is an attack or a mistake. */
const BODY_MAX_BYTES = 1024 * 1024;
const CONNECTIONS_MAX = 32;
/** Origins whose connections are kept: a till speaks to its wallets, a relay and the shop. */
const ORIGINS_MAX = 8;

export interface UndiciOptions {
  timeouts?: Partial<HttpTimeouts>;
  bodyMaxBytes?: number;
  /** Per origin. Further requests wait, within `connectMs`. */
  connectionsMax?: number;
  /** PEM of a certificate authority to trust instead of the system's. */
  ca?: string;
}

/**
 * The real network: keep-alive connections per origin, a time-out for each phase, a bounded body, no repeats,
 * no redirects. Plain http is only for this machine.
 */
export function undiciHttpClient(options: UndiciOptions = {}): HttpClient {
  const standing = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const bodyMaxBytes = options.bodyMaxBytes ?? BODY_MAX_BYTES;
  const pools = new Map<string, Pool>();
  /** Of which the last answers are still waited for. */
  const leaving = new Set<Promise<void>>();
  let closed = false;

  function leave(origin: string): void {
    const pool = pools.get(origin);
    pools.delete(origin);
    const left = pool?.close().finally(() => leaving.delete(left as Promise<void>));
    if (left) leaving.add(left);
  }

  const poolOf = (origin: string): Pool => {
    const known = pools.get(origin);
    if (known) {
      // The one used last stands last.
      pools.delete(origin);
      pools.set(origin, known);
      return known;
    }
    const pool = new Pool(checkedOrigin(origin), {
      connections: options.connectionsMax ?? CONNECTIONS_MAX,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS,
      // The phases are measured in undiciCall; undici's coarse timers only clean up behind them.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: standing.connectMs, ...(options.ca ? { ca: options.ca } : {}) },
    });
    pools.set(origin, pool);
    for (const oldest of [...pools.keys()].slice(0, -ORIGINS_MAX)) leave(oldest);
    return pool;
  };

  return {
    async send(request, sendOptions = {}): Promise<HttpAnswer> {
      if (closed) throw new HttpFault('aborted', 'no', 'The client is closed.');
      const pool = poolOf(request.origin);
      const timeouts = { ...standing, ...sendOptions.timeouts };
      const raw = await undiciCall(pool, dispatchOptions(request), {
        timeouts,
        bodyMaxBytes,
        signal: sendOptions.signal,
      });
      return { status: raw.status, headers: joined(raw.headers), body: raw.body };
    },
    async close(): Promise<void> {
      closed = true;
      for (const origin of pools.keys()) leave(origin);
      await Promise.all(leaving);
    },
  };
}

function dispatchOptions(request: HttpRequest) {
  const { method, path, headers, body } = request;
  return { method, path, headers, body: body ?? null };
}

/** Throws {@link HttpFault} for anything but https, and for http elsewhere than on this machine. */
export function checkedOrigin(origin: string): string {
  const url = URL.parse(origin);
  if (!url || url.origin !== origin)
    throw new HttpFault('connect', 'no', `Not an origin: ${origin}. Give scheme, host and port only.`);
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) return origin;
  throw new HttpFault('connect', 'no', `Refused to send to ${origin}: only https leaves this machine.`);
}

export function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const out: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) out[name.toLowerCase()] = typeof value === 'string' ? value : value.join(', ');
  }
  return out;
}
