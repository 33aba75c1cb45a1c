/**
 * Numbers that we hand to wallets: unique across tills that never talk to each other, and after the
 * clock went back, the database was restored or two tills were given the same id by a copied disk.
 *
 *   TTTT yyMMddHHmmss CCCC RRRRRR      26 characters of [0-9A-Z]
 *   till  store time  count  random
 *
 * The store time and count only grow within one database; 30 random bits tell copies apart.
 * Never all digits, so that nothing on the way takes one for a number.
 */

/** Crockford's base 32: no I, L, O, U, so that a number can be read out. */
export const NUMBER_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const COUNT_DIGITS = 4;
const COUNT_LIMIT = NUMBER_ALPHABET.length ** COUNT_DIGITS;
const STORE_OFFSET_MS = 8 * 3_600_000;
const SECOND = 1_000;

/** The last number given out: whole seconds since the epoch, and the count within that second. */
export interface NumberState {
  second: number;
  count: number;
}

/** The state after the next number. Never goes back, whatever the clock does. */
export function nextNumberState(last: NumberState, nowMs: number): NumberState {
  const second = Math.floor(nowMs / SECOND);
  if (second > last.second) return { second, count: 0 };
  return last.count + 1 < COUNT_LIMIT
    ? { second: last.second, count: last.count + 1 }
    : { second: last.second + 1, count: 0 };
}

/** The number for a state. `till` is 4 and `random` 6 characters of {@link NUMBER_ALPHABET}. */
export function formatNumber(till: string, state: NumberState, random: string): string {
  const stamp = new Date(state.second * SECOND + STORE_OFFSET_MS)
    .toISOString()
    .replace(/[-:T]/g, '')
    .slice(2, 14);
  let count = '';
  for (let rest = state.count, digit = 0; digit < COUNT_DIGITS; digit++) {
    count = NUMBER_ALPHABET.charAt(rest % NUMBER_ALPHABET.length) + count;
    rest = Math.floor(rest / NUMBER_ALPHABET.length);
  }
  return `${till}${stamp}${count}${random}`;
}

/** A till's id: 4 characters, the first a letter. `random` supplies at least 4 bytes. */
export function formatTillId(random: Uint8Array): string {
  const letters = NUMBER_ALPHABET.slice(10);
  return [...random.subarray(0, 4)]
    .map((byte, index) => {
      const alphabet = index === 0 ? letters : NUMBER_ALPHABET;
      return alphabet.charAt(byte % alphabet.length);
    })
    .join('');
}

/** The till and the state in a number of ours; undefined for a number that somebody else made. */
export function readNumber(text: string): ({ tillId: string } & NumberState) | undefined {
  const match = /^([0-9A-Z]{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([0-9A-Z]{4})[0-9A-Z]{6}$/.exec(text);
  if (!match) return undefined;
  const [tillId = '', year, month, day, hour, minute, second, digits = ''] = match.slice(1);
  const storeMs = Date.UTC(
    2000 + Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  let count = 0;
  for (const digit of digits) {
    const value = NUMBER_ALPHABET.indexOf(digit);
    if (value < 0) return undefined;
    count = count * NUMBER_ALPHABET.length + value;
  }
  return { tillId, second: (storeMs - STORE_OFFSET_MS) / SECOND, count };
}
