import type { Clock } from '../../ports/clock.ts';
import { type Random, randomText } from '../../ports/random.ts';
import { alipayTime } from '../../wire/china-time.ts';
import { createAlipayNotifications } from '../alipay/notification.ts';
import type { Plight } from '../faults/armed.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ledger } from '../ledger/ledger.ts';
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
  return ({ channel, tradeNo, id, createdAtMs }, plight) => {
    const trade = ledger.find(channel, tradeNo);
    if (!trade) throw new Error(`The notification ${id} is about no trade of the ledger.`);
    return channel === 'alipay' ? alipay(trade, id, plight) : wechat(trade, id, createdAtMs, plight);
  };
}

/** As the real ones look: 34 digits that begin with the day; a UUID. */
export function freshNotificationId({ channel }: LedgerTrade, nowMs: number, random: Random): string {
  if (channel === 'alipay') {
    const digits = alipayTime(nowMs).replace(/\D/g, '');
    return `${digits.slice(0, 8)}00222${digits.slice(8)}${randomText(random, DIGITS, 15)}`;
  }
  return [8, 4, 4, 4, 12].map((length) => randomText(random, HEX, length)).join('-');
}
