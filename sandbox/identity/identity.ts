import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { HOUR } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { parseCertificate } from '../../wire/certificate.ts';
import { type DistinguishedName, issueCertificate } from './x509.ts';

const generate = promisify(generateKeyPair);
const DAY = 24 * HOUR;
const DIGITS = '0123456789';
const HEX = '0123456789abcdef';

const pem = z.string().startsWith('-----BEGIN ');

const platformShape = z.object({ certificate: pem, privateKey: pem, serial: z.string() });

/** Everything the two wallets and the one merchant hold, as it is kept in `identity.json`. PEM where it is a key. */
export const identityShape = z.object({
  version: z.literal(1),
  alipay: z.object({
    appId: z.string(),
    sellerId: z.string(),
    appPrivateKey: pem,
    appCert: pem,
    alipayPrivateKey: pem,
    alipayPublicKey: pem,
    /** The leaf, then its issuer. */
    alipayCert: pem,
    /** An ECDSA member that does not count for the SN, then the RSA root that does. */
    alipayRootCert: pem,
    aesKey: z.string(),
  }),
  wechat: z.object({
    appId: z.string(),
    mchId: z.string(),
    merchantPrivateKey: pem,
    merchantCert: pem,
    merchantSerial: z.string(),
    apiV3Key: z.string().length(32),
    issuerPrivateKey: pem,
    /** Newest last: at most two, during a rotation. */
    platform: z.array(platformShape).min(1).max(2),
    publicKeyId: z.string(),
    publicKey: pem,
    publicKeyPrivate: pem,
    /** Whether this merchant was never given platform certificates, as all new merchants. */
    publicKeyOnly: z.boolean(),
  }),
});

export type Identity = z.infer<typeof identityShape>;
export type PlatformCertificate = z.infer<typeof platformShape>;

const ALIPAY_ROOT = name('Sandbox Certification Authority R1', 'Certification Authority', 'Sandbox Alipay');
const ALIPAY_ROOT_EC = name(
  'Sandbox Certification Authority E1',
  'Certification Authority',
  'Sandbox Alipay',
);
const ALIPAY_CLASS_2 = name(
  'Sandbox Certification Authority Class 2 R1',
  'Certification Authority',
  'Sandbox Alipay',
);
const WECHAT_CA = name('Sandbox Tenpay Root CA', 'Sandbox Tenpay CA Center', 'Sandbox Tenpay');

/** Makes new ids, keys and certificates, valid from a day before `nowMs`. About a second: nine RSA keys. */
export async function createIdentity(ports: { nowMs: number; random: Random }): Promise<Identity> {
  const { random, nowMs } = ports;
  const [root, class2, app, alipay, tenpay, merchant, platform, publicKey, rootEc] = await Promise.all([
    rsaKey(),
    rsaKey(),
    rsaKey(),
    rsaKey(),
    rsaKey(),
    rsaKey(),
    rsaKey(),
    rsaKey(),
    generate('ec', { namedCurve: 'prime256v1' }).then((pair) => pair.privateKey),
  ]);
  const issue = (order: {
    subject: DistinguishedName;
    key: KeyObject;
    issuer: DistinguishedName;
    signer: KeyObject;
    years: number;
    isCa?: boolean;
  }) =>
    issueCertificate({
      subject: order.subject,
      issuer: order.issuer,
      serialHex: freshSerial(random),
      notBeforeMs: nowMs - DAY,
      notAfterMs: nowMs + order.years * 365 * DAY,
      publicKey: createPublicKey(order.key),
      signer: order.signer,
      isCa: order.isCa ?? false,
    });
  const ca = (subject: DistinguishedName, key: KeyObject, issuer: DistinguishedName, signer: KeyObject) =>
    issue({ subject, key, issuer, signer, years: 20, isCa: true });

  const appId = `2021${randomText(random, DIGITS, 12)}`;
  const sellerId = `2088${randomText(random, DIGITS, 12)}`;
  const mchId = `16${randomText(random, DIGITS, 8)}`;
  const merchantCert = issue({
    subject: name(mchId, 'Sandbox Shop', 'Sandbox Merchant'),
    key: merchant,
    issuer: WECHAT_CA,
    signer: tenpay,
    years: 5,
  });
  const byClass2 = (subject: DistinguishedName, key: KeyObject) =>
    issue({ subject, key, issuer: ALIPAY_CLASS_2, signer: class2, years: 5 });
  return {
    version: 1,
    alipay: {
      appId,
      sellerId,
      appPrivateKey: privatePem(app),
      appCert: byClass2(name(sellerId, 'Alipay', 'Sandbox Shop'), app),
      alipayPrivateKey: privatePem(alipay),
      alipayPublicKey: publicPem(alipay),
      alipayCert:
        byClass2(name('Sandbox Alipay Gateway', 'Alipay', 'Sandbox Alipay'), alipay) +
        ca(ALIPAY_CLASS_2, class2, ALIPAY_ROOT, root),
      alipayRootCert:
        ca(ALIPAY_ROOT_EC, rootEc, ALIPAY_ROOT_EC, rootEc) + ca(ALIPAY_ROOT, root, ALIPAY_ROOT, root),
      aesKey: Buffer.from(random.bytes(16)).toString('base64'),
    },
    wechat: {
      appId: `wx${randomText(random, HEX, 16)}`,
      mchId,
      merchantPrivateKey: privatePem(merchant),
      merchantCert,
      merchantSerial: serialOf(merchantCert),
      apiV3Key: randomText(random, ALPHANUMERIC, 32),
      issuerPrivateKey: privatePem(tenpay),
      platform: [platformCertificate({ nowMs, random, key: platform, signer: tenpay })],
      publicKeyId: `PUB_KEY_ID_01${mchId}${randomText(random, DIGITS, 20)}`,
      publicKey: publicPem(publicKey),
      publicKeyPrivate: privatePem(publicKey),
      publicKeyOnly: false,
    },
  };
}

/** The next WeChat Pay platform certificate, for a rotation. */
export async function nextPlatformCertificate(
  identity: Identity,
  ports: { nowMs: number; random: Random },
): Promise<PlatformCertificate> {
  const signer = createPrivateKey(identity.wechat.issuerPrivateKey);
  return platformCertificate({ ...ports, key: await rsaKey(), signer });
}

function platformCertificate(order: {
  nowMs: number;
  random: Random;
  key: KeyObject;
  signer: KeyObject;
}): PlatformCertificate {
  const certificate = issueCertificate({
    subject: name('Sandbox Tenpay Platform', 'Sandbox Tenpay', 'Sandbox Tenpay'),
    issuer: WECHAT_CA,
    serialHex: freshSerial(order.random),
    notBeforeMs: order.nowMs - DAY,
    notAfterMs: order.nowMs + 5 * 365 * DAY,
    publicKey: createPublicKey(order.key),
    signer: order.signer,
    isCa: false,
  });
  return { certificate, privateKey: privatePem(order.key), serial: serialOf(certificate) };
}

function name(cn: string, ou: string, o: string): DistinguishedName {
  return [
    ['C', 'CN'],
    ['O', o],
    ['OU', ou],
    ['CN', cn],
  ];
}

async function rsaKey(): Promise<KeyObject> {
  return (await generate('rsa', { modulusLength: 2048 })).privateKey;
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

/** 20 bytes, first nibble 1 to 7: positive and of full length, as the wallets' serials are. */
function freshSerial(random: Random): string {
  return randomText(random, '1234567', 1) + randomText(random, HEX, 39);
}

function serialOf(certificatePem: string): string {
  return parseCertificate(certificatePem).serialHex;
}
