import { readAlipayNotification, verifyAlipayNotification } from '../wire/alipay-notification.ts';
import { rsaVerify } from '../wire/rsa.ts';
import { normalSerial, wechatSignatureHolds } from '../wire/wechat-v3-signature.ts';
import type { Notification } from './mailbox.ts';
import type { KeysOfTill } from './wallet-keys.ts';

/** `unjudged`: no key, another key, no signature, not readable. The till is the judge. */
type EarlyVerdict = 'verified' | 'forged' | 'unjudged';

/**
 * What the wallets' public keys say of a notification. Forged is what is certainly not the wallet's: it names a key
 * that is known here, and its signature is not that key's. The age of a signature says nothing here.
 */
export function judgeEarly(
  { channel, headers, body }: Pick<Notification, 'channel' | 'headers' | 'body'>,
  keys: KeysOfTill,
): EarlyVerdict {
  switch (channel) {
    case 'wechat':
      return judgeWechat(headers, body, keys.wechat);
    case 'alipay':
      return judgeAlipay(body, keys.alipay);
    default:
      // Version 2 is signed with a secret, and the till's own trials not at all.
      return 'unjudged';
  }
}

const SIGNED = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature'];

function judgeWechat(
  headers: Notification['headers'],
  body: Uint8Array,
  keys: KeysOfTill['wechat'],
): EarlyVerdict {
  // Keys rotate: a serial that nobody has told us of may be tomorrow's.
  const key = keys.get(normalSerial(headers['wechatpay-serial'] ?? ''));
  if (!key || SIGNED.some((name) => !headers[name])) return 'unjudged';
  return wechatSignatureHolds({ headers, body }, () => key) ? 'verified' : 'forged';
}

function judgeAlipay(body: Uint8Array, keys: KeysOfTill['alipay']): EarlyVerdict {
  if (keys.length === 0) return 'unjudged';
  const reading = readAlipayNotification(body);
  if (!reading.ok) return 'unjudged';
  const { notification } = reading;
  const sign = notification.fields.get('sign') ?? '';
  if (sign === '' || (notification.fields.get('sign_type') ?? 'RSA2') !== 'RSA2') return 'unjudged';
  // Messages of the open platform sign one field more.
  const holds = keys.some(
    (key) => verifyAlipayNotification(notification, key) || rsaVerify(key, notification.signedV2(), sign),
  );
  return holds ? 'verified' : 'forged';
}
