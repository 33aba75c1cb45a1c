import type { KeyObject } from 'node:crypto';
import { rsaSign, rsaVerify } from './rsa.ts';

/** A notification has some forty fields; more than this is not one. */
const FIELDS_MAX = 200;

export interface AlipayNotification {
  fields: ReadonlyMap<string, string>;
  /** The bytes that a trade notification signs (V1): every field but `sign` and `sign_type`, sorted, in its own charset. */
  signed: Uint8Array;
  /** What messages of the open platform sign (V2): every field but `sign`. */
  signedV2(): Uint8Array;
}

export type AlipayNotificationReading =
  | { ok: true; notification: AlipayNotification }
  | { ok: false; why: 'not_a_form' | 'charset' | 'duplicate' };

/**
 * Reads the form that Alipay posts (protocol: asynchronous notification), each value decoded exactly once, in
 * the charset that it names. A name that comes twice is refused: the signature covers one of them, a reader
 * may believe the other. Total on hostile input.
 */
export function readAlipayNotification(body: Uint8Array): AlipayNotificationReading {
  // Latin-1 keeps each byte as one character, whatever the charset is.
  const raw = new Map<string, string>();
  for (const part of Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    .toString('latin1')
    .split('&')) {
    if (part === '') continue;
    const cut = part.indexOf('=');
    const name = unescaped(cut < 0 ? part : part.slice(0, cut));
    const value = unescaped(cut < 0 ? '' : part.slice(cut + 1));
    if (!name || value === null || raw.size >= FIELDS_MAX) return { ok: false, why: 'not_a_form' };
    if (raw.has(name)) return { ok: false, why: 'duplicate' };
    raw.set(name, value);
  }
  if (raw.size === 0) return { ok: false, why: 'not_a_form' };
  const fields = decoded(raw);
  if (!fields) return { ok: false, why: 'charset' };
  const signed = signedBytes(raw, ['sign', 'sign_type']);
  return { ok: true, notification: { fields, signed, signedV2: () => signedBytes(raw, ['sign']) } };
}

/** Whether the signature of a trade notification (V1) holds. What is signed otherwise is none, and does not pass. */
export function verifyAlipayNotification({ fields, signed }: AlipayNotification, key: KeyObject): boolean {
  const type = fields.get('sign_type') ?? 'RSA2';
  return type === 'RSA2' && rsaVerify(key, signed, fields.get('sign') ?? '');
}

/**
 * The wallet's side: the form of a trade notification (V1, RSA2, UTF-8). `fields` are all but `charset`,
 * `sign_type` and `sign`; without a key it goes unsigned.
 */
export function writeAlipayNotification(fields: Readonly<Record<string, string>>, key?: KeyObject): string {
  const all = { ...fields, charset: 'utf-8' };
  const raw = new Map(
    Object.entries(all).map(([name, value]) => [name, Buffer.from(value).toString('latin1')]),
  );
  const form = new URLSearchParams({ ...all, sign_type: 'RSA2' });
  if (key) form.set('sign', rsaSign(key, signedBytes(raw, [])));
  return form.toString();
}

function signedBytes(raw: ReadonlyMap<string, string>, without: readonly string[]): Uint8Array {
  let text = '';
  // By code unit, which here is by byte.
  for (const name of [...raw.keys()].sort()) {
    if (!without.includes(name)) text += `${text === '' ? '' : '&'}${name}=${raw.get(name)}`;
  }
  return Buffer.from(text, 'latin1');
}

/** Null when the charset is not one that Alipay sends, or the bytes are not of it. */
function decoded(raw: ReadonlyMap<string, string>): ReadonlyMap<string, string> | null {
  const charset = CHARSETS[(raw.get('charset') ?? 'utf-8').toLowerCase()];
  if (!charset) return null;
  // ASCII is the same in all of them.
  const foreign: [string, string][] = [];
  for (const field of raw) {
    if (NOT_ASCII.test(field[1]) || NOT_ASCII.test(field[0])) foreign.push(field);
  }
  if (foreign.length === 0) return raw;
  const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  const text = (latin1: string) => decoder.decode(Buffer.from(latin1, 'latin1'));
  const fields = new Map(raw);
  try {
    for (const [name, value] of foreign) {
      fields.delete(name);
      fields.set(text(name), text(value));
    }
  } catch {
    return null;
  }
  return fields;
}

const CHARSETS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  gbk: 'gb18030',
  gb2312: 'gb18030',
  gb18030: 'gb18030',
};

const NOT_ASCII = /[\x80-\xff]/;

/** Decoded once, each byte one character; null when an escape is broken. */
function unescaped(text: string): string | null {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  let from = spaced.indexOf('%');
  if (from < 0) return spaced;
  let decoded = spaced.slice(0, from);
  while (from >= 0) {
    const [high, low] = [hexDigit(spaced, from + 1), hexDigit(spaced, from + 2)];
    if (high < 0 || low < 0) return null;
    const next = spaced.indexOf('%', from + 3);
    decoded += LATIN1[high * 16 + low] + spaced.slice(from + 3, next < 0 ? undefined : next);
    from = next;
  }
  return decoded;
}

/** Every byte as its character. */
const LATIN1 = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));

function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
