/**
 * A key, certificate or secret that cannot be used:
 * `not_a_key` neither PEM nor base64 of a key · `encrypted` needs a passphrase · `wrong_half` a public key
 * where a private one is wanted, or the reverse · `not_rsa` · `too_short` RSA below 2048 bit ·
 * `not_a_certificate` · `expired` · `not_yet_valid` · `mismatch` key and certificate are no pair ·
 * `wrong_length` a symmetric key of another length.
 */
export type KeyErrorKind =
  | 'not_a_key'
  | 'encrypted'
  | 'wrong_half'
  | 'not_rsa'
  | 'too_short'
  | 'not_a_certificate'
  | 'expired'
  | 'not_yet_valid'
  | 'mismatch'
  | 'wrong_length';

/** Never quotes the key: the message says what is wrong and what to do. */
export class KeyError extends Error {
  override readonly name = 'KeyError';
  readonly kind: KeyErrorKind;

  constructor(kind: KeyErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
