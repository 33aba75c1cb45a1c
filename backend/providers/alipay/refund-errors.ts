import type { RefundRefusal, Unanswered } from '../provider.ts';

export type RefundMeaning =
  | { to: 'refused'; reason: RefundRefusal }
  | { to: 'query_first' }
  | { to: 'held' }
  | { to: 'unknown'; cause: Unanswered['cause'] };

type Table = Readonly<Record<string, RefundMeaning>>;

const SYSTEM_ERROR: RefundMeaning = { to: 'unknown', cause: 'server_error' };
const refused = (reason: RefundRefusal): RefundMeaning => ({ to: 'refused', reason });

/** Of 40004 on refund. Only what is listed as a refusal is one. */
export const REFUND_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': { to: 'held' }, // The same number again after a top-up.
  'ACQ.DISCORDANT_REPEAT_REQUEST': { to: 'query_first' }, // The number exists with another amount.
  'ACQ.INVALID_PARAMETER': refused('invalid_parameter'),
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': refused('exceeds_payment'), // More than is left.
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': refused('exceeds_payment'),
  'ACQ.TRADE_NOT_EXIST': refused('merchant_rejected'), // Another account, or never paid.
  'ACQ.TRADE_HAS_FINISHED': refused('not_refundable'), // The window for refunds is over.
  'ACQ.TRADE_STATUS_ERROR': refused('not_refundable'),
  'ACQ.TRADE_NOT_ALLOW_REFUND': refused('not_refundable'),
  'ACQ.REASON_TRADE_BEEN_FREEZEN': refused('account_unusable'),
};

/** Of 40004 on a query of a refund: none of them says that there is no refund. */
export const REFUND_QUERY_ERRORS: Table = {
  'ACQ.SYSTEM_ERROR': SYSTEM_ERROR,
  'ACQ.TRADE_NOT_EXIST': { to: 'unknown', cause: 'misconfigured' },
  'ACQ.INVALID_PARAMETER': { to: 'unknown', cause: 'misconfigured' },
};

/** What a sub-code means here; both spellings of the system error are about, anything unlisted proves nothing. */
export function refundMeaningOf(table: Table, subCode: string): RefundMeaning {
  const spelt = subCode.replace(/^AQC\./, 'ACQ.');
  return (Object.hasOwn(table, spelt) ? table[spelt] : undefined) ?? { to: 'unknown', cause: 'unlisted' };
}
