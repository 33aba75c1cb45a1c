/** Crockford's base 32: no I, L, O, U, so that a number can be read out. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A number for a sale typed here: `W` and 19 characters, 95 random bits; unique without asking anybody. */
export function makeOrderNo(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(19));
  return `W${Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}

/** The end of an order number: enough to tell two sales apart by eye. */
export function orderTail(orderNo: string): string {
  return orderNo.slice(-4);
}
