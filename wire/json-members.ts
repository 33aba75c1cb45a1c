/** One member of a JSON object: its name decoded, its value as the raw text it was received in. */
export interface RawMember {
  name: string;
  raw: string;
  /** Index just behind the value in the whole text. */
  end: number;
}

/**
 * The top-level members of a JSON object with their raw values, found without parsing and re-serialising:
 * the raw text is what is signed. Null when the text is not one object; the inside of nested values is only
 * bracketed, not validated. Linear in the text, no recursion.
 */
export function rawMembers(text: string): RawMember[] | null {
  const members: RawMember[] = [];
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return null;
  at = skipSpace(text, at + 1);
  if (text[at] === '}') return skipSpace(text, at + 1) === text.length ? members : null;
  for (;;) {
    const nameEnd = stringEnd(text, at);
    if (nameEnd === -1) return null;
    const name = decodedString(text.slice(at, nameEnd));
    at = skipSpace(text, nameEnd);
    if (name === null || text[at] !== ':') return null;
    at = skipSpace(text, at + 1);
    const end = valueEnd(text, at);
    if (end === -1) return null;
    members.push({ name, raw: text.slice(at, end), end });
    at = skipSpace(text, end);
    if (text[at] === '}') return skipSpace(text, at + 1) === text.length ? members : null;
    if (text[at] !== ',') return null;
    at = skipSpace(text, at + 1);
  }
}

/** A JSON string literal's value; null when it is not one. */
export function decodedString(raw: string): string | null {
  if (raw[0] !== '"') return null;
  try {
    const value: unknown = JSON.parse(raw);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  if (first === '{' || first === '[') return bracketEnd(text, start);
  const match = /[-+.0-9a-zA-Z]*/y;
  match.lastIndex = start;
  const length = match.exec(text)?.[0].length ?? 0;
  return length === 0 ? -1 : start + length;
}

/** Index behind the bracket that closes the one at `start`; brackets inside strings do not count. */
function bracketEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (end === -1) return -1;
      at = end - 1;
    } else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Index behind the closing quote of the string at `start`; -1 when there is none. */
function stringEnd(text: string, start: number): number {
  if (text[start] !== '"') return -1;
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\') escapes++;
    // In pairs they are backslashes of the text; an odd one escapes the quote.
    if (escapes % 2 === 0) return at + 1;
  }
  return -1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && ' \t\r\n'.includes(text[at] ?? '')) at++;
  return at;
}
