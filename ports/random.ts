import { randomBytes, randomFillSync } from 'node:crypto';

/** Randomness as a port: cryptographic in the product, seeded in simulations. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Drawn from the system at once: a number, a nonce or a jitter of a few bytes costs as much as all of these. */
const STOCK_BYTES = 1024;

export function systemRandom(): Random {
  const stock = new Uint8Array(STOCK_BYTES);
  let used = STOCK_BYTES;
  return {
    bytes(length) {
      if (length > STOCK_BYTES) return randomBytes(length);
      if (used + length > STOCK_BYTES) {
        randomFillSync(stock);
        used = 0;
      }
      const taken = stock.slice(used, used + length);
      // Given out once, and kept nowhere here.
      stock.fill(0, used, used + length);
      used += length;
      return taken;
    },
  };
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
