import { type KeyObject, sign, verify } from 'node:crypto';
import { strictBase64 } from './pem.ts';

/** `sha256` is RSA2 and WECHATPAY2-SHA256-RSA2048; `sha1` is Alipay's legacy RSA. Padding is PKCS#1 v1.5. */
export type RsaHash = 'sha256' | 'sha1';

/** Signs the bytes (text as UTF-8); base64. */
export function rsaSign(key: KeyObject, data: string | Uint8Array, hash: RsaHash = 'sha256'): string {
  return sign(hash, bytesOf(data), key).toString('base64');
}

/** Whether `signature` (canonical base64) is the key's over exactly these bytes. Never throws on hostile text. */
export function rsaVerify(
  key: KeyObject,
  data: string | Uint8Array,
  signature: string,
  hash: RsaHash = 'sha256',
): boolean {
  const bytes = strictBase64(signature);
  return bytes !== null && verify(hash, bytesOf(data), key, bytes);
}

function bytesOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
}
