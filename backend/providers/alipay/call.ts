import type { z } from 'zod';
import type { HttpAnswer, HttpClient } from '../../../ports/http.ts';
import { AlipayAesError, alipayDecrypt, alipayEncrypt } from '../../../wire/alipay-aes.ts';
import { signAlipayRequest, splitAlipayRequest } from '../../../wire/alipay-request.ts';
import { type AlipayAnswer, type AlipayVerdict, verifyAlipayAnswer } from '../../../wire/alipay-response.ts';
import { alipayTime } from '../../../wire/china-time.ts';
import { type Exchange, emptyExchange, exchangeOf, saidOf, unansweredBy, unknown } from '../exchange.ts';
import type { Asked, Unanswered } from '../provider.ts';
import type { AlipayConfig } from './config.ts';
import { gatewayCause } from './errors.ts';
import { codesShape } from './wire.ts';

export interface AlipayContext {
  config: AlipayConfig;
  /** Of `config.gatewayUrl`, parsed once. */
  gateway: URL;
  http: HttpClient;
}

/** A genuine answer: the business spoke, for (`ok`) or against (`failed`, code 40004). */
export type Spoken =
  | { kind: 'ok'; node: Readonly<Record<string, unknown>> }
  | { kind: 'failed'; subCode: string; message: string; node: Readonly<Record<string, unknown>> };

export interface Called {
  reply: Spoken | Unanswered;
  exchange: Exchange;
}

const utf8 = new TextDecoder();

const HEADERS = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };

/** Texts of the wallet that go into outcomes, characters. */
const MESSAGE_MAX = 200;

interface Codes {
  code: string;
  subCode: string;
  message: string;
  node: Readonly<Record<string, unknown>>;
}

/**
 * One call of the gateway: build, sign, send once, verify on the raw bytes, and only then read. Resolves for
 * everything that network and wallet may do.
 */
export async function callGateway(
  context: AlipayContext,
  method: string,
  biz: Readonly<Record<string, unknown>>,
  at: Asked,
): Promise<Called> {
  const { config } = context;
  const params = signAlipayRequest(parametersOf(config, method, biz, at.nowMs), config.appPrivateKey);
  const { query, body } = splitAlipayRequest(params);
  const said = saidOf({
    method: 'POST',
    url: `${context.gateway.href}?${unsigned(query)}`,
    body: JSON.stringify(biz),
    signature: params.sign ?? null,
    serial: params.app_cert_sn ?? null,
  });
  let answer: HttpAnswer;
  try {
    answer = await context.http.send(
      {
        method: 'POST',
        origin: context.gateway.origin,
        path: `${context.gateway.pathname}?${query}`,
        headers: HEADERS,
        body,
      },
      at.signal ? { signal: at.signal } : {},
    );
  } catch (error) {
    return { reply: unansweredBy(error), exchange: emptyExchange(said) };
  }
  const text = utf8.decode(answer.body);
  // This character may stand for bytes that are no UTF-8: then only the bytes themselves tell.
  const received = text.includes('\uFFFD') ? answer.body : text;
  const verdict = verifyAlipayAnswer(received, method, config.trust.alipayPublicKey);
  const codes = 'answer' in verdict ? codesOf(verdict.answer, config) : null;
  const exchange = exchangeOf(
    answer,
    text,
    {
      providerCode: codes && !('kind' in codes) ? codes.subCode || codes.code : null,
      requestId: answer.headers.trace_id ?? null,
    },
    { said, seal: sealOf(verdict) },
  );
  return { reply: replyOf(answer.status, verdict, codes, config), exchange };
}

/** The signature is kept once. */
function unsigned(query: string): string {
  return query.replace(/(^|&)sign=[^&]*/, '').replace(/^&/, '');
}

function sealOf(verdict: AlipayVerdict) {
  if (verdict.kind === 'unreadable') return { signature: null, serial: null, verdict: verdict.why };
  const { sign, certSn } = verdict.answer;
  return { signature: sign, serial: certSn, verdict: verdict.kind === 'genuine' ? 'OK' : verdict.kind };
}

/** Reads a genuine node by its shape; one that does not fit proves nothing. */
export function readNode<S extends z.ZodType>(
  shape: S,
  node: Readonly<Record<string, unknown>>,
): z.output<S> | Unanswered {
  const parsed = shape.safeParse(node);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  return unknown('unreadable', 'shape', `The answer has no usable ${where}.`);
}

