import type { RelayTest } from '../../contract/relay.ts';
import { type Clock, SECOND } from '../../ports/clock.ts';
import { type HttpClient, HttpFault } from '../../ports/http.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';

const ARRIVAL_MS_MAX = 10 * SECOND;

/**
 * Test notifications through the relay: posted to the address that wallets are told, awaited on the
 * connection. Says which hop fails.
 */
export function createTestThrough(deps: { clock: Clock; random: Random; http: HttpClient }) {
  const { clock, random, http } = deps;
  const awaited = new Map<string, () => void>();

  async function send(notifyUrl: string): Promise<RelayTest> {
    const marker = randomText(random, ALPHANUMERIC, 32);
    const startedMs = clock.monotonicMs();
    let cancel = () => {};
    const arrival = new Promise<number | null>((resolve) => {
      awaited.set(marker, () => resolve(clock.monotonicMs() - startedMs));
      cancel = clock.after(ARRIVAL_MS_MAX, () => resolve(null));
    });
    try {
      const httpStatus = await post(notifyUrl, marker);
      if (httpStatus === null || httpStatus < 200 || httpStatus > 299)
        return { ok: false, failedHop: 'notify_address', httpStatus, tookMs: null };
      const took = await arrival;
      return took === null
        ? { ok: false, failedHop: 'delivery', httpStatus, tookMs: null }
        : { ok: true, failedHop: null, httpStatus, tookMs: Math.round(took) };
    } finally {
      cancel();
      awaited.delete(marker);
    }
  }

  async function post(url: string, marker: string): Promise<number | null> {
    const { origin, pathname } = new URL(url);
    const headers = { 'content-type': 'text/plain' };
    try {
      return (await http.send({ method: 'POST', origin, path: pathname, headers, body: marker })).status;
    } catch (error) {
      if (error instanceof HttpFault) return null;
      throw error;
    }
  }

  return {
    send,
    /** A delivery on the channel for tests. */
    arrived(body: Uint8Array): void {
      awaited.get(Buffer.from(body).toString('latin1'))?.();
    },
  };
}
