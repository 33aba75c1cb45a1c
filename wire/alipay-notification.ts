import { isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { type AlipayForm, readAlipayForm } from './alipay-form.ts';
import { rsaSign, rsaVerify } from './rsa.ts';

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
  const form = readAlipayForm(body);
  if (typeof form === 'string') return { ok: false, why: form };
  const signed = signedBytes(form.raw, ['sign', 'sign_type']);
  const charset = CHARSETS.get((form.raw.get('charset') ?? 'utf-8').toLowerCase());
  if (!charset || !decode(form, charset)) return { ok: false, why: 'charset' };
  return { ok: true, notification: { fields: form.raw, signed, signedV2: () => signedV2(body) } };
}

function signedV2(body: Uint8Array): Uint8Array {
  const form = readAlipayForm(body);
  return typeof form === 'string' ? new Uint8Array() : signedBytes(form.raw, ['sign']);
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

/** Puts the text where the bytes stood; false when they are not of the charset. */
function decode({ raw, foreign }: AlipayForm, charset: 'utf-8' | 'gb18030'): boolean {
  if (foreign.length === 0) return true;
  const text = charset === 'utf-8' ? utf8 : gb18030();
  for (const name of foreign) {
    const [readName, readValue] = [text(name), text(raw.get(name) ?? '')];
    if (readName === null || readValue === null) return false;
    raw.delete(name);
    raw.set(readName, readValue);
  }
  return true;
}

function utf8(latin1: string): string | null {
  const bytes = Buffer.from(latin1, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : null;
}

function gb18030(): (latin1: string) => string | null {
  const decoder = new TextDecoder('gb18030', { fatal: true, ignoreBOM: true });
  return (latin1) => {
    try {
      return decoder.decode(Buffer.from(latin1, 'latin1'));
    } catch {
      return null;
    }
  };
}

/** By what Alipay calls them. */
const CHARSETS = new Map<string, 'utf-8' | 'gb18030'>([
  ['utf-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['gbk', 'gb18030'],
  ['gb2312', 'gb18030'],
  ['gb18030', 'gb18030'],
]);
