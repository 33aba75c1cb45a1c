import { SECOND } from '../../../ports/clock.ts';
import { openWechatNotification } from '../../../wire/wechat-v3-notification.ts';
import { shownOf } from '../exchange.ts';
import type { Asked, Notified, Posted } from '../provider.ts';
import { sealOf, type WechatContext } from './call.ts';
import { transactionOutcome } from './query.ts';
import { refundNotice } from './refund-query.ts';
import { numberShape } from './wire.ts';

const REFUND_EVENTS = ['REFUND.SUCCESS', 'REFUND.ABNORMAL', 'REFUND.CLOSED'];

/** A notification of WeChat Pay v3 (protocol: notifications): signed headers over the body, AEAD inside. */
export async function readNotification(
  { config, verifiers }: WechatContext,
  posted: Posted,
  at: Asked,
): Promise<Notified> {
  // The window is measured at the receipt; how old it is now is for whoever settles it.
  const verdict = await verifiers.verify(posted, at, posted.receivedMs);
  if (verdict === 'KEYS_AWAY') return { kind: 'not_now' };
  if (verdict !== 'OK') return { kind: 'refused', why: 'not_genuine' };
  const reading = openWechatNotification(posted.body, config.apiV3Key);
  if (!reading.ok) return { kind: 'refused', why: 'unreadable' };
  const { eventType, content } = reading.notification;
  const number = numberShape.safeParse(content);
  if (!number.success) return { kind: 'other', tradeNo: null, what: eventType };
  const { out_trade_no: tradeNo, out_refund_no: refundNo } = number.data;
  const signedMs = Number(posted.headers['wechatpay-timestamp']) * SECOND;
  // What was inside: its cover says nothing, and nobody could open it later.
  const shown = shownOf(posted, content, sealOf(posted, verdict));
  if (eventType === 'TRANSACTION.SUCCESS') {
    const outcome = transactionOutcome(config, { tradeNo }, content);
    return { kind: 'trade', tradeNo, signedMs, outcome, refundNo: null, shown };
  }
  if (refundNo !== undefined && REFUND_EVENTS.includes(eventType))
    return {
      kind: 'refund',
      tradeNo,
      refundNo,
      signedMs,
      outcome: refundNotice(config, { tradeNo, refundNo }, content),
      shown,
    };
  return { kind: 'other', tradeNo, what: eventType };
}
