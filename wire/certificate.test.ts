import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alipayCertSn, alipayRootCertSn } from './alipay-cert-sn.ts';
import {
  certificateFields,
  checkKeyMatchesCertificate,
  checkValidAt,
  keyMatchesCertificate,
  parseCertificate,
} from './certificate.ts';
import { KeyError } from './key-error.ts';
import { testCertificate, testPair } from './test-certificates.ts';

const START = Date.UTC(2026, 0, 1);
const pair = testPair();
const pem = testCertificate(pair, { serialHex: '0badc0de', notBeforeMs: START });

function kindOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof KeyError) return error.kind;
    throw error;
  }
  return 'none';
}

test('our reading agrees with the platform’s own reader', () => {
  const cases = [
    { serialHex: '01', notBeforeMs: Date.UTC(1999, 11, 31) },
    { serialHex: '00ff00', notBeforeMs: START, notAfterMs: Date.UTC(2049, 11, 31, 23, 59, 59) },
    {
      serialHex: '0abcdef0123456789abcdef0123456789abcdef0',
      notBeforeMs: START,
      notAfterMs: Date.UTC(2081, 5, 1),
    },
    {
      serialHex: '11',
      notBeforeMs: START,
      issuer: [
        { shortName: 'C', value: 'CN' },
        { shortName: 'ST', value: '广东' },
        { shortName: 'L', value: 'Shenzhen' },
        { shortName: 'O', value: 'A, "B" + C; <D>' },
        { shortName: 'E', value: 'ca@example.com' },
        { shortName: 'CN', value: '#1 测试' },
      ],
    },
  ];
  for (const of of cases) {
    const text = testCertificate(pair, of);
    const ours = parseCertificate(text);
    const theirs = new X509Certificate(text);
    expect(ours.serialHex).toBe(theirs.serialNumber);
    expect(ours.issuer).toBe(theirs.issuer.split('\n').reverse().join(','));
    expect(ours.notBeforeMs).toBe(Date.parse(theirs.validFrom));
    expect(ours.notAfterMs).toBe(Date.parse(theirs.validTo));
    expect(ours.publicKey.equals(theirs.publicKey)).toBe(true);
    expect(ours.signatureOid).toBe('1.2.840.113549.1.1.11');
  }
});

test('the first certificate of a chain is the one that counts', () => {
  const other = testCertificate(pair, { serialHex: '02', notBeforeMs: START });
  expect(parseCertificate(`subject=x\n${pem}\n${other}`).serialHex).toBe('0BADC0DE');
});

test('a key that does not match its certificate, and a certificate out of its time, are refused', () => {
  const certificate = parseCertificate(pem);
  expect(keyMatchesCertificate(pair.privateKey, certificate)).toBe(true);
  expect(kindOf(() => checkKeyMatchesCertificate(testPair().privateKey, certificate))).toBe('mismatch');
  expect(kindOf(() => checkValidAt(certificate, START))).toBe('none');
  expect(kindOf(() => checkValidAt(certificate, START - 1))).toBe('not_yet_valid');
  expect(kindOf(() => checkValidAt(certificate, certificate.notAfterMs))).toBe('none');
  expect(kindOf(() => checkValidAt(certificate, certificate.notAfterMs + 1))).toBe('expired');
  expect(
    kindOf(() => parseCertificate(testCertificate(testPair(1024), { serialHex: '01', notBeforeMs: START }))),
  ).toBe('too_short');
});

test('no certificate at all is a typed error', () => {
  for (const text of [
    '',
    'hello',
    pair.publicPem,
    pair.privatePem,
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----',
  ])
    expect(kindOf(() => parseCertificate(text))).toBe('not_a_certificate');
  expect(kindOf(() => alipayRootCertSn('none'))).toBe('not_a_certificate');
});

test('any cut or changed certificate gives fields or a typed error, never a crash', () => {
  const { der } = parseCertificate(pem);
  fc.assert(
    fc.property(fc.nat(der.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
      const changed = cut ? der.subarray(0, at) : Buffer.from(der);
      if (!cut) changed[at] = byte;
      try {
        alipayCertSn(certificateFields(changed));
      } catch (error) {
        expect(error).toBeInstanceOf(KeyError);
      }
    }),
    { numRuns: 2_000 },
  );
});
