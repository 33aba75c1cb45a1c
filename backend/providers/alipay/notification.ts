import { readAlipayNotification, verifyAlipayNotification } from '../../../wire/alipay-notification.ts';
import { alipayTimeMs } from '../../../wire/china-time.ts';
import { shownOf, unknown } from '../exchange.ts';
import type { Notified, Posted, QueryOutcome } from '../provider.ts';
import type { AlipayConfig } from './config.ts';
import { tradeOutcome } from './query.ts';

/** A query names no seller; a notification must, where ours is known: without one it is a reason to ask. */
function sellersOutcome(
  config: AlipayConfig,
  tradeNo: string,
  fields: ReadonlyMap<string, string>,
): QueryOutcome {
  if (config.sellerId && !fields.get('seller_id'))
    return unknown('unreadable', 'seller_id', 'The notification names no seller.');
  return tradeOutcome(config, { tradeNo }, Object.fromEntries(fields));
}

/** A notification of Alipay (protocol: asynchronous notification): signed form fields, V1 alone. */
export function readNotification(config: AlipayConfig, posted: Posted): Notified {
  const reading = readAlipayNotification(posted.body);
  if (!reading.ok) return { kind: 'refused', why: 'unreadable' };
  const { fields } = reading.notification;
  if (!verifyAlipayNotification(reading.notification, config.trust.alipayPublicKey))
    return { kind: 'refused', why: 'not_genuine' };
  const tradeNo = fields.get('out_trade_no') ?? '';
  const status = fields.get('trade_status') ?? '';
  if (tradeNo === '' || status === '')
    return { kind: 'other', tradeNo: null, what: fields.get('notify_type') ?? '' };
  const signedMs = alipayTimeMs(fields.get('notify_time') ?? '');
  const appId = fields.get('app_id') ?? '';
  const outcome =
    appId === config.appId
      ? sellersOutcome(config, tradeNo, fields)
      : ({ kind: 'mismatch', field: 'appId', expected: config.appId, received: appId } as const);
  const { sign = null, ...said } = Object.fromEntries(fields);
  const shown = shownOf(posted, said, { signature: sign, serial: null, verdict: 'OK' });
  // The sum given back so far comes with it, not this refund's own amount: what became of it is asked.
  return { kind: 'trade', tradeNo, signedMs, outcome, refundNo: fields.get('out_biz_no') || null, shown };
}
