import { createPrivateKey, type KeyObject } from 'node:crypto';
import { normalSerial } from '../../wire/wechat-v3-signature.ts';
import type { Identity } from '../identity/identity.ts';

export interface AnswerSigner {
  serial: string;
  privateKey: KeyObject;
}

/** Chooses who signs an answer. Keys are parsed once, also across rotations. */
export class AnswerSigners {
  readonly #identity: () => Identity['wechat'];
  readonly #parsed = new Map<string, KeyObject>();

  constructor(identity: () => Identity['wechat']) {
    this.#identity = identity;
  }

  /** Whom the request names by `Wechatpay-Serial`; null when that is nobody. Without the header the default. */
  named(serial: string | undefined): AnswerSigner | null {
    if (serial === undefined || serial === '') return this.byDefault();
    const wechat = this.#identity();
    if (serial === wechat.publicKeyId) return this.#signer(serial, wechat.publicKeyPrivate);
    if (wechat.publicKeyOnly) return null;
    const platform = wechat.platform.find((one) => normalSerial(one.serial) === normalSerial(serial));
    return platform ? this.#signer(platform.serial, platform.privateKey) : null;
  }

  /** The newest platform certificate, or the public key for a merchant that has no certificates. */
  byDefault(): AnswerSigner {
    const wechat = this.#identity();
    const platform = wechat.platform.at(-1);
    return wechat.publicKeyOnly || !platform
      ? this.#signer(wechat.publicKeyId, wechat.publicKeyPrivate)
      : this.#signer(platform.serial, platform.privateKey);
  }

  /** The other kind of key than {@link byDefault}: while a merchant moves to the public key, both are used. */
  other(): AnswerSigner {
    const wechat = this.#identity();
    const platform = wechat.platform.at(-1);
    return wechat.publicKeyOnly && platform
      ? this.#signer(platform.serial, platform.privateKey)
      : this.#signer(wechat.publicKeyId, wechat.publicKeyPrivate);
  }

  /** A key that no client knows. */
  foreign(): KeyObject {
    return this.#key(this.#identity().issuerPrivateKey);
  }

  #signer(serial: string, pem: string): AnswerSigner {
    return { serial, privateKey: this.#key(pem) };
  }

  #key(pem: string): KeyObject {
    const known = this.#parsed.get(pem) ?? createPrivateKey(pem);
    this.#parsed.set(pem, known);
    return known;
  }
}
