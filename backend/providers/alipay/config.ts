import type { KeyObject } from 'node:crypto';
import { alipayCertSn, alipayRootCertSn } from '../../../wire/alipay-cert-sn.ts';
import { checkKeyMatchesCertificate, checkValidAt, parseCertificate } from '../../../wire/certificate.ts';
import { KeyError } from '../../../wire/key-error.ts';
import { parsePublicKey } from '../../../wire/keys.ts';

/** One merchant's app at Alipay, its keys parsed once. */
export interface AlipayConfig {
  /** e.g. `https://openapi.alipay.com/gateway.do`. */
  gatewayUrl: string;
  appId: string;
  /** The merchant's PID; when given, it is sent and compared. */
  sellerId?: string;
  appPrivateKey: KeyObject;
  trust: AlipayTrust;
  /** When given, contents go and come encrypted (`encrypt_type=AES`). */
  aesKey?: KeyObject;
  /** By contract: 当面付 has the default, 订单码支付 `QR_CODE_OFFLINE`. */
  productCode?: string;
  notifyUrl?: string;
  /** How long after its end an unscanned code is still taken for payable, ms. */
  graceMs?: number;
}

/** Whose signature is believed. The two modes are never mixed: an app that uses certificates always names them. */
export type AlipayTrust =
  | { mode: 'public_key'; alipayPublicKey: KeyObject }
  | {
      mode: 'certificate';
      alipayPublicKey: KeyObject;
      appCertSn: string;
      alipayCertSn: string;
      alipayRootCertSn: string;
    };

export const ALIPAY_GATEWAY = 'https://openapi.alipay.com/gateway.do';
export const ALIPAY_PRODUCT_CODE = 'FACE_TO_FACE_PAYMENT';
export const ALIPAY_GRACE_MS = 90_000;

export interface AlipayCertificateTexts {
  appCert: string;
  alipayCert: string;
  alipayRootCert: string;
}

/** Certificate mode from the three files of the console. Throws {@link KeyError}. */
export function certificateTrust(
  texts: AlipayCertificateTexts,
  appPrivateKey: KeyObject,
  nowMs: number,
): AlipayTrust {
  const appCert = parseCertificate(texts.appCert);
  const alipayCert = parseCertificate(texts.alipayCert);
  checkKeyMatchesCertificate(appPrivateKey, appCert);
  checkValidAt(appCert, nowMs);
  checkValidAt(alipayCert, nowMs);
  const rootSn = alipayRootCertSn(texts.alipayRootCert);
  if (rootSn === '')
    throw new KeyError(
      'not_a_certificate',
      'The root bundle has no RSA certificate. Use alipayRootCert.crt.',
    );
  return {
    mode: 'certificate',
    alipayPublicKey: alipayCert.publicKey,
    appCertSn: alipayCertSn(appCert),
    alipayCertSn: alipayCertSn(alipayCert),
    alipayRootCertSn: rootSn,
  };
}

/** Public-key mode. Throws {@link KeyError}. */
export function publicKeyTrust(alipayPublicKey: string): AlipayTrust {
  return { mode: 'public_key', alipayPublicKey: parsePublicKey(alipayPublicKey) };
}
