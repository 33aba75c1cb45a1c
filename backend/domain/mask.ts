/**
 * What may be kept and shown of what passed between till and wallet: everything but who paid, and keys. A payer
 * keeps enough to tell two apart, too little to be known. The one place that decides it.
 */

/** Members of either wallet's texts that name the payer. */
const PAYER =
  'buyer_[a-z_]*(?:id|name|phone|email)|openid|sub_openid|unionid|payer_[a-z_]*(?:id|name|account)|user_received_account';
const IN_JSON = new RegExp(`"(${PAYER})"(\\s*:\\s*)"((?:[^"\\\\]|\\\\.)*)"`, 'g');
const IN_FORM = new RegExp(`(?<![\\w])(${PAYER})=([^&\\s"]*)`, 'g');
const PHONE = /(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)/g;
const EMAIL_NAME = /[\w.+-]/;
const EMAIL_HOST = /[\w-]+(?:\.[\w-]+)+/y;
/** Alipay's ids of people and firms; WeChat's of people. */
const ALIPAY_ID = /(?<!\d)2088\d{8}(\d{4})(?!\d)/g;
const OPENID = /(?<![\w-])o[\w-]{23}([\w-]{4})(?![\w-])/g;
const KEY = /-----BEGIN [A-Z ]+-----[^-]*(?:-----END [A-Z ]+-----)?/g;

/** A text as it may be kept. Masking twice changes nothing more. */
export function masked(text: string): string {
  const named = text
    .replace(KEY, '****')
    .replace(
      IN_JSON,
      (_, name: string, colon: string, value: string) => `"${name}"${colon}"${payerTail(value)}"`,
    )
    .replace(IN_FORM, (_, name: string, value: string) => `${name}=${payerTail(value)}`)
    .replace(PHONE, '$1****$2');
  return withoutEmails(named).replace(ALIPAY_ID, '2088****$1').replace(OPENID, '****$1');
}

/**
 * Of an address the first character and the host. Looked for from each `@` backwards: an expression that looks
 * forward tries every place of a long word anew, and stands still over what a stranger may answer.
 */
function withoutEmails(text: string): string {
  let shown = '';
  let done = 0;
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', at + 1)) {
    let from = at;
    while (from > done && EMAIL_NAME.test(text[from - 1] ?? '')) from -= 1;
    EMAIL_HOST.lastIndex = at + 1;
    if (from === at || !EMAIL_HOST.test(text)) continue;
    shown += `${text.slice(done, from + 1)}***`;
    done = EMAIL_HOST.lastIndex;
    shown += text.slice(at, done);
  }
  return shown + text.slice(done);
}

/** Enough of a payer to tell two apart on the screen, too little to know one: the wallet's own mask, or the last four characters. */
export function payerTail(payer: string): string {
  return payer.includes('*') ? payer : `****${payer.length > 8 ? payer.slice(-4) : ''}`;
}

/** Ours, or proofs: never of a payer, and of no use when altered. */
const KEPT = new Set([
  'orderNo',
  'tradeNo',
  'refundNo',
  'chargeId',
  'providerTradeNo',
  'providerRefundNo',
  'tillId',
  'hash',
  'ledgerHead',
  'signature',
  'serial',
  'digest',
]);

/** A whole value with every text in it as it may be shown. */
export function maskedAll<T>(value: T): T {
  if (typeof value === 'string') return masked(value) as T;
  if (Array.isArray(value)) return value.map(maskedAll) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, KEPT.has(name) ? each : maskedAll(each)]),
  ) as T;
}
