import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { KeyError } from './key-error.ts';
import { strictBase64 } from './pem.ts';

/** Alipay fixes the initialisation vector at zero: the cipher hides the content, the signature protects it. */
const IV = Buffer.alloc(16);
const utf8 = new TextDecoder('utf-8', { fatal: true });

export class AlipayAesError extends Error {
  override readonly name = 'AlipayAesError';
}

/** The content key (接口内容加密密钥): base64 of 16 bytes. Throws {@link KeyError} `wrong_length`. */
export function parseAlipayAesKey(text: string): KeyObject {
  const bytes = strictBase64(text.trim());
  if (bytes?.length !== 16)
    throw new KeyError('wrong_length', 'The content key must be base64 of 16 bytes (AES-128).');
  return createSecretKey(bytes);
}

/** AES-128-CBC with PKCS#7 over the UTF-8 text; base64. */
export function alipayEncrypt(plaintext: string, key: KeyObject): string {
  const cipher = createCipheriv('aes-128-cbc', key, IV);
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]).toString('base64');
}

/** Throws {@link AlipayAesError} on a wrong key, broken padding, or bytes that are no text. Verify the signature first. */
export function alipayDecrypt(ciphertext: string, key: KeyObject): string {
  const bytes = strictBase64(ciphertext);
  if (!bytes) throw new AlipayAesError('The encrypted content is not base64.');
  try {
    const decipher = createDecipheriv('aes-128-cbc', key, IV);
    return utf8.decode(Buffer.concat([decipher.update(bytes), decipher.final()]));
  } catch (error) {
    throw new AlipayAesError('The encrypted content does not open with this key.', { cause: error });
  }
}
