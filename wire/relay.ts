import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';

/**
 * What relay and till say to each other: JSON text frames over the WebSocket `/till`, and the enrolment
 * request. The order of a connection:
 *
 *     relay → till   challenge
 *     till  → relay  hello                 within {@link HELLO_TIMEOUT_MS}
 *     relay → till   welcome, then delivery …
 *     till  → relay  ack or reject, once per delivery, after the till's own commit
 *     both ways      ping, answered by pong
 *
 * A frame of an unknown `type`, with an unknown member, too large, or out of turn ends the connection.
 */
export const RELAY_PROTOCOL = 1;

/** Where notifications may be posted; `test` is the till's own, to see which hop fails. */
export const RELAY_CHANNELS = ['alipay', 'wechat', 'wechat_v2', 'test'] as const;
export type RelayChannel = (typeof RELAY_CHANNELS)[number];

/** A notification's body is at most this long; the wallets' stay below 10 kB. */
export const NOTIFICATION_BYTES_MAX = 64 * 1024;
/** Longest frame from till to relay. */
export const TILL_FRAME_BYTES_MAX = 4 * 1024;
/** Longest frame from relay to till: the largest body in base64, its headers, and some air. */
export const RELAY_FRAME_BYTES_MAX = 128 * 1024;
/** A connection that has not proved its key by then is ended. */
export const HELLO_TIMEOUT_MS = 5_000;
/** The relay pings this often. Whoever hears nothing for {@link SILENCE_MAX_MS} ends the connection. */
export const HEARTBEAT_MS = 4_000;
export const SILENCE_MAX_MS = 10_000;

/** A till's name in the relay: part of an address that wallets call. */
export const TillName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'not a till’s name');

/** Why the relay closed: WebSocket close codes. After `refused` and `revoked` trying again is of no use. */
export const CLOSE = {
  /** The frame was malformed or out of turn. */
  protocol: 4400,
  /** Unknown till, or the signature does not prove its key; which of the two is not said. */
  refused: 4401,
  /** The operator has revoked the till, or its key was replaced. */
  revoked: 4403,
  /** No hello, or no sign of life, in time. */
  silent: 4408,
  /** A newer connection of the same till has taken over. */
  takenOver: 4409,
  /** The relay is ending, or its mailboxes are away: try again with back-off. */
  unavailable: 4503,
} as const;

const base64 = z.base64();
const base64url = z.string().regex(/^[A-Za-z0-9_-]*$/, 'not base64url');
const seq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** 32 bytes, base64url without padding. */
const nonce = base64url.length(43);
/** Ed25519 public key, its 32 raw bytes in base64url (the `x` of its JWK). */
const publicKey = base64url.length(43);
/** Ed25519 signature, 64 bytes in base64url. */
const signature = base64url.length(86);

const Challenge = z.strictObject({
  type: z.literal('challenge'),
  protocol: z.literal(RELAY_PROTOCOL),
  /** The relay's name, as the till learned it when it was enrolled. The till signs for no other. */
  relay: z.string().min(1).max(255),
  nonce,
});

const Welcome = z.strictObject({
  type: z.literal('welcome'),
  till: TillName,
  /** Which count `seq` belongs to. Keep it beside the last `seq`; a new one starts a new count. */
  epoch: z.string().min(1).max(64),
  /** So many deliveries are under way at most; the next comes after an ack or reject. */
  window: z.number().int().min(1),
});

const Delivery = z.strictObject({
  type: z.literal('delivery'),
  /** Rises from delivery to delivery within an epoch; gaps mean nothing. */
  seq,
  /** The same for every arrival of one notification, also after a restart: the till's key against repeats. */
  id: z.string().min(1).max(64),
  channel: z.enum(RELAY_CHANNELS),
  /** When the relay received it, by its own clock: ms since 1970. */
  receivedMs: z.number().int().min(0),
  /** The headers that matter, names in lower case, values as they came. */
  headers: z.record(z.string(), z.string()),
  /** The body, byte for byte. */
  body: base64,
});

