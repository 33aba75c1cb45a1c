import type { KeyObject } from 'node:crypto';
import { HOUR, MINUTE } from '../../../ports/clock.ts';
import { type HttpAnswer, HttpFault } from '../../../ports/http.ts';
import type { Certificate } from '../../../wire/certificate.ts';
import { readWechatCertificates } from '../../../wire/wechat-v3-certificates.ts';
import {
  normalSerial,
  verifyWechatMessage,
  WECHAT_PUBLIC_KEY_PREFIX,
  type WechatMessage,
  type WechatVerdict,
  type WechatVerifiers,
} from '../../../wire/wechat-v3-signature.ts';
import type { Asked } from '../provider.ts';
import type { WechatV3Config } from './config.ts';
import { sendSigned, type WechatPorts } from './send.ts';

/** Platform certificates that are older here than this are fetched again before they are used. */
const REFRESH_AFTER_MS = 12 * HOUR;
/** How soon a download that failed, or a serial that it did not bring, is tried again. */
const RETRY_AFTER_MS = MINUTE;
/** So many unknown serials have certificates fetched within that time: who makes them up is not served. */
const REJECTED_MAX = 4;

interface Held {
  key: KeyObject;
  notAfterMs: number;
}

/** The keys that one merchant's answers may be signed with. The public key never expires; certificates rotate. */
export interface Verifiers {
  /**
   * Checks a signed answer or notification; fetches certificates when its serial is not known, once, then
   * rejects. Its window is measured at `receivedMs` (ms since the epoch), by default now.
   */
  verify(message: WechatMessage, at: Asked, receivedMs?: number): Promise<WechatVerdict>;
}

export function createVerifiers(config: WechatV3Config, ports: WechatPorts): Verifiers {
  let certificates = new Map<string, Held>();
  for (const certificate of config.platformCertificates ?? []) hold(certificates, certificate);
  let fetchedAtMs: number | null = null;
  let flight: Promise<void> | null = null;
  const rejectedAtMs = new Map<string, number>();

  /** By the clock that is handed in: an expired certificate is no key any more. */
  const lookup =
    (held: Map<string, Held>, nowMs: number): WechatVerifiers =>
    (serial) => {
      if (serial.startsWith(WECHAT_PUBLIC_KEY_PREFIX))
        return serial === config.publicKey?.id ? config.publicKey.key : undefined;
      const certificate = held.get(normalSerial(serial));
      return certificate && nowMs <= certificate.notAfterMs ? certificate.key : undefined;
    };

  const download = async (nowMs: number): Promise<void> => {
    let answer: HttpAnswer;
    try {
      const request = { method: 'GET', path: '/v3/certificates' } as const;
      answer = await sendSigned(config, ports, request, { nowMs });
    } catch (error) {
      if (error instanceof HttpFault) return;
      throw error;
    }
    // A merchant of the public-key kind has none: 404 or an empty list. Nothing is lost by it.
    if (answer.status !== 200) return;
    const reading = readWechatCertificates(Buffer.from(answer.body).toString('utf8'), config.apiV3Key);
    if (!reading.ok) return;
    const delivered = new Map<string, Held>();
    for (const { certificate } of reading.certificates) hold(delivered, certificate);
    // That an entry opened with the APIv3 key is the first trust in it; then the answer itself must verify,
    // which a certificate that was just delivered may do.
    const together = new Map([...certificates, ...delivered]);
    if (verifyWechatMessage(answer, lookup(together, nowMs), nowMs) !== 'OK') return;
    certificates = new Map([...together].filter(([, held]) => nowMs <= held.notAfterMs));
  };

  /** One download at a time, shared by all who wait; never tied to one caller's signal. */
  const refresh = (nowMs: number): Promise<void> => {
    flight ??= download(nowMs).finally(() => {
      fetchedAtMs = nowMs;
      flight = null;
    });
    return flight;
  };

  return {
    async verify(answer, at, receivedMs = at.nowMs) {
      const { nowMs } = at;
      const serial = answer.headers['wechatpay-serial'] ?? '';
      if (serial === '' || serial.startsWith(WECHAT_PUBLIC_KEY_PREFIX))
        return verifyWechatMessage(answer, lookup(certificates, nowMs), receivedMs);
      const known = () => lookup(certificates, nowMs)(serial) !== undefined;
      const isWorthAsking = !known() && mayBeNew(serial, nowMs);
      if (isWorthAsking || (known() && isStale(nowMs))) await refresh(nowMs);
      if (isWorthAsking && !known()) rejectedAtMs.set(normalSerial(serial), nowMs);
      return verifyWechatMessage(answer, lookup(certificates, nowMs), receivedMs);
    },
  };

  /** An unknown serial is that of a new certificate, unless it, or others like it, have just proved to be none. */
  function mayBeNew(serial: string, nowMs: number): boolean {
    for (const [rejected, atMs] of rejectedAtMs) {
      if (Math.abs(nowMs - atMs) >= RETRY_AFTER_MS) rejectedAtMs.delete(rejected);
    }
    return rejectedAtMs.size < REJECTED_MAX && !rejectedAtMs.has(normalSerial(serial));
  }

  /** Configured certificates are as old as this process: they count as fresh from their first use. */
  function isStale(nowMs: number): boolean {
    fetchedAtMs ??= nowMs;
    return Math.abs(nowMs - fetchedAtMs) >= REFRESH_AFTER_MS;
  }
}

function hold(held: Map<string, Held>, certificate: Certificate): void {
  held.set(normalSerial(certificate.serialHex), {
    key: certificate.publicKey,
    notAfterMs: certificate.notAfterMs,
  });
}
