import { isUtf8 } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { wechatTime } from './china-time.ts';
import { WechatAeadError, wechatOpen, wechatSeal } from './wechat-v3-aead.ts';

const envelopeShape = z.object({
  id: z.string().min(1).max(100),
  event_type: z.string().min(1).max(100),
  resource: z.object({
    algorithm: z.string(),
    nonce: z.string(),
    associated_data: z.string().nullish(),
    ciphertext: z.string(),
    original_type: z.string().optional(),
  }),
});

/** A notification's own id, what it says that happened, and its opened content. */
interface WechatNotification {
  id: string;
  eventType: string;
  content: unknown;
}

export type WechatNotificationReading =
  | { ok: true; notification: WechatNotification }
  | { ok: false; why: 'not_a_notification' | 'not_opened' };

/** Opens a notification whose signature was checked before, on the same bytes. Total on hostile input. */
export function openWechatNotification(body: Uint8Array, apiV3Key: KeyObject): WechatNotificationReading {
  const envelope = envelopeShape.safeParse(json(body));
  if (!envelope.success) return { ok: false, why: 'not_a_notification' };
  const { id, event_type: eventType, resource } = envelope.data;
  try {
    const content = json(wechatOpen(resource, apiV3Key));
    return content === undefined
      ? { ok: false, why: 'not_opened' }
      : { ok: true, notification: { id, eventType, content } };
  } catch (error) {
    if (error instanceof WechatAeadError) return { ok: false, why: 'not_opened' };
    throw error;
  }
}

/**
 * The wallet's side: the body of a notification; its headers are those of any signed message. A nonce
 * (12 ASCII characters) is never used twice with one key.
 */
export function writeWechatNotification(
  said: {
    id: string;
    createdMs: number;
    eventType: string;
    summary: string;
    /** What the content is: `transaction`, `refund`. */
    originalType: string;
    content: object;
  },
  apiV3Key: KeyObject,
  fresh: { nonce: string },
): string {
  const { originalType } = said;
  const sealed = wechatSeal(JSON.stringify(said.content), apiV3Key, {
    nonce: fresh.nonce,
    associatedData: originalType,
  });
  return JSON.stringify({
    id: said.id,
    create_time: wechatTime(said.createdMs),
    resource_type: 'encrypt-resource',
    event_type: said.eventType,
    summary: said.summary,
    resource: { original_type: originalType, ...sealed },
  });
}

function json(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
}
