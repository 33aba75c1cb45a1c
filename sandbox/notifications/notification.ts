import { z } from 'zod';
import { wechatTime } from '../../wire/china-time.ts';
import type { LedgerChannel } from '../ledger/ledger.ts';
import { REFUND_STATUSES } from '../ledger/refund.ts';

const sendShape = z.object({
  atMs: z.number(),
  /** Of the answer; null without one. */
  status: z.number().nullable(),
  acknowledged: z.boolean(),
  /** Null when it was acknowledged. */
  why: z
    .enum(['not_acknowledged', 'dropped', 'connect', 'timeout', 'reset', 'body_too_large', 'aborted'])
    .nullable(),
  /** How an answer began that was no acknowledgement. */
  said: z.string().nullable(),
  fault: z.string().nullable(),
});
export type Send = z.infer<typeof sendShape>;

/** That a trade was paid, or what became of a refund, as the wallet tells it: once, or again and again until somebody acknowledges. */
export const notificationShape = z.object({
  /** `notify_id`, or the envelope's `id`: the same on every send. */
  id: z.string(),
  channel: z.enum(['alipay', 'wechat']),
  tradeNo: z.string(),
  /** What it tells of a refund; null when it is about the payment. */
  refund: z
    .object({ refundNo: z.string(), status: z.enum(REFUND_STATUSES) })
    .nullable()
    .default(null),
  url: z.string(),
  createdAtMs: z.number(),
  state: z.enum(['waiting', 'acknowledged', 'given_up']),
  /** Steps of the schedule that are behind it; a duplicated send is one. */
  tries: z.number().int(),
  nextAtMs: z.number().nullable(),
  sends: z.array(sendShape),
});
export type Notification = z.infer<typeof notificationShape>;

/** What a wallet posts. */
export interface Message {
  headers: Record<string, string>;
  body: string;
}

/** A notification as `GET /ledger` shows it. */
export function notificationView(notification: Notification): object {
  const { id, refund, url, state, createdAtMs, nextAtMs, sends } = notification;
  return {
    id,
    refund,
    url,
    state,
    createdAt: wechatTime(createdAtMs),
    nextAt: nextAtMs === null ? null : wechatTime(nextAtMs),
    sends: sends.map(({ atMs, ...send }) => ({ at: wechatTime(atMs), ...send })),
  };
}

/**
 * Where a notification can be posted: https, or http on this machine. Null for anything else, and for the
 * names under which nobody can ever listen (RFC 6761).
 */
export function destination(url: string | null): { origin: string; path: string } | null {
  const parsed = url === null ? null : URL.parse(url);
  if (!parsed || /(^|\.)invalid\.?$/.test(parsed.hostname)) return null;
  const { protocol, hostname, origin, pathname, search } = parsed;
  const isHere = ['localhost', '[::1]'].includes(hostname) || /^127(\.\d+){3}$/.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && isHere)) return null;
  return { origin, path: `${pathname}${search}` };
}

/** Keeps notifications by their trade, in the order of making. */
export class NotificationBook {
  readonly #byTrade = new Map<string, Notification[]>();

  constructor(kept: readonly Notification[]) {
    for (const notification of kept) this.put(notification);
  }

  /** Keeps a new one, or the new state of one. */
  put(notification: Notification): void {
    const at = `${notification.channel} ${notification.tradeNo}`;
    const others = (this.#byTrade.get(at) ?? []).filter(({ id }) => id !== notification.id);
    this.#byTrade.set(at, [...others, notification]);
  }

  of(channel: LedgerChannel, tradeNo: string): readonly Notification[] {
    return this.#byTrade.get(`${channel} ${tradeNo}`) ?? [];
  }

  all(): Notification[] {
    return [...this.#byTrade.values()].flat();
  }
}
