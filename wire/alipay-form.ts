/** A notification has some forty fields; more than this is not one. */
const FIELDS_MAX = 200;

const [SPACE, PERCENT, AMPERSAND, PLUS, EQUALS] = [0x20, 0x25, 0x26, 0x2b, 0x3d];

export interface AlipayForm {
  /** By name, each decoded exactly once; in Latin-1, which keeps each byte as one character whatever the charset is. */
  raw: Map<string, string>;
  /** Names of the fields that are not all ASCII, and so not the same in all charsets. */
  foreign: readonly string[];
}

/**
 * Reads `application/x-www-form-urlencoded`, strictly: a broken escape, a field without a name, and a name that
 * comes twice are refused. One pass over the bytes and one string of them. Total on hostile input.
 */
export function readAlipayForm(body: Uint8Array): AlipayForm | 'not_a_form' | 'duplicate' {
  // Unescaped it is never longer.
  const plain = Buffer.allocUnsafe(body.length);
  /** Of each field where in `plain` its name begins, its value begins, and it ends; and all its bits together. */
  const places: number[] = [];
  let to = 0;
  let isBroken = false;
  for (let at = 0; at < body.length && !isBroken && places.length <= 4 * FIELDS_MAX; at++) {
    const partAt = at;
    const nameAt = to;
    let valueAt = -1;
    let bits = 0;
    for (; at < body.length; at++) {
      let byte = body[at] ?? 0;
      if (byte === EQUALS && valueAt < 0) {
        valueAt = to;
        continue;
      }
      // Most bytes are beyond the other three.
      if (byte <= PLUS) {
        if (byte === AMPERSAND) break;
        if (byte === PLUS) byte = SPACE;
        else if (byte === PERCENT) {
          byte = hexDigit(body[at + 1]) * 16 + hexDigit(body[at + 2]);
          isBroken ||= byte < 0;
          at += 2;
        }
      }
      bits |= byte;
      plain[to++] = byte;
    }
    if (at > partAt && !isBroken) places.push(nameAt, valueAt < 0 ? to : valueAt, to, bits);
  }
  const form = fieldsOf(plain.toString('latin1', 0, to), places);
  if (typeof form === 'string') return form;
  return isBroken || form.raw.size === 0 ? 'not_a_form' : form;
}

function fieldsOf(text: string, places: readonly number[]): AlipayForm | 'not_a_form' | 'duplicate' {
  const raw = new Map<string, string>();
  const foreign: string[] = [];
  for (let place = 0; place < places.length; place += 4) {
    const name = text.slice(places[place], places[place + 1]);
    const before = raw.size;
    if (name === '' || before >= FIELDS_MAX) return 'not_a_form';
    raw.set(name, text.slice(places[place + 1], places[place + 2]));
    if (raw.size === before) return 'duplicate';
    if ((places[place + 3] ?? 0) >= 0x80) foreign.push(name);
  }
  return { raw, foreign };
}

/** Far below zero for what is none, so that no pair with it makes a byte. */
function hexDigit(code = 0): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1_000;
}
