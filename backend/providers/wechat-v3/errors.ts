import type { RefundRefusal, RefusalReason, Unanswered } from '../provider.ts';

export type Meaning =
  | { to: 'refused'; reason: RefusalReason }
  | { to: 'not_given_back'; reason: RefundRefusal }
  | { to: 'held' }
  | { to: 'query_first' }
  | { to: 'accepted' }
  | { to: 'no_order' }
  | { to: 'unknown'; cause: Unanswered['cause'] };

const unknown = (cause: Unanswered['cause']): Meaning => ({ to: 'unknown', cause });
const refused = (reason: RefusalReason): Meaning => ({ to: 'refused', reason });
const QUERY: Meaning = { to: 'query_first' };

type Table = Readonly<Record<string, Meaning>>;

/** The official pages disagree on spellings; the tables below use the first. */
const SPELLINGS: Readonly<Record<string, string>> = {
  SYSTEMERROR: 'SYSTEM_ERROR',
  BANKERROR: 'BANK_ERROR',
  ORDERNOTEXIST: 'ORDER_NOT_EXIST',
  ORDERPAID: 'ORDER_PAID',
  ORDERCLOSED: 'ORDER_CLOSED',
  NOTENOUGH: 'NOT_ENOUGH',
  USERPAYING: 'USER_PAYING',
  RATELIMIT_EXCEEDED: 'FREQUENCY_LIMITED',
  RATELIMIT_EXCEED: 'FREQUENCY_LIMITED',
  MCHID_NOT_EXIST: 'MCH_NOT_EXISTS',
};

/** Codes that mean the same in every operation. */
const EVERYWHERE: Table = {
  SYSTEM_ERROR: unknown('server_error'),
  BANK_ERROR: unknown('server_error'),
  SIGN_ERROR: unknown('misconfigured'), // Our key, serial or clock; not executed.
  FREQUENCY_LIMITED: unknown('throttled'), // Not executed. On close also while the customer pays.
};

/** Native order. Only what is listed as a refusal is one. */
export const OPEN_ERRORS: Table = {
  ...EVERYWHERE,
  PARAM_ERROR: refused('invalid_parameter'),
  APPID_MCHID_NOT_MATCH: refused('merchant_rejected'),
  MCH_NOT_EXISTS: refused('merchant_rejected'),
  NO_AUTH: refused('merchant_rejected'), // The product is not contracted.
  ACCOUNT_ERROR: refused('merchant_rejected'),
  RULE_LIMIT: refused('other'), // A rule of the product, an amount limit for one.
  INVALID_REQUEST: QUERY, // May mean: the number exists with other parameters.
  ORDER_PAID: QUERY,
  ORDER_CLOSED: QUERY,
  OUT_TRADE_NO_USED: QUERY,
  TRADE_ERROR: QUERY,
};

export const QUERY_ERRORS: Table = {
  ...EVERYWHERE,
  ORDER_NOT_EXIST: { to: 'no_order' },
  RESOURCE_NOT_EXISTS: { to: 'no_order' },
  PARAM_ERROR: unknown('misconfigured'),
  INVALID_REQUEST: unknown('misconfigured'),
  APPID_MCHID_NOT_MATCH: unknown('misconfigured'),
  MCH_NOT_EXISTS: unknown('misconfigured'),
  NO_AUTH: unknown('misconfigured'),
};

export const CLOSE_ERRORS: Table = {
  ...EVERYWHERE,
  ORDER_CLOSED: { to: 'accepted' }, // Repeating a close is harmless.
  ORDER_NOT_EXIST: { to: 'no_order' },
  RESOURCE_NOT_EXISTS: { to: 'no_order' },
  ORDER_PAID: QUERY,
  USER_PAYING: QUERY, // Also with HTTP 202.
  TRADE_ERROR: QUERY,
  INVALID_REQUEST: QUERY,
  PARAM_ERROR: QUERY,
  APPID_MCHID_NOT_MATCH: unknown('misconfigured'),
  MCH_NOT_EXISTS: unknown('misconfigured'),
  NO_AUTH: unknown('misconfigured'),
};

const notGivenBack = (reason: RefundRefusal): Meaning => ({ to: 'not_given_back', reason });

/** Refund. Only what is listed as a refusal is one. */
export const REFUND_ERRORS: Table = {
  ...EVERYWHERE,
  NOT_ENOUGH: { to: 'held' }, // The same number again after a top-up.
  PARAM_ERROR: notGivenBack('invalid_parameter'),
  RESOURCE_NOT_EXISTS: notGivenBack('merchant_rejected'), // No such order at this merchant.
  ORDER_NOT_EXIST: notGivenBack('merchant_rejected'),
  NO_AUTH: notGivenBack('merchant_rejected'),
  RULE_LIMIT: notGivenBack('not_refundable'), // The window, or the number of parts.
  TRADE_ERROR: notGivenBack('not_refundable'),
  ACCOUNT_ERROR: notGivenBack('account_unusable'),
  USER_ACCOUNT_ABNORMAL: notGivenBack('account_unusable'),
  INVALID_REQUEST: QUERY, // A rule was broken, or the number exists with other content.
  APPID_MCHID_NOT_MATCH: unknown('misconfigured'),
  MCH_NOT_EXISTS: unknown('misconfigured'),
};

export const REFUND_QUERY_ERRORS: Table = {
  ...EVERYWHERE,
  RESOURCE_NOT_EXISTS: { to: 'no_order' },
  PARAM_ERROR: unknown('misconfigured'),
  INVALID_REQUEST: unknown('misconfigured'),
  MCH_NOT_EXISTS: unknown('misconfigured'),
  NO_AUTH: unknown('misconfigured'),
};

/** Bills. Both names of the protocol are unconfirmed; any other word proves nothing. */
export const BILL_ERRORS: Readonly<Record<string, Meaning | { to: 'not_ready' }>> = {
  ...EVERYWHERE,
  NO_STATEMENT_EXIST: { to: 'no_order' },
  STATEMENT_CREATING: { to: 'not_ready' },
  PARAM_ERROR: unknown('misconfigured'),
  INVALID_REQUEST: unknown('misconfigured'),
  NO_AUTH: unknown('misconfigured'),
};

/** What a code means here; the HTTP status counts only for codes that are not listed, since pages disagree on it. */
export function meaningOf<M extends { to: string } = Meaning>(
  table: Readonly<Record<string, M>>,
  code: string,
  status: number,
): M | Meaning {
  const spelt = Object.hasOwn(SPELLINGS, code) ? (SPELLINGS[code] ?? code) : code;
  if (Object.hasOwn(table, spelt)) return table[spelt] ?? unknown('unlisted');
  return unknown(hintOf(status) ?? 'unlisted');
}

/** What an HTTP status alone hints at; null for those that say nothing. */
export function hintOf(status: number): Unanswered['cause'] | null {
  if (status === 401) return 'misconfigured';
  if (status === 429) return 'throttled';
  return status >= 500 ? 'server_error' : null;
}
