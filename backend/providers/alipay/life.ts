import { MINUTE } from '../../../ports/clock.ts';
import type { TradeRef } from '../provider.ts';
import { ALIPAY_GRACE_MS, type AlipayConfig } from './config.ts';

/** The code's own life in whole minutes, Alipay's unit: rounded up, at least one. The same on every repeat. */
export function qrLifeMinutes(trade: TradeRef): number {
  return Math.max(1, Math.ceil((trade.expiresAtMs - trade.createdAtMs) / MINUTE));
}

/**
 * Until when an unscanned code may still be paid. The absolute end (`time_expire`) is ours to the second;
 * where a product ignores it, the code's life in minutes ends later. The grace covers clocks and the gap
 * between a payment and its showing up in a query.
 */
export function payableUntilMs(config: AlipayConfig, trade: TradeRef): number {
  const codeEndsMs = trade.createdAtMs + qrLifeMinutes(trade) * MINUTE;
  return Math.max(trade.expiresAtMs, codeEndsMs) + (config.graceMs ?? ALIPAY_GRACE_MS);
}
