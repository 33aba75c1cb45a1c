import type { RefusalReason, Unanswered } from '../provider.ts';

/**
 * Gateway codes besides 10000 and 40004: the request was not understood, and nothing was executed. They are
 * often unsigned, so they are hints for a screen and for back-off, never proof.
 */
export const GATEWAY_CODES: Readonly<Record<string, Unanswered['cause']>> = {
  '20000': 'server_error', // Service unavailable: aop.unknow-error, isp.unknow-error.
  '20001': 'misconfigured', // A token is missing, wrong or expired.
  '40001': 'misconfigured', // A parameter is missing.
  '40002': 'misconfigured', // A parameter is wrong: signature, app id, sign type.
  '40005': 'throttled', // Too many calls.
  '40006': 'misconfigured', // No permission: the product is not contracted.
};

/** Sub-codes that say more than their code. */
const GATEWAY_SUB_CODES: Readonly<Record<string, Unanswered['cause']>> = {
  'isv.invalid-timestamp': 'clock',
  'isv.app-call-limited': 'throttled',
  'isv.method-call-limited': 'throttled',
  'isp.top-remote-connection-timeout': 'server_error',
};

export type Meaning =
  | { to: 'refused'; reason: RefusalReason }
  | { to: 'query_first' }
  | { to: 'no_trade' }
  | { to: 'unknown'; cause: Unanswered['cause'] };

const SYSTEM_ERROR: Meaning = { to: 'unknown', cause: 'server_error' };
const QUERY: Meaning = { to: 'query_first' };
const NO_TRADE: Meaning = { to: 'no_trade' };
const refused = (reason: RefusalReason): Meaning => ({ to: 'refused', reason });

type Table = Readonly<Record<string, Meaning>>;

/** Of 40004 on precreate. Only what is listed as a refusal is one. */
export const PRECREATE_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR, // A code may exist: the same number is repeated.
  'ACQ.INVALID_PARAMETER': refused('invalid_parameter'),
  'ACQ.ACCESS_FORBIDDEN': refused('merchant_rejected'), // Not contracted.
  'ACQ.PARTNER_ERROR': refused('merchant_rejected'), // The app id is not the merchant's.
  'ACQ.SELLER_BEEN_BLOCKED': refused('merchant_rejected'),
  'ACQ.EXIST_FORBIDDEN_WORD': refused('forbidden_word'), // In the subject.
  'ACQ.TOTAL_FEE_EXCEED': refused('amount_exceeds_limit'),
  'ACQ.TRADE_HAS_SUCCESS': QUERY, // Already paid.
  'ACQ.TRADE_HAS_CLOSE': QUERY,
  'ACQ.CONTEXT_INCONSISTENT': QUERY, // The number exists with another amount.
  'ACQ.TRADE_BUYER_NOT_MATCH': QUERY,
};

/** Of 40004 on query. */
export const QUERY_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'ACQ.TRADE_NOT_EXIST': NO_TRADE, // Never scanned: there is a trade only after the scan.
  'ACQ.INVALID_PARAMETER': { to: 'unknown', cause: 'misconfigured' },
};

/** Of 40004 on close. */
export const CLOSE_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'ACQ.TRADE_NOT_EXIST': NO_TRADE, // The unscanned code is still payable.
  'ACQ.REASON_TRADE_STATUS_INVALID': QUERY, // Not waiting for payment: perhaps paid.
  'ACQ.REASON_ILLEGAL_STATUS': QUERY,
  'ACQ.TRADE_STATUS_ERROR': QUERY,
  'ACQ.TRADE_HAS_SUCCESS': QUERY,
  'ACQ.TRADE_HAS_FINISHED': QUERY,
  'ACQ.TRADE_HAS_CLOSE': QUERY,
};

/** Of 40004 on cancel. What cannot be reversed any more was paid: a query says so. */
export const CANCEL_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'ACQ.TRADE_NOT_EXIST': NO_TRADE,
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': QUERY, // Paid, and not refundable before a top-up.
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': QUERY, // Already refunded in part.
  'ACQ.TRADE_CANCEL_TIME_OUT': QUERY, // The window for cancelling is over.
  'ACQ.TRADE_HAS_FINISHED': QUERY,
  'ACQ.TRADE_STATUS_ERROR': QUERY,
  'ACQ.CANCEL_NOT_ALLOWED': QUERY,
  'ACQ.REASON_TRADE_BEEN_FREEZEN': QUERY,
};

/** Of 40004 on a bill. */
export const BILL_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'isp.bill_not_exist': NO_TRADE,
};

/** What a sub-code means here. Both spellings of the system error are about; anything unlisted proves nothing. */
export function meaningOf(table: Table, subCode: string): Meaning {
  const spelt = subCode.replace(/^AQC\./, 'ACQ.');
  return Object.hasOwn(table, spelt) ? (table[spelt] ?? UNLISTED) : UNLISTED;
}

const UNLISTED: Meaning = { to: 'unknown', cause: 'unlisted' };

/** Why the gateway itself turned the request away; null for codes that are not its own. */
export function gatewayCause(code: string, subCode: string): Unanswered['cause'] | null {
  if (!Object.hasOwn(GATEWAY_CODES, code)) return null;
  if (Object.hasOwn(GATEWAY_SUB_CODES, subCode)) return GATEWAY_SUB_CODES[subCode] ?? null;
  return GATEWAY_CODES[code] ?? null;
}
