import type { Message, Options } from 'amqplib';
import { z } from 'zod';
import { RELAY_CHANNELS } from '../../wire/relay.ts';
import type { Notification } from '../mailbox.ts';

/** What travels beside the bytes, as one header; a queue is written by relays alone, and still checked. */
const Meta = z.strictObject({
  till: z.string(),
  channel: z.enum(RELAY_CHANNELS),
  receivedMs: z.number().int(),
  source: z.string(),
  headers: z.record(z.string(), z.string()),
});

const META = 'mianfu';
const REASON = 'mianfu-reason';

export function messageOf(notification: Notification, reason?: string): Options.Publish {
  const { id, body, ...meta } = notification;
  return {
    messageId: id,
    contentType: 'application/octet-stream',
    headers: { [META]: JSON.stringify(meta), ...(reason === undefined ? {} : { [REASON]: reason }) },
  };
}

/** Throws when it is no message of a relay. */
export function notificationOf(message: Message): Notification {
  const { headers, messageId } = message.properties;
  const meta = Meta.parse(JSON.parse(String(headers?.[META])));
  return { ...meta, id: z.string().min(1).parse(messageId), body: message.content };
}

/** Why a dead letter died: the till's word, or what the broker saw. */
export function reasonOf(message: Message): string {
  const headers = message.properties.headers ?? {};
  const given: unknown = headers[REASON];
  if (typeof given === 'string') return given;
  return headers['x-first-death-reason'] === 'expired' ? 'expired' : 'undeliverable';
}
