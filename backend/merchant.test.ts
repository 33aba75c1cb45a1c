import { beforeAll, describe, expect, test } from 'vitest';
import type { HttpClient } from '../ports/http.ts';
import { systemRandom } from '../ports/random.ts';
import { type TestPair, testCertificate, testPair } from '../wire/test-certificates.ts';
import { createProviders, MerchantError } from './merchant.ts';

const NOW_MS = Date.parse('2026-11-21T14:32:10+08:00');
const YEAR_MS = 365 * 86_400_000;
const noHttp: HttpClient = {
  send: () => Promise.reject(new Error('Nothing is sent here.')),
  close: async () => {},
};

let pair: TestPair;
let other: TestPair;
let short: TestPair;
let certificate: string;
let expired: string;
let strangers: string;

beforeAll(() => {
  pair = testPair();
  other = testPair();
  short = testPair(1024);
  certificate = testCertificate(pair, {
    serialHex: '0abc01',
    notBeforeMs: NOW_MS - YEAR_MS,
    notAfterMs: NOW_MS + YEAR_MS,
  });
  expired = testCertificate(pair, {
    serialHex: '0abc02',
    notBeforeMs: NOW_MS - 2 * YEAR_MS,
    notAfterMs: NOW_MS - 1,
  });
  strangers = testCertificate(other, {
    serialHex: '0abc03',
    notBeforeMs: NOW_MS - YEAR_MS,
    notAfterMs: NOW_MS + YEAR_MS,
  });
});

const alipay = () => ({
  appId: '2021000100000001',
  appPrivateKey: pair.privatePem,
  alipayPublicKey: other.publicPem,
});
const wechat = () => ({
  appId: 'wxtest0000000001',
  mchId: '1900000101',
  merchantPrivateKey: pair.privatePem,
  merchantCert: certificate,
  apiV3Key: 'TestOnlyApiV3Key0123456789abcdef',
  publicKey: other.publicPem,
  publicKeyId: 'PUB_KEY_ID_0119000001012024112900000000000001',
});

function providers(file: unknown) {
  return createProviders(file, {
    newHttpClient: () => noHttp,
    random: systemRandom(),
    nowMs: NOW_MS,
    alipayGraceMs: 90_000,
  });
}

function refusal(file: unknown): MerchantError {
  try {
    providers(file);
  } catch (error) {
    if (error instanceof MerchantError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

describe('a merchant’s file', () => {
  test('gives a channel for each wallet that it names', () => {
    expect(providers({ alipay: alipay(), wechat: wechat() }).map((provider) => provider.channel)).toEqual([
      'alipay',
      'wechat',
    ]);
    expect(providers({ wechat: wechat() }).map((provider) => provider.channel)).toEqual(['wechat']);
  });

  test('takes keys with and without their PEM armour', () => {
    const bare = pair.privatePem.replace(/-----[^-]+-----|\s/g, '');
    expect(providers({ alipay: { ...alipay(), appPrivateKey: bare } })).toHaveLength(1);
  });

  test.each<[string, () => unknown, string, string]>([
    [
      'a key that is not a key',
      () => ({ alipay: { ...alipay(), appPrivateKey: 'hello' } }),
      'alipay.appPrivateKey',
      'not_a_key',
    ],
    [
      'a public key in a private key’s place',
      () => ({ alipay: { ...alipay(), appPrivateKey: pair.publicPem } }),
      'alipay.appPrivateKey',
      'wrong_half',
    ],
    [
      'a key that is too short',
      () => ({ alipay: { ...alipay(), appPrivateKey: short.privatePem } }),
      'alipay.appPrivateKey',
      'too_short',
    ],
    [
      'a key that does not match its certificate',
      () => ({ wechat: { ...wechat(), merchantCert: strangers } }),
      'wechat.merchantCert',
      'mismatch',
    ],
    [
      'an expired certificate',
      () => ({ wechat: { ...wechat(), merchantCert: expired } }),
      'wechat.merchantCert',
      'expired',
    ],
    [
      'a serial that is another certificate’s',
      () => ({ wechat: { ...wechat(), merchantSerial: 'FF' } }),
      'wechat.merchantSerial',
      'mismatch',
    ],
    [
      'an APIv3 key of the wrong length',
      () => ({ wechat: { ...wechat(), apiV3Key: 'short' } }),
      'wechat.apiV3Key',
      'wrong_length',
    ],
    [
      'a public key without its id',
      () => ({ wechat: { ...wechat(), publicKeyId: undefined } }),
      'wechat.publicKeyId',
      'missing',
    ],
    [
      'a public key id that is something else',
      () => ({ wechat: { ...wechat(), publicKeyId: '7132D72A03E93CDD' } }),
      'wechat.publicKeyId',
      'malformed',
    ],
    [
      'no key to verify Alipay with',
      () => ({ alipay: { ...alipay(), alipayPublicKey: undefined } }),
      'alipay.alipayPublicKey',
      'missing',
    ],
    [
      'certificate mode without certificates',
      () => ({ alipay: { ...alipay(), mode: 'certificate' } }),
      'alipay.alipayRootCert',
      'missing',
    ],
    ['no wallet', () => ({}), '', 'no_wallet'],
    ['something else', () => [1], '', 'malformed'],
  ])('with %s is refused by field and kind', (_, file, field, kind) => {
    const error = refusal(file());
    expect([error.field, error.kind]).toEqual([field, kind]);
  });

  test('is never quoted in an error', () => {
    const secret = pair.privatePem.split('\n')[3] ?? '';
    const errors = [
      refusal({ wechat: { ...wechat(), merchantCert: strangers } }),
      refusal({ alipay: { ...alipay(), alipayPublicKey: pair.privatePem.replace('PRIVATE', 'PUBLIC') } }),
    ];
    for (const error of errors)
      expect(`${error.message} ${String(error.cause)} ${JSON.stringify(error)}`).not.toContain(secret);
  });
});
