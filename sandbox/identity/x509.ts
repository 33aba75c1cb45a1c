import { type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';
import { pemText } from '../../wire/pem.ts';

const { asn1 } = forge;
const { Class, Type } = asn1;

/** Names in the order of encoding, e.g. `[['C', 'CN'], ['O', 'Sandbox']]`. */
export type DistinguishedName = readonly (readonly ['C' | 'O' | 'OU' | 'CN', string])[];

const NAME_OIDS = { C: '2.5.4.6', O: '2.5.4.10', OU: '2.5.4.11', CN: '2.5.4.3' } as const;
const RSA_SHA256 = '1.2.840.113549.1.1.11';
const ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const BASIC_CONSTRAINTS = '2.5.29.19';

export interface CertificateOrder {
  subject: DistinguishedName;
  issuer: DistinguishedName;
  /** Hex, positive, at most 20 bytes. */
  serialHex: string;
  notBeforeMs: number;
  notAfterMs: number;
  publicKey: KeyObject;
  /** The issuer's private key, RSA or EC P-256. */
  signer: KeyObject;
  isCa: boolean;
}

/**
 * Issues an X.509 v3 certificate, signed with SHA-256; PEM. Encoded here and signed natively: node-forge's
 * own signing is slow and knows RSA alone, while Alipay's root bundle also holds an ECDSA member.
 */
export function issueCertificate(order: CertificateOrder): string {
  const algorithm =
    order.signer.asymmetricKeyType === 'rsa'
      ? sequence(oid(RSA_SHA256), primitive(Type.NULL, ''))
      : sequence(oid(ECDSA_SHA256));
  const spki = order.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1');
  const tbs = sequence(
    asn1.create(Class.CONTEXT_SPECIFIC, 0, true, [integer('02')]),
    integer(order.serialHex),
    algorithm,
    name(order.issuer),
    sequence(time(order.notBeforeMs), time(order.notAfterMs)),
    name(order.subject),
    asn1.fromDer(spki),
    asn1.create(Class.CONTEXT_SPECIFIC, 3, true, [sequence(basicConstraints(order.isCa))]),
  );
  const signature = sign('sha256', derOf(tbs), order.signer);
  const whole = sequence(tbs, algorithm, primitive(Type.BITSTRING, `\0${signature.toString('latin1')}`));
  return pemText('CERTIFICATE', derOf(whole));
}

function derOf(element: forge.asn1.Asn1): Buffer {
  return Buffer.from(asn1.toDer(element).getBytes(), 'latin1');
}

function sequence(...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, parts);
}

function primitive(type: forge.asn1.Type, bytes: string): forge.asn1.Asn1 {
  return asn1.create(Class.UNIVERSAL, type, false, bytes);
}

function oid(dotted: string): forge.asn1.Asn1 {
  return primitive(Type.OID, asn1.oidToDer(dotted).getBytes());
}

/** A leading zero byte keeps the number positive. */
function integer(hex: string): forge.asn1.Asn1 {
  const bytes = Buffer.from(hex, 'hex');
  const padded = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  return primitive(Type.INTEGER, padded.toString('latin1'));
}

function name(parts: DistinguishedName): forge.asn1.Asn1 {
  return sequence(
    ...parts.map(([field, value]) =>
      asn1.create(Class.UNIVERSAL, Type.SET, true, [
        sequence(
          oid(NAME_OIDS[field]),
          primitive(field === 'C' ? Type.PRINTABLESTRING : Type.UTF8, Buffer.from(value).toString('latin1')),
        ),
      ]),
    ),
  );
}

/** RFC 5280: UTCTime up to 2049, GeneralizedTime from 2050 on. */
function time(ms: number): forge.asn1.Asn1 {
  const digits = `${new Date(ms).toISOString().slice(0, 19).replace(/[-T:]/g, '')}Z`;
  return digits < '2050' ? primitive(Type.UTCTIME, digits.slice(2)) : primitive(Type.GENERALIZEDTIME, digits);
}

function basicConstraints(isCa: boolean): forge.asn1.Asn1 {
  const content = isCa ? sequence(primitive(Type.BOOLEAN, '\xff')) : sequence();
  return sequence(
    oid(BASIC_CONSTRAINTS),
    primitive(Type.BOOLEAN, '\xff'),
    primitive(Type.OCTETSTRING, derOf(content).toString('latin1')),
  );
}
