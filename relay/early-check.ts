import { readAlipayNotification, verifyAlipayNotification } from '../wire/alipay-notification.ts';
import { rsaVerify } from '../wire/rsa.ts';
import { normalSerial, wechatSignatureHolds } from '../wire/wechat-v3-signature.ts';
import type { Notification } from './mailbox.ts';
import type { KeysOfTill } from './wallet-keys.ts';

/**
 * Whether a notification is certainly not the wallet's: it names a key that is known here, and its signature is
 * not that key's. What cannot be judged (no key, another key, no signature, not readable) is not forged: the till
 * is the judge. The age of a signature says nothing here.
 */
export function isForged(
  { channel, headers, body }: Pick<Notification, 'channel' | 'headers' | 'body'>,
  keys: KeysOfTill,
): boolean {
  switch (channel) {
    case 'wechat':
      return isForgedWechat(headers, body, keys.wechat);
    case 'alipay':
      return isForgedAlipay(body, keys.alipay);
    default:
      // Version 2 is signed with a secret, and the till's own trials not at all.
      return false;
  }
}

const SIGNED = ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature'];

function isForgedWechat(
  headers: Notification['headers'],
  body: Uint8Array,
  keys: KeysOfTill['wechat'],
): boolean {
  // Keys rotate: a serial that nobody has told us of may be tomorrow's.
  const key = keys.get(normalSerial(headers['wechatpay-serial'] ?? ''));
  if (!key || SIGNED.some((name) => !headers[name])) return false;
  return !wechatSignatureHolds({ headers, body }, () => key);
}

function isForgedAlipay(body: Uint8Array, keys: KeysOfTill['alipay']): boolean {
  if (keys.length === 0) return false;
  const reading = readAlipayNotification(body);
  if (!reading.ok) return false;
  const { notification } = reading;
  const sign = notification.fields.get('sign') ?? '';
  if (sign === '' || (notification.fields.get('sign_type') ?? 'RSA2') !== 'RSA2') return false;
  // Messages of the open platform sign one field more.
  return !keys.some(
    (key) => verifyAlipayNotification(notification, key) || rsaVerify(key, notification.signedV2(), sign),
  );
}
