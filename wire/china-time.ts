/** Both wallets write China Standard Time, UTC+8 without daylight saving, whatever the till's own zone. */
const OFFSET_MS = 8 * 60 * 60 * 1_000;

/** Alipay's form: `2024-07-24 11:07:50`. Fractions of a second are cut off. */
export function alipayTime(ms: number): string {
  return new Date(ms + OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** Milliseconds since the epoch of Alipay's form; null when it is not one. */
export function alipayTimeMs(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/.test(text)) return null;
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`) - OFFSET_MS;
  if (Number.isNaN(ms)) return null;
  // Date.parse lets 30 February through as March.
  return Number(text.slice(8, 10)) > 28 && alipayTime(ms) !== text ? null : ms;
}

/** WeChat's form, RFC 3339 without fractions: `2024-07-24T11:07:50+08:00`. */
export function wechatTime(ms: number): string {
  return `${new Date(ms + OFFSET_MS).toISOString().slice(0, 19)}+08:00`;
}

/** Milliseconds since the epoch of an RFC 3339 time with any offset; null when it is not one. */
export function wechatTimeMs(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
