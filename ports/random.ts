import { randomBytes } from 'node:crypto';

/** Randomness as a port: cryptographic in the product, seeded in simulations. */
export interface Random {
  bytes(length: number): Uint8Array;
}

export function systemRandom(): Random {
  return { bytes: (length) => randomBytes(length) };
}

/** `length` characters of `alphabet`, without bias. The alphabet has at most 256 characters. */
export function randomText(random: Random, alphabet: string, length: number): string {
  const limit = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

export const ALPHANUMERIC = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
