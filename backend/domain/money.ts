/** Integer fen (1/100 yuan). Made only by {@link fen} and {@link yuanToFen}. */
export type Fen = number & { readonly _fen: never };

/** The largest amount of one trade: 100,000,000.00 yuan, Alipay's bound. */
export const FEN_MAX = 10_000_000_000;

export class MoneyError extends Error {
  override readonly name = 'MoneyError';
}

/** Checks that `value` is a whole, non-negative number of fen. Throws {@link MoneyError}. */
export function fen(value: number): Fen {
  if (!Number.isSafeInteger(value)) throw new MoneyError(`Not a whole number of fen: ${value}.`);
  if (value < 0) throw new MoneyError(`Negative fen: ${value}.`);
  return value as Fen;
}

/**
 * Yuan text to fen, digit by digit, never through floating point: `"19.99"` → 1999.
 * Takes plain digits with at most two decimals; throws {@link MoneyError} on anything else.
 */
export function yuanToFen(yuan: string): Fen {
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(yuan);
  if (!match) throw new MoneyError(`Not an amount in yuan: ${JSON.stringify(yuan)}.`);
  return fen(Number(`${match[1]}${(match[2] ?? '').padEnd(2, '0')}`));
}

/** Fen to yuan text with two decimals: 820 → `"8.20"`. */
export function fenToYuan(amount: Fen): string {
  const digits = String(amount).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
