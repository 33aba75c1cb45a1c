import type { KeyObject } from 'node:crypto';
import { rsaSign, rsaVerify } from './rsa.ts';
import { WECHAT_SCHEME } from './wechat-v3-authorization.ts';

/** Answers and notifications are believed only this close to the receiver's clock, seconds (exclusive). */
export const WECHAT_WINDOW_SECONDS = 300;

/** A key id of the newer WeChat Pay public key begins so; anything else is a certificate serial. */
export const WECHAT_PUBLIC_KEY_PREFIX = 'PUB_KEY_ID_';

/** WeChat now and then sends a signature that begins so, to see that it is refused. */
const PROBE_PREFIX = 'WECHATPAY/SIGNTEST/';

/** Whether it is one of WeChat's probes: never genuine, and no attack either. Needs no key. */
export function isWechatProbe(headers: WechatMessage['headers']): boolean {
  return header(headers, 'wechatpay-signature')?.startsWith(PROBE_PREFIX) ?? false;
}

/**
 * In the order of checking: `MISSING_HEADER` · `UNKNOWN_SERIAL` no key for it here · `EXPIRED` outside the
 * window · `BAD_SIGNATURE` (WeChat's SIGNTEST probes end here, as they must) · `OK`.
 */
export type WechatVerdict = 'OK' | 'MISSING_HEADER' | 'UNKNOWN_SERIAL' | 'EXPIRED' | 'BAD_SIGNATURE';

/** Finds the key for a `Wechatpay-Serial`. */
export type WechatVerifiers = (serial: string) => KeyObject | undefined;

export interface WechatMessage {
  /** Names in any case. */
  headers: Readonly<Record<string, string | undefined>>;
  /** The raw bytes as received; empty for a 204. */
  body: Uint8Array;
}

interface SignatureHeaders {
  timestamp: string;
  nonce: string;
  serial: string;
  signature: string;
  type: string;
}

/** Checks an answer or a notification. `nowMs` is the clock at its receipt. Total on hostile input. */
export function verifyWechatMessage(
  message: WechatMessage,
  verifiers: WechatVerifiers,
  nowMs: number,
): WechatVerdict {
  const headers = signatureHeaders(message.headers);
  if (!headers) return 'MISSING_HEADER';
  const key = verifiers(headers.serial);
  if (!key) return 'UNKNOWN_SERIAL';
  if (!insideWindow(headers.timestamp, nowMs)) return 'EXPIRED';
  return signatureHolds(headers, message.body, key) ? 'OK' : 'BAD_SIGNATURE';
}

/** Whether the signature holds, whatever its age. */
export function wechatSignatureHolds(message: WechatMessage, verifiers: WechatVerifiers): boolean {
  const headers = signatureHeaders(message.headers);
  const key = headers && verifiers(headers.serial);
  return !!headers && !!key && signatureHolds(headers, message.body, key);
}

/** The bytes that are signed: `timestamp\n nonce\n body\n`, the body untouched. */
export function wechatAnswerMessage(timestamp: string, nonce: string, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')]);
}

/** The wallet's side: the headers of an answer or notification over `body`. `timestamp` is in Unix seconds. */
export function signWechatMessage(
  body: string | Uint8Array,
  signer: { serial: string; privateKey: KeyObject },
  fresh: { timestamp: string; nonce: string },
): Record<string, string> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return {
    'Wechatpay-Timestamp': fresh.timestamp,
    'Wechatpay-Nonce': fresh.nonce,
    'Wechatpay-Serial': signer.serial,
    'Wechatpay-Signature': rsaSign(
      signer.privateKey,
      wechatAnswerMessage(fresh.timestamp, fresh.nonce, bytes),
    ),
    'Wechatpay-Signature-Type': WECHAT_SCHEME,
  };
}

/** A lookup over keys by serial or key id, however their serials are written. */
export function wechatVerifiers(keys: Iterable<readonly [serial: string, key: KeyObject]>): WechatVerifiers {
  const bySerial = new Map<string, KeyObject>();
  for (const [serial, key] of keys) bySerial.set(normalSerial(serial), key);
  return (serial) => bySerial.get(normalSerial(serial));
}

/**
 * Serials are compared upper-case without leading zeros: Java drops a leading zero nibble, OpenSSL keeps it.
 * Key ids are compared as they are.
 */
export function normalSerial(serial: string): string {
  if (serial.startsWith(WECHAT_PUBLIC_KEY_PREFIX)) return serial;
  return serial.toUpperCase().replace(/^0+(?=.)/, '');
}

function signatureHeaders(headers: WechatMessage['headers']): SignatureHeaders | null {
  const timestamp = header(headers, 'wechatpay-timestamp');
  const nonce = header(headers, 'wechatpay-nonce');
  const serial = header(headers, 'wechatpay-serial');
  const signature = header(headers, 'wechatpay-signature');
  if (!timestamp || !nonce || !serial || !signature) return null;
  const type = header(headers, 'wechatpay-signature-type') || WECHAT_SCHEME;
  return { timestamp, nonce, serial, signature, type };
}

/** A header by its lower-case name; most carriers have lowered the names already. */
function header(headers: WechatMessage['headers'], name: string): string | undefined {
  const value = headers[name];
  if (value !== undefined) return value;
  const found = Object.keys(headers).find((other) => other.toLowerCase() === name);
  return found === undefined ? undefined : headers[found];
}

function insideWindow(timestamp: string, nowMs: number): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  return Math.abs(Math.floor(nowMs / 1_000) - Number(timestamp)) < WECHAT_WINDOW_SECONDS;
}

function signatureHolds(headers: SignatureHeaders, body: Uint8Array, key: KeyObject): boolean {
  // A header with a line feed could move bytes between the signed fields; HTTP forbids it, other carriers may not.
  if (headers.type !== WECHAT_SCHEME || headers.nonce.includes('\n')) return false;
  return rsaVerify(key, wechatAnswerMessage(headers.timestamp, headers.nonce, body), headers.signature);
}
