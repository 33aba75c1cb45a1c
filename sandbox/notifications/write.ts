import type { Clock } from '../../ports/clock.ts';
import { type Random, randomText } from '../../ports/random.ts';
import { alipayTime } from '../../wire/china-time.ts';
import { createAlipayNotifications } from '../alipay/notification.ts';
import type { Plight } from '../faults/armed.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerRefund } from '../ledger/refund.ts';
import type { LedgerTrade } from '../ledger/trade.ts';
import { createWechatNotifications } from '../wechat/notification.ts';
import type { Message, Notification } from './notification.ts';

const DIGITS = '0123456789';
const HEX = '0123456789abcdef';

/** Writes a notification about the trade as the ledger holds it, in its wallet's words. */
export function notificationWriter(deps: {
  ledger: Ledger;
  identity: () => Identity;
  clock: Clock;
  random: Random;
}): (notification: Notification, plight: Plight) => Message {
  const { ledger, identity, clock, random } = deps;
  const alipay = createAlipayNotifications({ identity: identity(), clock });
  const wechat = createWechatNotifications({ identity: () => identity().wechat, clock, random });
  return (notification, plight) => {
    const { channel, tradeNo, id } = notification;
    const trade = ledger.find(channel, tradeNo);
    if (!trade) throw new Error(`The notification ${id} is about no trade of the ledger.`);
    const refund = refundOf(notification);
    return channel === 'alipay'
      ? alipay(trade, refund, id, plight)
      : wechat(trade, refund, notification, plight);
  };

  /** The refund that it is about, as it was when it was to be told. */
  function refundOf({ channel, tradeNo, refund }: Notification): LedgerRefund | null {
    const found = refund && ledger.findRefund(channel, tradeNo, refund.refundNo);
    return found ? { ...found, status: refund.status } : null;
  }
}

/** As the real ones look: 34 digits that begin with the day; a UUID. */
export function freshNotificationId({ channel }: LedgerTrade, nowMs: number, random: Random): string {
  if (channel === 'alipay') {
    const digits = alipayTime(nowMs).replace(/\D/g, '');
    return `${digits.slice(0, 8)}00222${digits.slice(8)}${randomText(random, DIGITS, 15)}`;
  }
  return [8, 4, 4, 4, 12].map((length) => randomText(random, HEX, length)).join('-');
}
