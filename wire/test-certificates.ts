import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import forge from 'node-forge';
import { HOUR } from '../ports/clock.ts';

/** Keys and certificates made for one test run; worthless anywhere else. */
export interface TestPair {
  privateKey: KeyObject;
  publicKey: KeyObject;
  privatePem: string;
  publicPem: string;
}

export function testPair(modulusLength = 2048): TestPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  return {
    privateKey,
    publicKey,
    privatePem: pem(privateKey, 'pkcs8'),
    publicPem: pem(publicKey, 'spki'),
  };
}

export interface TestCertificate {
  serialHex: string;
  notBeforeMs: number;
  notAfterMs?: number;
  issuer?: { shortName: string; value: string }[];
}

/** A self-signed certificate over the pair's key, as PEM. */
export function testCertificate(pair: TestPair, of: TestCertificate): string {
  const certificate = forge.pki.createCertificate();
  const name = of.issuer ?? [
    { shortName: 'C', value: 'CN' },
    { shortName: 'O', value: 'Test' },
    { shortName: 'CN', value: 'Test CA' },
  ];
  certificate.publicKey = forge.pki.publicKeyFromPem(pair.publicPem);
  certificate.serialNumber = of.serialHex;
  certificate.validity.notBefore = new Date(of.notBeforeMs);
  certificate.validity.notAfter = new Date(of.notAfterMs ?? of.notBeforeMs + 24 * HOUR);
  // The types of node-forge take a class where it expects the tag of a string type.
  const valueTagClass = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;
  const attributes = name.map((part) => ({ ...part, valueTagClass }));
  certificate.setIssuer(attributes);
  certificate.setSubject(attributes);
  certificate.sign(forge.pki.privateKeyFromPem(pair.privatePem), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r', '');
}

/** A key as PEM text. */
export function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'spki'): string {
  return key.export({ type, format: 'pem' }).toString();
}
