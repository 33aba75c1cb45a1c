import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { createProviders } from '../../backend/merchant.ts';
import { createAlipay } from '../../backend/providers/alipay/index.ts';
import type { Provider } from '../../backend/providers/provider.ts';
import { createWechatV3 } from '../../backend/providers/wechat-v3/index.ts';
import type { HttpClient } from '../../ports/http.ts';
import type { Random } from '../../ports/random.ts';
import type { WalletKeys } from '../../relay/wallet-keys.ts';
import { createIdentity, type Identity } from '../../sandbox/identity/identity.ts';
import { merchantFile } from '../../sandbox/identity/merchant.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { chanceFrom } from './random.ts';

/**
 * The merchant's keys, made once and used in every world; no trace holds anything of them.
 * `full` is what a merchant has: 2048 bit and certificates. `fast` signs several times as fast with 512 bit
 * and goes without certificates; nothing else in the till's code differs.
 */
export interface Keys {
  full: Identity;
  fast: Identity;
}
export type KeyKind = keyof Keys;

export const START_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
export const SANDBOX_ORIGIN = 'http://127.0.0.1';

export async function makeKeys(): Promise<Keys> {
  const full = await createIdentity({ nowMs: START_MS, random: chanceFrom('keys') });
  const [app, alipay, merchant, publicKey, issuer] = [pair(), pair(), pair(), pair(), pair()];
  return {
    full,
    fast: {
      ...full,
      alipay: {
        ...full.alipay,
        appPrivateKey: app.privatePem,
        alipayPrivateKey: alipay.privatePem,
        alipayPublicKey: alipay.publicPem,
      },
      wechat: {
        ...full.wechat,
        merchantPrivateKey: merchant.privatePem,
        issuerPrivateKey: issuer.privatePem,
        publicKey: publicKey.publicPem,
        publicKeyPrivate: publicKey.privatePem,
      },
    },
  };
}

function pair(): { privatePem: string; publicPem: string } {
  const made = generateKeyPairSync('rsa', { modulusLength: 512 });
  return {
    privatePem: made.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: made.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** Whose keys the wallets of a world have. Who posts to tills that know its public key alone signs with that. */
export function identityOf(keys: Keys, kind: KeyKind, posts: boolean): Identity {
  const identity = keys[kind];
  return kind === 'fast' && posts
    ? { ...identity, wechat: { ...identity.wechat, publicKeyOnly: true } }
    : identity;
}

/** The wallets' public keys as a relay's operator would have them. */
export function publicKeysOf({ alipay, wechat }: Identity): WalletKeys {
  const known = {
    alipay: [publicKey(alipay.alipayPublicKey)],
    wechat: new Map([[wechat.publicKeyId, publicKey(wechat.publicKey)]]),
  };
  return { of: () => known, files: () => [], reload() {} };
}

/** The real providers of one till. */
export function providersOf(
  keys: Keys,
  kind: KeyKind,
  ports: { http: HttpClient; random: Random; nowMs: number; alipayGraceMs: number },
): Provider[] {
  const { http, random, nowMs, alipayGraceMs } = ports;
  const identity = keys[kind];
  if (kind === 'full') {
    const file = merchantFile(identity, SANDBOX_ORIGIN);
    return createProviders(file, { newHttpClient: () => http, random, nowMs, alipayGraceMs });
  }
  const { alipay, wechat } = identity;
  return [
    createAlipay(
      {
        gatewayUrl: `${SANDBOX_ORIGIN}/alipay/gateway.do`,
        appId: alipay.appId,
        sellerId: alipay.sellerId,
        appPrivateKey: privateKey(alipay.appPrivateKey),
        trust: { mode: 'public_key', alipayPublicKey: publicKey(alipay.alipayPublicKey) },
        graceMs: alipayGraceMs,
      },
      { http },
    ),
    createWechatV3(
      {
        hosts: [SANDBOX_ORIGIN],
        appId: wechat.appId,
        mchId: wechat.mchId,
        merchantPrivateKey: privateKey(wechat.merchantPrivateKey),
        merchantSerial: wechat.merchantSerial,
        apiV3Key: parseApiV3Key(wechat.apiV3Key),
        publicKey: { id: wechat.publicKeyId, key: publicKey(wechat.publicKey) },
        notifyUrl: 'https://notify.mianfu.invalid/wechat',
      },
      { http, random },
    ),
  ];
}

const privateKey = memoized(createPrivateKey);
const publicKey = memoized(createPublicKey);

/** Parsing a key costs more than a signature, and every restart of a till would parse them all. */
function memoized<T>(parse: (pem: string) => T): (pem: string) => T {
  const known = new Map<string, T>();
  return (pem) => {
    const parsed = known.get(pem) ?? parse(pem);
    known.set(pem, parsed);
    return parsed;
  };
}