const Ping = z.strictObject({ type: z.literal('ping') });
const Pong = z.strictObject({ type: z.literal('pong') });

const Hello = z.strictObject({
  type: z.literal('hello'),
  protocol: z.literal(RELAY_PROTOCOL),
  till: TillName,
  signature,
  /** Up to here everything is committed or rejected at the till; null when it knows of nothing. */
  after: z.strictObject({ epoch: z.string().min(1).max(64), seq }).nullable(),
});

const Ack = z.strictObject({ type: z.literal('ack'), seq });

const Reject = z.strictObject({
  type: z.literal('reject'),
  seq,
  /** Why the till cannot use it, for the operator's eyes: no payer data. */
  reason: z.string().min(1).max(200),
});

export const RelayFrame = z.discriminatedUnion('type', [Challenge, Welcome, Delivery, Ping, Pong]);
export type RelayFrame = z.infer<typeof RelayFrame>;
export const TillFrame = z.discriminatedUnion('type', [Hello, Ack, Reject, Ping, Pong]);
export type TillFrame = z.infer<typeof TillFrame>;

/** `POST /enrol`, once per key. Answered by {@link Enrolled}, or 403 whatever was wrong with it. */
export const EnrolRequest = z.strictObject({
  till: TillName,
  /** The operator's one-time code; dashes, blanks and case do not count. */
  code: z.string().min(1).max(64),
  publicKey,
  /** Over {@link enrolText}: the till holds the private key. */
  signature,
});
export type EnrolRequest = z.infer<typeof EnrolRequest>;

export const Enrolled = z.strictObject({
  till: TillName,
  relay: z.string().min(1),
  /** Where the till connects: `wss://…/till`. */
  pushUrl: z.url(),
  /** What the wallets are told as `notify_url`, with `{channel}` to be replaced. */
  notifyUrl: z.string(),
});
export type Enrolled = z.infer<typeof Enrolled>;

/** Reads one frame; null when it is none. Never throws. */
export function parseFrame<S extends z.ZodType>(schema: S, text: string): z.output<S> | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** What a hello signs: the domain, the relay and its fresh nonce, so that it is good nowhere else and never again. */
function helloText(hello: { relay: string; till: string; nonce: string }): Buffer {
  return Buffer.from(`mianfu relay hello 1\n${hello.relay}\n${hello.till}\n${hello.nonce}\n`);
}

function enrolText(enrol: { till: string; code: string; publicKey: string }): Buffer {
  return Buffer.from(`mianfu relay enrol 1\n${enrol.till}\n${plainCode(enrol.code)}\n${enrol.publicKey}\n`);
}

/** The code without what people put between its characters. */
export function plainCode(code: string): string {
  return code.replace(/[\s-]/g, '').toUpperCase();
}

export function signHello(hello: { relay: string; till: string; nonce: string }, key: KeyObject): string {
  return sign(null, helloText(hello), key).toString('base64url');
}

export function verifyHello(
  hello: { relay: string; till: string; nonce: string; signature: string },
  key: KeyObject,
): boolean {
  return verify(null, helloText(hello), key, Buffer.from(hello.signature, 'base64url'));
}

/** The whole enrolment request of a till with this key pair. */
export function enrolRequest(
  enrol: { till: string; code: string },
  keys: { publicKey: KeyObject; privateKey: KeyObject },
): EnrolRequest {
  const { x: publicKey = '' } = keys.publicKey.export({ format: 'jwk' });
  const signature = sign(null, enrolText({ ...enrol, publicKey }), keys.privateKey).toString('base64url');
  return { till: enrol.till, code: enrol.code, publicKey, signature };
}

/** Whether the sender of the request holds the private key. False also for what is no key. */
export function verifyEnrol(request: EnrolRequest): boolean {
  const key = tillKey(request.publicKey);
  return key !== null && verify(null, enrolText(request), key, Buffer.from(request.signature, 'base64url'));
}

/** A till's public key from its 32 bytes in base64url; null when it is none. */
export function tillKey(x: string): KeyObject | null {
  try {
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    return null;
  }
}
