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

/** `KEYS_AWAY`: its serial may be a new certificate's, and the certificates could not be fetched just now. */
type Verdict = WechatVerdict | 'KEYS_AWAY';

/** The keys that one merchant's answers may be signed with. The public key never expires; certificates rotate. */
export interface Verifiers {
  /**
   * Checks a signed answer or notification; fetches certificates when its serial is not known, once, then
   * rejects. Its window is measured at `receivedMs` (ms since the epoch), by default now.
   */
  verify(message: WechatMessage, at: Asked, receivedMs?: number): Promise<Verdict>;
}

export function createVerifiers(config: WechatV3Config, ports: WechatPorts): Verifiers {
  let certificates = new Map<string, Held>();
  for (const certificate of config.platformCertificates ?? []) hold(certificates, certificate);
  let fetchedAtMs: number | null = null;
  let flight: Promise<boolean> | null = null;
  /** Serials that no download brought; `isAway`: because there was none. */
  const rejected = new Map<string, { atMs: number; isAway: boolean }>();

  /** By the clock that is handed in: an expired certificate is no key any more. */
  const lookup =
    (held: Map<string, Held>, nowMs: number): WechatVerifiers =>
    (serial) => {
      if (serial.startsWith(WECHAT_PUBLIC_KEY_PREFIX))
        return serial === config.publicKey?.id ? config.publicKey.key : undefined;
      const certificate = held.get(normalSerial(serial));
      return certificate && nowMs <= certificate.notAfterMs ? certificate.key : undefined;
    };

  /** Whether WeChat has said which certificates there are. */
  const download = async (nowMs: number): Promise<boolean> => {
    let answer: HttpAnswer;
    try {
      const request = { method: 'GET', path: '/v3/certificates' } as const;
      answer = await sendSigned(config, ports, request, { nowMs });
    } catch (error) {
      if (error instanceof HttpFault) return false;
      throw error;
    }
    // A merchant of the public-key kind has none: 404 or an empty list. Nothing is lost by it.
    if (answer.status !== 200) return answer.status < 500 && answer.status !== 429;
    const reading = readWechatCertificates(Buffer.from(answer.body).toString('utf8'), config.apiV3Key);
    if (!reading.ok) return false;
    const delivered = new Map<string, Held>();
    for (const { certificate } of reading.certificates) hold(delivered, certificate);
    // That an entry opened with the APIv3 key is the first trust in it; then the answer itself must verify,
    // which a certificate that was just delivered may do.
    const together = new Map([...certificates, ...delivered]);
    if (verifyWechatMessage(answer, lookup(together, nowMs), nowMs) !== 'OK') return false;
    certificates = new Map([...together].filter(([, held]) => nowMs <= held.notAfterMs));
    return true;
  };

  /** One download at a time, shared by all who wait; never tied to one caller's signal. */
  const refresh = (nowMs: number): Promise<boolean> => {
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
      if (isWorthAsking || (known() && isStale(nowMs))) {
        const isAway = !(await refresh(nowMs));
        if (!known()) rejected.set(normalSerial(serial), { atMs: nowMs, isAway });
      }
      const verdict = verifyWechatMessage(answer, lookup(certificates, nowMs), receivedMs);
      const isAway = verdict === 'UNKNOWN_SERIAL' && rejected.get(normalSerial(serial))?.isAway;
      return isAway ? 'KEYS_AWAY' : verdict;
    },
  };

  /** An unknown serial is that of a new certificate, unless it, or others like it, have just proved to be none. */
  function mayBeNew(serial: string, nowMs: number): boolean {
    for (const [other, { atMs }] of rejected) {
      if (Math.abs(nowMs - atMs) >= RETRY_AFTER_MS) rejected.delete(other);
    }
    return rejected.size < REJECTED_MAX && !rejected.has(normalSerial(serial));
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
