import { z } from 'zod';
import type { Download } from '../ports/download.ts';
import type { HttpClient } from '../ports/http.ts';
import type { Random } from '../ports/random.ts';
import { parseAlipayAesKey } from '../wire/alipay-aes.ts';
import { checkKeyMatchesCertificate, checkValidAt, parseCertificate } from '../wire/certificate.ts';
import { KeyError, type KeyErrorKind } from '../wire/key-error.ts';
import { parsePrivateKey, parsePublicKey } from '../wire/keys.ts';
import { parseApiV3Key } from '../wire/wechat-v3-aead.ts';
import { normalSerial, WECHAT_PUBLIC_KEY_PREFIX } from '../wire/wechat-v3-signature.ts';
import {
  ALIPAY_GATEWAY,
  type AlipayConfig,
  certificateTrust,
  publicKeyTrust,
} from './providers/alipay/config.ts';
import { createAlipay } from './providers/alipay/index.ts';
import type { Provider } from './providers/provider.ts';
import { WECHAT_HOSTS, type WechatV3Config } from './providers/wechat-v3/config.ts';
import { createWechatV3 } from './providers/wechat-v3/index.ts';

/**
 * What a merchant holds: ids and keys as the wallets' consoles give them, PEM where it is a key or a
 * certificate. A missing wallet is a channel that this till does not have.
 */
const MerchantFile = z.object({
  alipay: z
    .object({
      gateway: z.url({ protocol: /^https?$/ }).default(ALIPAY_GATEWAY),
      appId: z.string().min(1).max(32),
      sellerId: z.string().min(1).max(28).optional(),
      appPrivateKey: z.string().min(1),
      /** Which trust is used when the file holds both; default: certificates, where all three are there. */
      mode: z.enum(['public_key', 'certificate']).optional(),
      alipayPublicKey: z.string().min(1).optional(),
      appCert: z.string().min(1).optional(),
      alipayCert: z.string().min(1).optional(),
      alipayRootCert: z.string().min(1).optional(),
      aesKey: z.string().min(1).optional(),
      /** True where the app has content encryption switched on at Alipay. */
      encrypt: z.boolean().default(false),
      productCode: z.string().max(64).optional(),
      notifyUrl: z.url().max(256).optional(),
    })
    .optional(),
  wechat: z
    .object({
      baseUrl: z.url({ protocol: /^https?$/ }).default(WECHAT_HOSTS[0]),
      /** The second city; only asked when the first cannot be reached. */
      backupUrl: z.url({ protocol: /^https?$/ }).optional(),
      appId: z.string().min(1).max(32),
      mchId: z.string().min(1).max(32),
      merchantPrivateKey: z.string().min(1),
      merchantCert: z.string().min(1).optional(),
      merchantSerial: z.string().min(1).optional(),
      apiV3Key: z.string().min(1),
      platformCert: z.string().min(1).optional(),
      publicKey: z.string().min(1).optional(),
      publicKeyId: z.string().min(1).optional(),
      notifyUrl: z
        .url({ protocol: /^https$/ })
        .max(255)
        .optional(),
    })
    .optional(),
});

type MerchantFile = z.infer<typeof MerchantFile>;

/**
 * A merchant's file that cannot be used. `field` names the entry (`wechat.merchantCert`); `kind` what is
 * wrong with it; the message says what to do and never quotes a secret.
 */
export class MerchantError extends Error {
  override readonly name = 'MerchantError';
  readonly field: string;
  readonly kind: KeyErrorKind | 'missing' | 'malformed' | 'no_wallet';
  constructor(field: string, kind: MerchantError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.field = field;
    this.kind = kind;
  }
}

/**
 * Builds one provider per wallet of a merchant's file, every key parsed once and checked against its
 * certificate and the clock. Throws {@link MerchantError}.
 */
export function createProviders(
  file: unknown,
  ports: {
    newHttpClient(): HttpClient;
    /** What brings bills; absent: they are dropped in as files. */
    download?: Download | undefined;
    random: Random;
    nowMs: number;
    alipayGraceMs: number;
  },
): Provider[] {
  const parsed = MerchantFile.safeParse(file);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    throw new MerchantError(
      field,
      'malformed',
      `${field || 'The merchant file'}: ${issue?.message ?? 'not usable'}.`,
    );
  }
  const { alipay, wechat } = parsed.data;
  const { download } = ports;
  const providers: Provider[] = [];
  if (alipay) {
    const config = alipayConfig(alipay, ports.nowMs, ports.alipayGraceMs);
    providers.push(createAlipay(config, { http: ports.newHttpClient(), download }));
  }
  if (wechat) {
    const config = wechatConfig(wechat, ports.nowMs);
    providers.push(createWechatV3(config, { http: ports.newHttpClient(), download, random: ports.random }));
  }
  if (providers.length === 0) {
    throw new MerchantError(
      '',
      'no_wallet',
      'The merchant file names no wallet: it needs "alipay", "wechat" or both.',
    );
  }
  return providers;
}

/** Whose money it is, by the wallets' names for it; nothing of a file that cannot be used. */
export function merchantNames(file: unknown): string[] {
  const { alipay, wechat } = MerchantFile.safeParse(file).data ?? {};
  return [
    ...(alipay ? [`alipay ${alipay.appId} ${alipay.sellerId ?? ''}`.trim()] : []),
    ...(wechat ? [`wechat ${wechat.appId} ${wechat.mchId}`] : []),
  ];
}

