import { createHash } from 'node:crypto';
import { type CertificateFields, parseBundle } from './certificate.ts';

/** Signature algorithms of the RSA family; Alipay's SM2 and ECDSA roots take no part in the SN. */
const RSA_FAMILY = '1.2.840.113549.1.1.';

/** `app_cert_sn`, `alipay_cert_sn`: MD5 over issuer and decimal serial, always 32 hex digits. */
export function alipayCertSn(certificate: CertificateFields): string {
  const serialDecimal = BigInt(`0x${certificate.serialHex}`).toString();
  return createHash('md5').update(`${certificate.issuer}${serialDecimal}`, 'utf8').digest('hex');
}

/** Whether a member of the root bundle counts for `alipay_root_cert_sn`: by the signature on it, not by its key. */
export function countsForRootSn(certificate: CertificateFields): boolean {
  return certificate.signatureOid.startsWith(RSA_FAMILY);
}

/**
 * `alipay_root_cert_sn` of a PEM bundle: the SNs of its RSA-signed members in file order, joined with `_`.
 * Empty when there are none. Throws `KeyError` when a member is damaged.
 */
export function alipayRootCertSn(bundlePem: string): string {
  return parseBundle(bundlePem).filter(countsForRootSn).map(alipayCertSn).join('_');
}
