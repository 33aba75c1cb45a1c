import { MINUTE } from '../../../ports/clock.ts';
import type { TradeRef } from '../provider.ts';
import { WECHAT_GRACE_MS, type WechatV3Config } from './config.ts';

/**
 * Until when an order may still be paid: WeChat lifts a `time_expire` of less than a minute ahead to one
 * minute, so a minute is added; the grace covers clocks and the lag of queries.
 */
export function payableUntilMs(config: WechatV3Config, trade: TradeRef): number {
  return trade.expiresAtMs + MINUTE + (config.graceMs ?? WECHAT_GRACE_MS);
}
