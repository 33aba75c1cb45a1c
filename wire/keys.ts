import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { KeyError } from './key-error.ts';
import { decodeBase64Text, type PemBlock, pemBlocks } from './pem.ts';

const RSA_BITS_MIN = 2048;

/**
 * An RSA private key from PKCS#8 or PKCS#1, with or without PEM armour (both wallets' tools give either).
 * Parse once and keep: parsing costs more than a signature. Throws {@link KeyError}.
 */
export function parsePrivateKey(text: string): KeyObject {
  const block = firstBlock(text, 'PRIVATE KEY');
  if (block?.label === 'ENCRYPTED PRIVATE KEY')
    throw new KeyError('encrypted', 'The private key is protected by a passphrase. Export it without one.');
  if (block && !block.label.endsWith('PRIVATE KEY'))
    throw new KeyError('wrong_half', `Expected a private key, found ${block.label}.`);
  const der = block?.der ?? decodeBase64Text(text);
  const key = der && (tryPrivate(der, 'pkcs8') ?? tryPrivate(der, 'pkcs1'));
  if (!key) {
    if (der && tryPublic(der))
      throw new KeyError('wrong_half', 'Expected a private key, found a public key.');
    throw new KeyError('not_a_key', 'Not a private key: expected PKCS#8 or PKCS#1, as PEM or bare base64.');
  }
  return checkedRsa(key, 'The private key');
}

/** An RSA public key from SPKI or PKCS#1, with or without PEM armour. Throws {@link KeyError}. */
export function parsePublicKey(text: string): KeyObject {
  const block = firstBlock(text, 'PUBLIC KEY');
  if (block && !block.label.endsWith('PUBLIC KEY'))
    throw new KeyError('wrong_half', `Expected a public key, found ${block.label}.`);
  const der = block?.der ?? decodeBase64Text(text);
  const key = der && tryPublic(der);
  if (!key) {
    if (der && (tryPrivate(der, 'pkcs8') ?? tryPrivate(der, 'pkcs1')))
      throw new KeyError('wrong_half', 'Expected a public key, found a private key.');
    throw new KeyError('not_a_key', 'Not a public key: expected SPKI (BEGIN PUBLIC KEY), as PEM or base64.');
  }
  return checkedRsa(key, 'The public key');
}

/** Accepts RSA of 2048 bit and more; throws {@link KeyError} `not_rsa` or `too_short`. */
export function checkedRsa(key: KeyObject, what: string): KeyObject {
  if (key.asymmetricKeyType !== 'rsa')
    throw new KeyError('not_rsa', `${what} is of type ${key.asymmetricKeyType ?? 'unknown'}; RSA is needed.`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS_MIN)
    throw new KeyError('too_short', `${what} has ${bits} bit; at least ${RSA_BITS_MIN} are needed.`);
  return key;
}

/** Whether the two halves belong together. */
export function keysMatch(privateKey: KeyObject, publicKey: KeyObject): boolean {
  return spki(createPublicKey(privateKey)).equals(spki(publicKey));
}

/** An EC parameter block may stand before the key; the wanted kind wins over the first. */
function firstBlock(text: string, wanted: string): PemBlock | undefined {
  const blocks = pemBlocks(text);
  return blocks.find((block) => block.label.endsWith(wanted)) ?? blocks[0];
}

function tryPrivate(der: Buffer, type: 'pkcs8' | 'pkcs1'): KeyObject | null {
  try {
    return createPrivateKey({ key: der, format: 'der', type });
  } catch {
    return null;
  }
}

function tryPublic(der: Buffer): KeyObject | null {
  for (const type of ['spki', 'pkcs1'] as const) {
    try {
      return createPublicKey({ key: der, format: 'der', type });
    } catch {
      // The other form is tried next.
    }
  }
  return null;
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}
