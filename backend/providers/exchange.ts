import { type HttpAnswer, HttpFault } from '../../ports/http.ts';
import type { Answered, Asked, Unanswered } from './provider.ts';

export type Exchange = Answered<unknown>['exchange'];

/** The longest answer that is kept for the timeline, characters. */
export const ANSWER_MAX = 4_000;

/** Members of either wallet's answers that name the payer. */
const PAYER_MEMBER =
  /"(buyer_[a-z_]*(?:id|name|phone|email)|openid|sub_openid|unionid|payer_[a-z_]*(?:id|name|account)|user_received_account)"(\s*:\s*)"((?:[^"\\]|\\.)*)"/g;
const PHONE = /(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)/g;

/** What the wire showed, for a call that was answered. */
export function exchangeOf(
  answer: HttpAnswer,
  text: string,
  codes: { providerCode: string | null; requestId: string | null },
): Exchange {
  return {
    httpStatus: answer.status,
    providerCode: codes.providerCode,
    requestId: codes.requestId,
    answer: masked(text).slice(0, ANSWER_MAX),
    providerDateMs: headerDateMs(answer),
  };
}

/** What the wire showed, for a call that was not answered. */
export function emptyExchange(): Exchange {
  return { httpStatus: null, providerCode: null, requestId: null, answer: null, providerDateMs: null };
}

/** The wallet's clock from its `Date` header; unsigned, so good for a warning only. */
export function headerDateMs(answer: HttpAnswer): number | null {
  const ms = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(ms) ? null : ms;
}

/**
 * The earlier of our clock when we asked and the wallet's when it answered. That a code has ended is said only
 * when both clocks say so: ours may have jumped ahead, and the header is not signed.
 */
export function cautiousNowMs(at: Asked, exchange: Exchange): number {
  return Math.min(at.nowMs, exchange.providerDateMs ?? at.nowMs);
}

/** Enough of a payer to tell two apart on the screen, too little to know one: the wallet's own mask, or the last four characters. */
export function payerTail(payer: string): string {
  return payer.includes('*') ? payer : `****${payer.length > 8 ? payer.slice(-4) : ''}`;
}

/** Hides who paid: payer members keep a few characters for comparing, phone numbers their ends. */
function masked(text: string): string {
  return text
    .replace(PAYER_MEMBER, (_, name: string, colon: string, value: string) => {
      return `"${name}"${colon}"${payerTail(value)}"`;
    })
    .replace(PHONE, '$1****$2');
}

/** A fault of the network as an outcome. Throws on anything that is not one: that would be a bug of ours. */
export function unansweredBy(error: unknown): Unanswered {
  if (!(error instanceof HttpFault)) throw error;
  const cause = error.reachedServer === 'no' ? 'network' : 'no_answer';
  return unknown(cause, error.kind, error.message);
}

export function unknown(cause: Unanswered['cause'], code: string, message: string): Unanswered {
  return { kind: 'unknown', cause, code, message };
}
