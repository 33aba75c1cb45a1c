import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { type Certificate, parseCertificate } from './certificate.ts';
import { wechatTime, wechatTimeMs } from './china-time.ts';
import { KeyError } from './key-error.ts';
import { WechatAeadError, wechatOpen, wechatSeal } from './wechat-v3-aead.ts';
import { normalSerial } from './wechat-v3-signature.ts';

const downloadShape = z.object({
  data: z.array(
    z.object({
      serial_no: z.string(),
      effective_time: z.string(),
      expire_time: z.string(),
      encrypt_certificate: z.object({
        algorithm: z.string(),
        nonce: z.string(),
        associated_data: z.string().nullish(),
        ciphertext: z.string(),
      }),
    }),
  ),
});

interface PlatformCertificate {
  /** As `serial_no` has it. */
  serialNo: string;
  /** As it was sealed, byte for byte. */
  pem: string;
  certificate: Certificate;
  effectiveMs: number | null;
  expireMs: number | null;
}

/** Why one entry of a download is not used; the others still are. */
interface RejectedCertificate {
  serialNo: string;
  why: 'does_not_open' | 'not_a_certificate' | 'serial_differs';
}

export type CertificatesReading =
  | { ok: true; certificates: PlatformCertificate[]; rejected: RejectedCertificate[] }
  | { ok: false; why: 'not_json' | 'not_the_shape' };

/**
 * Reads the body of `GET /v3/certificates`. That an entry opens with the APIv3 key is the first trust in it;
 * the caller still checks the answer's signature with what was delivered. Total on hostile input.
 */
export function readWechatCertificates(body: string, apiV3Key: KeyObject): CertificatesReading {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return { ok: false, why: 'not_json' };
  }
  const parsed = downloadShape.safeParse(json);
  if (!parsed.success) return { ok: false, why: 'not_the_shape' };
  const certificates: PlatformCertificate[] = [];
  const rejected: RejectedCertificate[] = [];
  for (const entry of parsed.data.data) {
    const serialNo = entry.serial_no;
    try {
      const pem = wechatOpen(entry.encrypt_certificate, apiV3Key).toString('utf8');
      const certificate = parseCertificate(pem);
      if (normalSerial(certificate.serialHex) !== normalSerial(serialNo)) {
        rejected.push({ serialNo, why: 'serial_differs' });
        continue;
      }
      certificates.push({
        serialNo,
        pem,
        certificate,
        effectiveMs: wechatTimeMs(entry.effective_time),
        expireMs: wechatTimeMs(entry.expire_time),
      });
    } catch (error) {
      if (error instanceof WechatAeadError) rejected.push({ serialNo, why: 'does_not_open' });
      else if (error instanceof KeyError) rejected.push({ serialNo, why: 'not_a_certificate' });
      else throw error;
    }
  }
  return { ok: true, certificates, rejected };
}

/** The wallet's side: the body of `GET /v3/certificates`. Each entry needs a nonce of its own. */
export function writeWechatCertificates(
  entries: readonly { pem: string; nonce: string }[],
  apiV3Key: KeyObject,
): string {
  return JSON.stringify({
    data: entries.map(({ pem, nonce }) => {
      const certificate = parseCertificate(pem);
      return {
        serial_no: certificate.serialHex,
        effective_time: wechatTime(certificate.notBeforeMs),
        expire_time: wechatTime(certificate.notAfterMs),
        encrypt_certificate: wechatSeal(pem, apiV3Key, { nonce, associatedData: 'certificate' }),
      };
    }),
  });
}
