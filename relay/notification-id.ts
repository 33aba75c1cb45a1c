import { hash } from 'node:crypto';
import type { RelayChannel } from '../wire/relay.ts';

/**
 * One name for a notification and all its retries: a hash of till, channel and the wallet's own id, or, where
 * there is none, the bytes. Alipay repeats under one `notify_id`, WeChat v3 under one `id` (with fresh
 * signature headers); v2 has no id, and neither has what does not parse. Nothing here says that it is genuine.
 */
export function notificationId(till: string, channel: RelayChannel, body: Uint8Array): string {
  const own = ownId(channel, body);
  const place = `${till}\n${channel}\n${own === null ? 'bytes' : 'id'}\n`;
  return hash('sha256', own === null ? Buffer.concat([Buffer.from(place), body]) : place + own, 'base64url');
}

/**
 * The name of what came under an `id` that others bytes have, which no till has judged yet: one of the two may be a
 * forgery, and the till must see both.
 */
export function otherBytesId(id: string, body: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.from(`${id}\nother bytes\n`), body]), 'base64url');
}

/** Longer ones are nobody's ids. */
const ID_CHARACTERS_MAX = 256;

function ownId(channel: RelayChannel, body: Uint8Array): string | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1');
  const id = channel === 'wechat' ? jsonId(text) : channel === 'alipay' ? formId(text) : null;
  return id !== null && id.length > 0 && id.length <= ID_CHARACTERS_MAX ? id : null;
}

function jsonId(text: string): string | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: its bytes name it.
    return null;
  }
  const id = typeof value === 'object' && value !== null ? (value as { id?: unknown }).id : undefined;
  return typeof id === 'string' ? id : null;
}

function formId(text: string): string | null {
  const fields = text.split('&').filter((field) => field.startsWith('notify_id='));
  // Twice the same name is ambiguous.
  return fields.length === 1 ? (fields[0] ?? '').slice('notify_id='.length) : null;
}
