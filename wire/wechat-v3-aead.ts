import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import { KeyError } from './key-error.ts';
import { strictBase64 } from './pem.ts';

const WECHAT_AEAD = 'AEAD_AES_256_GCM';
const TAG_BYTES = 16;
const NONCE_BYTES_MAX = 128;

/** An encrypted part as it stands in notifications and in `/v3/certificates`. */
export interface WechatSealed {
  algorithm: string;
  nonce: string;
  /** Absent and empty mean the same. */
  associated_data?: string | null | undefined;
  /** base64 of ciphertext and 16-byte tag. */
  ciphertext: string;
}

/** `not_genuine` covers every byte that was changed, and a wrong key. */
export class WechatAeadError extends Error {
  override readonly name = 'WechatAeadError';
  readonly kind: 'unknown_algorithm' | 'malformed' | 'not_genuine';

  constructor(kind: WechatAeadError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The APIv3 key: exactly 32 ASCII characters, used as they are. Throws {@link KeyError} `wrong_length`. */
export function parseApiV3Key(text: string): KeyObject {
  if (!/^[\x21-\x7e]{32}$/.test(text))
    throw new KeyError('wrong_length', 'The APIv3 key must have exactly 32 ASCII characters.');
  return createSecretKey(Buffer.from(text, 'ascii'));
}

/** Opens a sealed part; the tag is always checked, at its full length. Throws {@link WechatAeadError}. */
export function wechatOpen(sealed: WechatSealed, key: KeyObject): Buffer {
  if (sealed.algorithm !== WECHAT_AEAD)
    throw new WechatAeadError('unknown_algorithm', `Cannot open ${sealed.algorithm.slice(0, 40)}.`);
  const data = strictBase64(sealed.ciphertext);
  const nonce = Buffer.from(sealed.nonce, 'utf8');
  if (!data || data.length < TAG_BYTES || nonce.length < 1 || nonce.length > NONCE_BYTES_MAX)
    throw new WechatAeadError('malformed', 'The encrypted part is cut off or not base64.');
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(sealed.associated_data ?? '', 'utf8'));
    decipher.setAuthTag(data.subarray(-TAG_BYTES));
    const opened = decipher.update(data.subarray(0, -TAG_BYTES));
    // Checks the tag, and has nothing to add: this cipher keeps no bytes back.
    decipher.final();
    return opened;
  } catch (error) {
    throw new WechatAeadError('not_genuine', 'The encrypted part does not open with this APIv3 key.', {
      cause: error,
    });
  }
}

/** The wallet's side: seals text. A nonce (12 ASCII characters) is never used twice with one key. */
export function wechatSeal(
  plaintext: string,
  key: KeyObject,
  fresh: { nonce: string; associatedData: string },
): WechatSealed {
  const nonce = Buffer.from(fresh.nonce, 'utf8');
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(fresh.associatedData, 'utf8'));
  const data = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return {
    algorithm: WECHAT_AEAD,
    nonce: fresh.nonce,
    associated_data: fresh.associatedData,
    ciphertext: data.toString('base64'),
  };
}
