import { createPublicKey, type KeyObject } from 'node:crypto';
import { type DerElement, DerError, derElements, oidText } from './der.ts';
import { distinguishedName } from './distinguished-name.ts';
import { KeyError } from './key-error.ts';
import { checkedRsa, keysMatch } from './keys.ts';
import { decodeBase64Text, pemBlocks } from './pem.ts';

/**
 * What a certificate says, read from its DER. A walk of our own, because `X509Certificate` has no signature
 * algorithm and, over BoringSSL (Electron), may refuse the SM2 members of Alipay's root bundle.
 */
export interface CertificateFields {
  /** Upper-case hex, whole bytes, leading zeros kept: as `openssl x509 -serial` prints it. */
  serialHex: string;
  /** The issuer as RFC 2253 text, the last encoded part first. */
  issuer: string;
  /** Of the signature on the certificate, not of the key in it. */
  signatureOid: string;
  notBeforeMs: number;
  notAfterMs: number;
  spki: Buffer;
  der: Buffer;
}

export interface Certificate extends CertificateFields {
  /** RSA, at least 2048 bit. */
  publicKey: KeyObject;
}

/** The first certificate of a PEM text (a chain begins with the leaf), or of bare base64. Throws {@link KeyError}. */
export function parseCertificate(text: string): Certificate {
  const block = pemBlocks(text).find(isCertificate);
  const der = block?.der ?? decodeBase64Text(text);
  if (!der) throw new KeyError('not_a_certificate', 'Not a certificate: expected PEM (BEGIN CERTIFICATE).');
  const fields = certificateFields(der);
  return { ...fields, publicKey: checkedRsa(publicKeyOf(fields), 'The key in the certificate') };
}

/** Every certificate of a bundle in file order, whatever its algorithms. Throws {@link KeyError} when there is none. */
export function parseBundle(text: string): CertificateFields[] {
  const members = pemBlocks(text).filter(isCertificate);
  if (members.length === 0)
    throw new KeyError('not_a_certificate', 'No certificate found: expected PEM (BEGIN CERTIFICATE).');
  return members.map((member) => certificateFields(member.der));
}

/** Reads the fields of one DER certificate. Throws {@link KeyError} `not_a_certificate`. */
export function certificateFields(der: Buffer): CertificateFields {
  try {
    const [tbs, algorithm] = children(only(derElements(der)));
    const inner = children(tbs);
    // The version is explicit only from v2 on.
    if (inner[0]?.tag === 0xa0) inner.shift();
    const [serial, , issuer, validity, , spki] = inner;
    if (serial?.tag !== 0x02 || !issuer || !spki) throw new DerError('Fields are missing.');
    const [notBefore, notAfter] = children(validity);
    return {
      serialHex: serialText(serial.body),
      issuer: distinguishedName(issuer),
      signatureOid: oidText(children(algorithm)[0]?.body ?? Buffer.alloc(0)),
      notBeforeMs: timeMs(notBefore),
      notAfterMs: timeMs(notAfter),
      spki: spki.whole,
      der,
    };
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    throw new KeyError('not_a_certificate', 'Not a certificate: its encoding is damaged.', { cause: error });
  }
}

/** Throws {@link KeyError} `expired` or `not_yet_valid`. */
export function checkValidAt(certificate: CertificateFields, nowMs: number): void {
  const until = new Date(certificate.notAfterMs).toISOString();
  if (nowMs > certificate.notAfterMs)
    throw new KeyError('expired', `The certificate expired at ${until}. Install its successor.`);
  if (nowMs < certificate.notBeforeMs) {
    const from = new Date(certificate.notBeforeMs).toISOString();
    throw new KeyError('not_yet_valid', `The certificate is valid only from ${from}. Check this clock.`);
  }
}

/** Whether the certificate was issued for this private key. */
export function keyMatchesCertificate(privateKey: KeyObject, certificate: Certificate): boolean {
  return keysMatch(privateKey, certificate.publicKey);
}

/** Throws {@link KeyError} `mismatch` unless the certificate was issued for this private key. */
export function checkKeyMatchesCertificate(privateKey: KeyObject, certificate: Certificate): void {
  if (!keyMatchesCertificate(privateKey, certificate))
    throw new KeyError('mismatch', 'The private key does not belong to the certificate. Use the pair.');
}

function publicKeyOf(fields: CertificateFields): KeyObject {
  try {
    return createPublicKey({ key: fields.spki, format: 'der', type: 'spki' });
  } catch (error) {
    throw new KeyError('not_rsa', 'The key in the certificate is of an unknown type; RSA is needed.', {
      cause: error,
    });
  }
}

function isCertificate(block: { label: string }): boolean {
  return ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'].includes(block.label);
}

function only(elements: DerElement[]): DerElement {
  const [first] = elements;
  if (elements.length !== 1 || first?.tag !== 0x30) throw new DerError('Expected one sequence.');
  return first;
}

function children(element: DerElement | undefined): DerElement[] {
  if (element?.tag !== 0x30) throw new DerError('Expected a sequence.');
  return derElements(element.body);
}

/** DER pads a positive number with 00 when its top bit is set; the pad is no part of the serial. */
function serialText(body: Buffer): string {
  let start = 0;
  while (start < body.length - 1 && body[start] === 0) start++;
  return body.subarray(start).toString('hex').toUpperCase();
}

/** UTCTime (two-digit year, 1950–2049) or GeneralizedTime, always UTC. */
function timeMs(element: DerElement | undefined): number {
  const text = element?.body.toString('latin1') ?? '';
  const match = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (!match) throw new DerError('Unusable time.');
  const [, year = '', month, day, hour, minute, second] = match;
  const fullYear = year.length === 4 ? year : `${Number(year) < 50 ? '20' : '19'}${year}`;
  const ms = Date.parse(`${fullYear}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(ms)) throw new DerError('Unusable time.');
  return ms;
}
