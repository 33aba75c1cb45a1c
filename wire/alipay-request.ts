import type { KeyObject } from 'node:crypto';
import { type RsaHash, rsaSign, rsaVerify } from './rsa.ts';

/** Request parameters by their wire names; empty and absent values are neither signed nor sent. */
export type AlipayParams = Record<string, string | null | undefined>;

const HASH_OF_SIGN_TYPE: Record<string, RsaHash> = { RSA2: 'sha256', RSA: 'sha1' };

/** What the gateway reads from the URL, `charset` above all: it decodes the body by it. The rest is the body. */
const IN_URL = new Set([
  'app_id',
  'method',
  'format',
  'charset',
  'sign_type',
  'sign',
  'timestamp',
  'version',
  'notify_url',
  'return_url',
  'app_auth_token',
  'app_cert_sn',
  'alipay_root_cert_sn',
  'encrypt_type',
]);

type Sent = [name: string, value: string][];

/** The parameters that are sent beside `sign`: those with a name and a value, in their given order. */
function sentParams(params: AlipayParams): Sent {
  const sent: Sent = [];
  for (const name of Object.keys(params)) {
    const value = params[name];
    if (name !== '' && name !== 'sign' && value) sent.push([name, value]);
  }
  return sent;
}

/**
 * The text that is signed: all parameters but `sign`, sorted by name in byte order, `name=value` joined with
 * `&`, values raw (protocol: string to sign).
 */
export function alipayTextToSign(params: AlipayParams): string {
  return textOf(sentParams(params));
}

/** The parameters that are sent, with `sign` last. The hash follows `sign_type` (RSA2 unless it says RSA). */
export function signAlipayRequest(params: AlipayParams, key: KeyObject): Record<string, string> {
  const sent = sentParams(params);
  const hash = HASH_OF_SIGN_TYPE[params.sign_type ?? 'RSA2'] ?? 'sha256';
  const signature = rsaSign(key, textOf(sent), hash);
  return Object.fromEntries([...sent, ['sign', signature]]);
}

/** Splits signed parameters into the URL's query and the form body, both percent-encoded UTF-8. */
export function splitAlipayRequest(params: Record<string, string>): { query: string; body: string } {
  const query: string[] = [];
  const body: string[] = [];
  for (const name of Object.keys(params))
    (IN_URL.has(name) ? query : body).push(`${encoded(name)}=${encoded(params[name] ?? '')}`);
  return { query: query.join('&'), body: body.join('&') };
}

export type AlipayRequestReading =
  | { ok: true; params: Record<string, string> }
  | { ok: false; why: 'duplicate'; name: string };

/**
 * The gateway's side: the parameters of query and form body together. A name that comes twice is refused,
 * since the two sides might believe different ones.
 */
export function readAlipayRequest(query: string, body: string): AlipayRequestReading {
  const params: Record<string, string> = Object.create(null);
  for (const [name, value] of [...new URLSearchParams(query), ...new URLSearchParams(body)]) {
    if (name in params) return { ok: false, why: 'duplicate', name };
    params[name] = value;
  }
  return { ok: true, params };
}

export type AlipayRequestVerdict = 'ok' | 'missing_sign' | 'unknown_sign_type' | 'bad_signature';

/** The gateway's side: checks a merchant's signature over all its parameters. */
export function verifyAlipayRequest(params: AlipayParams, key: KeyObject): AlipayRequestVerdict {
  if (!params.sign) return 'missing_sign';
  const hash = HASH_OF_SIGN_TYPE[params.sign_type ?? ''];
  if (!hash) return 'unknown_sign_type';
  return rsaVerify(key, alipayTextToSign(params), params.sign, hash) ? 'ok' : 'bad_signature';
}

/** UTF-16 order is byte order as long as there are no surrogates. */
function inByteOrder(sent: Sent): Sent {
  const isPlain = !sent.some(([name]) => /[\ud800-\udfff]/.test(name));
  if (isPlain) return sent.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return sent.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function textOf(sent: Sent): string {
  let text = '';
  for (const [name, value] of inByteOrder(sent))
    text += text === '' ? `${name}=${value}` : `&${name}=${value}`;
  return text;
}

/** Half a surrogate pair has no UTF-8; it is signed as U+FFFD and so sent as that. */
function encoded(text: string): string {
  // Most values need nothing, and asking is cheaper than encoding.
  return /^[\w.~-]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
}