function alipayConfig(
  entry: NonNullable<MerchantFile['alipay']>,
  nowMs: number,
  graceMs: number,
): AlipayConfig {
  const appPrivateKey = read('alipay.appPrivateKey', () => parsePrivateKey(entry.appPrivateKey));
  const { appCert, alipayCert, alipayRootCert } = entry;
  const texts = appCert && alipayCert && alipayRootCert ? { appCert, alipayCert, alipayRootCert } : undefined;
  const mode = entry.mode ?? (texts ? 'certificate' : 'public_key');
  if (mode === 'certificate' && !texts) {
    throw new MerchantError(
      'alipay.alipayRootCert',
      'missing',
      'Certificate mode needs appCert, alipayCert and alipayRootCert.',
    );
  }
  if (mode === 'public_key' && !entry.alipayPublicKey) {
    throw new MerchantError(
      'alipay.alipayPublicKey',
      'missing',
      'Public-key mode needs alipayPublicKey: Alipay’s own, not the app’s.',
    );
  }
  const trust =
    mode === 'certificate' && texts
      ? read('alipay.appCert', () => certificateTrust(texts, appPrivateKey, nowMs))
      : read('alipay.alipayPublicKey', () => publicKeyTrust(entry.alipayPublicKey ?? ''));
  if (entry.encrypt && !entry.aesKey) {
    throw new MerchantError('alipay.aesKey', 'missing', 'Content encryption needs aesKey.');
  }
  return {
    gatewayUrl: entry.gateway,
    appId: entry.appId,
    appPrivateKey,
    trust,
    graceMs,
    ...(entry.sellerId === undefined ? {} : { sellerId: entry.sellerId }),
    ...(entry.encrypt && entry.aesKey
      ? { aesKey: read('alipay.aesKey', () => parseAlipayAesKey(entry.aesKey ?? '')) }
      : {}),
    ...(entry.productCode === undefined ? {} : { productCode: entry.productCode }),
    ...(entry.notifyUrl === undefined ? {} : { notifyUrl: entry.notifyUrl }),
  };
}

/** WeChat demands an address even of a merchant who only polls; nobody listens at this one. */
const NO_NOTIFY_URL = 'https://notify.mianfu.invalid/wechat';

function wechatConfig(entry: NonNullable<MerchantFile['wechat']>, nowMs: number): WechatV3Config {
  const merchantPrivateKey = read('wechat.merchantPrivateKey', () =>
    parsePrivateKey(entry.merchantPrivateKey),
  );
  const apiV3Key = read('wechat.apiV3Key', () => parseApiV3Key(entry.apiV3Key));
  const isProduction = entry.baseUrl === WECHAT_HOSTS[0];
  const backup = entry.backupUrl ?? (isProduction ? WECHAT_HOSTS[1] : undefined);
  if ((entry.publicKey === undefined) !== (entry.publicKeyId === undefined)) {
    const field = entry.publicKey === undefined ? 'wechat.publicKey' : 'wechat.publicKeyId';
    throw new MerchantError(
      field,
      'missing',
      'The WeChat Pay public key and its id (PUB_KEY_ID_…) belong together.',
    );
  }
  if (entry.publicKeyId !== undefined && !entry.publicKeyId.startsWith(WECHAT_PUBLIC_KEY_PREFIX)) {
    throw new MerchantError(
      'wechat.publicKeyId',
      'malformed',
      `wechat.publicKeyId: the console shows it as ${WECHAT_PUBLIC_KEY_PREFIX}…; this is something else.`,
    );
  }
  return {
    hosts: backup === undefined ? [origin(entry.baseUrl)] : [origin(entry.baseUrl), origin(backup)],
    appId: entry.appId,
    mchId: entry.mchId,
    merchantPrivateKey,
    merchantSerial: merchantSerial(entry, merchantPrivateKey, nowMs),
    apiV3Key,
    notifyUrl: entry.notifyUrl ?? NO_NOTIFY_URL,
    ...(entry.publicKey && entry.publicKeyId
      ? {
          publicKey: {
            id: entry.publicKeyId,
            key: read('wechat.publicKey', () => parsePublicKey(entry.publicKey ?? '')),
          },
        }
      : {}),
    ...(entry.platformCert
      ? {
          platformCertificates: [
            read('wechat.platformCert', () => parseCertificate(entry.platformCert ?? '')),
          ],
        }
      : {}),
  };
}

function merchantSerial(
  entry: NonNullable<MerchantFile['wechat']>,
  key: ReturnType<typeof parsePrivateKey>,
  nowMs: number,
): string {
  if (!entry.merchantCert) {
    if (entry.merchantSerial) return entry.merchantSerial.toUpperCase();
    throw new MerchantError(
      'wechat.merchantSerial',
      'missing',
      'Give merchantCert (apiclient_cert.pem) or its serial number.',
    );
  }
  const certificate = read('wechat.merchantCert', () => {
    const parsed = parseCertificate(entry.merchantCert ?? '');
    checkKeyMatchesCertificate(key, parsed);
    checkValidAt(parsed, nowMs);
    return parsed;
  });
  if (entry.merchantSerial && normalSerial(entry.merchantSerial) !== normalSerial(certificate.serialHex)) {
    throw new MerchantError(
      'wechat.merchantSerial',
      'mismatch',
      'merchantSerial is not the serial of merchantCert.',
    );
  }
  return certificate.serialHex;
}

function origin(url: string): string {
  return new URL(url).origin;
}

function read<T>(field: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof KeyError)
      throw new MerchantError(field, error.kind, `${field}: ${error.message}`, { cause: error });
    throw error;
  }
}
