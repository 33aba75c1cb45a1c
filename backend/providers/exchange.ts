import { hash } from 'node:crypto';
import { type HttpAnswer, HttpFault } from '../../ports/http.ts';
import { masked } from '../domain/mask.ts';
import type { Answered, Asked, Posted, Said, Seal, Shown, Unanswered } from './provider.ts';

export type Exchange = Answered<unknown>['exchange'];

/** The longest answer that is kept for the timeline, characters. */
export const ANSWER_MAX = 4_000;
/** The longest address and body of a request that are kept, characters. */
const SAID_MAX = 2_000;

/** What the wire showed, for a call that was answered. */
export function exchangeOf(
  answer: HttpAnswer,
  text: string,
  codes: { providerCode: string | null; requestId: string | null },
  proof: { said: Said | null; seal: Omit<Seal, 'digest'> },
): Exchange {
  return {
    httpStatus: answer.status,
    providerCode: codes.providerCode,
    requestId: codes.requestId,
    answer: masked(text).slice(0, ANSWER_MAX),
    providerDateMs: headerDateMs(answer),
    said: proof.said,
    seal: { ...proof.seal, digest: digestOf(answer.body) },
  };
}

/** What the wire showed, for a call that was not answered. */
export function emptyExchange(said: Said | null): Exchange {
  return { httpStatus: null, providerCode: null, requestId: null, answer: null, providerDateMs: null, said };
}

/** What was sent, as it may be kept. */
export function saidOf(said: Said): Said {
  return {
    ...said,
    url: masked(said.url).slice(0, SAID_MAX),
    body: said.body === null ? null : masked(said.body).slice(0, SAID_MAX),
  };
}

/** What a notification said, as it may be kept. */
export function shownOf({ body }: Posted, content: unknown, seal: Omit<Seal, 'digest'>): Shown {
  const answer = masked(JSON.stringify(content)).slice(0, ANSWER_MAX);
  return { answer, seal: { ...seal, digest: digestOf(body) } };
}

/** Of the bytes as they came, before anything in them was masked: SHA-256, hexadecimal. */
function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes);
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

/** A fault of the network as an outcome. Throws on anything that is not one: that would be a bug of ours. */
export function unansweredBy(error: unknown): Unanswered {
  if (!(error instanceof HttpFault)) throw error;
  const cause = error.reachedServer === 'no' ? 'network' : 'no_answer';
  return unknown(cause, error.kind, error.message);
}

export function unknown(cause: Unanswered['cause'], code: string, message: string): Unanswered {
  return { kind: 'unknown', cause, code, message };
}