/** A genuine answer about another number than asked (a mixed-up proxy, a replay): it proves nothing here. */
export function foreignNumber(node: Readonly<Record<string, unknown>>, tradeNo: string): Unanswered | null {
  const echoed = node.out_trade_no;
  if (echoed === undefined || echoed === tradeNo) return null;
  return unknown('not_genuine', 'out_trade_no', 'The answer is about another trade.');
}

function parametersOf(
  config: AlipayConfig,
  method: string,
  biz: Readonly<Record<string, unknown>>,
  nowMs: number,
): Record<string, string | undefined> {
  const { trust, aesKey } = config;
  const content = JSON.stringify(biz);
  return {
    app_id: config.appId,
    method,
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: alipayTime(nowMs),
    version: '1.0',
    notify_url: method === 'alipay.trade.precreate' ? config.notifyUrl : undefined,
    app_cert_sn: trust.mode === 'certificate' ? trust.appCertSn : undefined,
    alipay_root_cert_sn: trust.mode === 'certificate' ? trust.alipayRootCertSn : undefined,
    encrypt_type: aesKey ? 'AES' : undefined,
    biz_content: aesKey ? alipayEncrypt(content, aesKey) : content,
  };
}

function replyOf(
  status: number,
  verdict: AlipayVerdict,
  codes: Codes | Unanswered | null,
  config: AlipayConfig,
): Spoken | Unanswered {
  if (status >= 500) return unknown('server_error', `http_${status}`, `The gateway answered ${status}.`);
  if (status === 429) return unknown('throttled', 'http_429', 'The gateway is throttling.');
  if (verdict.kind === 'unreadable')
    return unknown('unreadable', verdict.why, `Not an answer of Alipay (HTTP ${status}).`);
  const { trust } = config;
  // A rotated certificate: nothing is believed before the new one is installed.
  if (trust.mode === 'certificate' && verdict.answer.certSn && verdict.answer.certSn !== trust.alipayCertSn)
    return unknown(
      'not_genuine',
      'alipay_cert_sn',
      'Alipay signs with another certificate. Install its new one.',
    );
  if (verdict.kind === 'forged') return unknown('not_genuine', 'sign', 'The answer’s signature is wrong.');
  if (codes && 'kind' in codes) return codes;
  const cause = codes && gatewayCause(codes.code, codes.subCode);
  if (codes && cause) return unknown(cause, codes.subCode || codes.code, codes.message);
  // Without a signature the gateway's own codes above are a hint; anything else is worth nothing.
  if (verdict.kind === 'unsigned') return unknown('not_genuine', 'no_sign', 'The answer has no signature.');
  if (status !== 200 || !codes) return unknown('unreadable', `http_${status}`, `HTTP ${status}.`);
  if (verdict.answer.root === 'method' && codes.code === '10000') return { kind: 'ok', node: codes.node };
  if (verdict.answer.root === 'method' && codes.code === '40004')
    return { kind: 'failed', subCode: codes.subCode, message: codes.message, node: codes.node };
  return unknown('unlisted', codes.subCode || codes.code, codes.message);
}

/** The codes in a node, decrypted if need be. A plain object is also taken in encrypted mode: errors come so. */
function codesOf(answer: AlipayAnswer, config: AlipayConfig): Codes | Unanswered {
  let node: unknown;
  try {
    node = JSON.parse(answer.node);
    if (typeof node === 'string') {
      if (!config.aesKey)
        return unknown('misconfigured', 'encrypted', 'The answer is encrypted. Set the content key (AES).');
      node = JSON.parse(alipayDecrypt(node, config.aesKey));
    }
  } catch (error) {
    if (error instanceof AlipayAesError) return unknown('misconfigured', 'content_key', error.message);
    return unknown('unreadable', 'json', 'The answer’s content is not JSON.');
  }
  const parsed = codesShape.safeParse(node);
  if (!parsed.success) return unknown('unreadable', 'shape', 'The answer has no code.');
  const { code, sub_code, msg, sub_msg } = parsed.data;
  const message = (sub_msg ?? msg ?? '').slice(0, MESSAGE_MAX);
  return { code, subCode: (sub_code ?? '').slice(0, MESSAGE_MAX), message, node: parsed.data };
}
