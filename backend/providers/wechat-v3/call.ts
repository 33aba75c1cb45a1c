import type { z } from 'zod';
import type { HttpAnswer } from '../../../ports/http.ts';
import type { WechatVerdict } from '../../../wire/wechat-v3-signature.ts';
import {
  type Exchange,
  emptyExchange,
  exchangeOf,
  headerDateMs,
  saidOf,
  unansweredBy,
  unknown,
} from '../exchange.ts';
import type { Asked, Said, Seal, Unanswered } from '../provider.ts';
import type { Verifiers } from './certificates.ts';
import type { WechatV3Config } from './config.ts';
import { hintOf } from './errors.ts';
import { sendSigned, type WechatPorts, type WechatRequest } from './send.ts';
import { errorShape } from './wire.ts';

export interface WechatContext {
  config: WechatV3Config;
  ports: WechatPorts;
  verifiers: Verifiers;
}

/** A genuine answer: done, with its JSON (null when empty), or an error with the wallet's code. */
export type Spoken =
  | { kind: 'ok'; status: number; json: unknown }
  | { kind: 'failed'; status: number; code: string; message: string };

export interface Called {
  reply: Spoken | Unanswered;
  exchange: Exchange;
}

/** Texts of the wallet that go into outcomes, characters. */
const MESSAGE_MAX = 200;
/** WeChat refuses a request this far from its clock. */
const CLOCK_MAX_MS = 300_000;

/**
 * One call of the API: sign, send, verify on the raw bytes, and only then read. Errors are verified as well:
 * one that WeChat has not signed proves nothing, not even that an order does not exist.
 */
export async function callWechat(context: WechatContext, request: WechatRequest, at: Asked): Promise<Called> {
  let answer: HttpAnswer;
  let said: Said | null = null;
  const note = (sent: Said) => {
    said = saidOf(sent);
  };
  try {
    answer = await sendSigned(context.config, context.ports, request, at, note);
  } catch (error) {
    return { reply: unansweredBy(error), exchange: emptyExchange(said) };
  }
  const judged = await context.verifiers.verify(answer, at);
  // An answer is asked for again anyway.
  const verdict = judged === 'KEYS_AWAY' ? 'UNKNOWN_SERIAL' : judged;
  const text = Buffer.from(answer.body).toString('utf8');
  const json = parsed(text);
  const error = errorOf(json);
  const exchange = exchangeOf(
    answer,
    text,
    {
      providerCode: error?.code ?? null,
      requestId: answer.headers['request-id'] ?? null,
    },
    { said, seal: sealOf(answer, verdict) },
  );
  if (verdict !== 'OK') return { reply: notGenuine(answer, verdict, text, json, at.nowMs), exchange };
  return { reply: spoken(answer.status, text, json, error), exchange };
}

/** How a message of WeChat was signed, and what the check gave. */
export function sealOf(
  { headers }: Pick<HttpAnswer, 'headers'>,
  verdict: WechatVerdict,
): Omit<Seal, 'digest'> {
  const { 'wechatpay-signature': signature = null, 'wechatpay-serial': serial = null } = headers;
  return { signature, serial, verdict };
}

/** Reads a genuine answer by its shape; one that does not fit proves nothing. */
export function readJson<S extends z.ZodType>(shape: S, json: unknown): { value: z.output<S> } | Unanswered {
  const result = shape.safeParse(json);
  if (result.success) return { value: result.data };
  const where = result.error.issues[0]?.path.join('.') ?? '';
  return unknown('unreadable', 'shape', `The answer has no usable ${where}.`);
}

function spoken(
  status: number,
  text: string,
  json: unknown,
  error: ReturnType<typeof errorOf>,
): Spoken | Unanswered {
  // A code counts whatever the status: USER_PAYING comes with 202.
  if (error) return { kind: 'failed', status, ...error };
  if (status >= 200 && status < 300) {
    if (text !== '' && json === undefined)
      return unknown('unreadable', 'json', 'The answer’s content is not JSON.');
    return { kind: 'ok', status, json: json ?? null };
  }
  return unknown(hintOf(status) ?? 'unreadable', `http_${status}`, `HTTP ${status} without a code.`);
}

/** Why an answer that does not verify is worth nothing, with a hint where its status has one. */
function notGenuine(
  answer: HttpAnswer,
  verdict: Exclude<WechatVerdict, 'OK'>,
  text: string,
  json: unknown,
  nowMs: number,
): Unanswered {
  const { status } = answer;
  const dateMs = headerDateMs(answer);
  const clockIsOff = dateMs !== null && Math.abs(dateMs - nowMs) >= CLOCK_MAX_MS;
  if (verdict === 'EXPIRED' && clockIsOff)
    return unknown('clock', verdict, 'This clock and WeChat’s differ by more than five minutes.');
  const hint = hintOf(status);
  if (hint === 'misconfigured' && clockIsOff)
    return unknown('clock', `http_${status}`, 'WeChat refused the request’s time: this clock is off.');
  if (hint) return unknown(hint, `http_${status}`, `WeChat answered ${status}, unsigned.`);
  if (verdict === 'MISSING_HEADER' && text !== '' && json === undefined)
    return unknown('unreadable', `http_${status}`, `Not an answer of WeChat Pay (HTTP ${status}).`);
  return unknown('not_genuine', verdict, `The answer’s signature does not hold: ${verdict}.`);
}

/** Undefined when the text is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The wallet's code and words, if the JSON has a code. Looked for by hand first: successes have none. */
function errorOf(json: unknown): { code: string; message: string } | null {
  if (typeof json !== 'object' || json === null || !('code' in json)) return null;
  const { success, data } = errorShape.safeParse(json);
  if (!success) return null;
  return { code: data.code.slice(0, MESSAGE_MAX), message: (data.message ?? '').slice(0, MESSAGE_MAX) };
}
