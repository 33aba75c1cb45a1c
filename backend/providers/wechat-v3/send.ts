import { type HttpAnswer, type HttpClient, HttpFault } from '../../../ports/http.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../../ports/random.ts';
import { parseWechatAuthorization, signWechatRequest } from '../../../wire/wechat-v3-authorization.ts';
import type { Asked, Said } from '../provider.ts';
import type { WechatV3Config } from './config.ts';

export interface WechatPorts {
  http: HttpClient;
  random: Random;
}

export interface WechatRequest {
  method: 'GET' | 'POST';
  /** Path with query, percent-encoded; signed as it is. */
  path: string;
  body?: string;
}

const USER_AGENT = 'Mianfu/1';
/** WeChat asks for a mark on requests that come to the backup host. */
const FAILOVER_MARK = ' (failover)';

/**
 * Sends a signed request. Moves to the next host only when the one before was certainly never reached; path,
 * body and numbers stay, nonce and signature are fresh. `note` hears of each that is sent. Throws `HttpFault` of
 * the last host tried.
 */
export async function sendSigned(
  config: WechatV3Config,
  ports: WechatPorts,
  request: WechatRequest,
  at: Asked,
  note: (said: Said) => void = () => {},
): Promise<HttpAnswer> {
  let last: unknown;
  for (const [index, origin] of config.hosts.entries()) {
    try {
      const headers = signedHeaders(config, ports.random, request, at.nowMs);
      note(saidTo(origin, request, headers.authorization ?? ''));
      return await ports.http.send(
        {
          method: request.method,
          origin,
          path: request.path,
          headers: {
            ...headers,
            'user-agent': index === 0 ? USER_AGENT : USER_AGENT + FAILOVER_MARK,
          },
          ...(request.body === undefined ? {} : { body: request.body }),
        },
        at.signal ? { signal: at.signal } : {},
      );
    } catch (error) {
      last = error;
      const unsent = error instanceof HttpFault && error.reachedServer === 'no' && error.kind !== 'aborted';
      if (!unsent) throw error;
    }
  }
  throw last;
}

function saidTo(origin: string, { method, path, body }: WechatRequest, authorization: string): Said {
  const signed = parseWechatAuthorization(authorization);
  return {
    method,
    url: origin + path,
    body: body ?? null,
    signature: signed?.signature ?? null,
    serial: signed?.serialNo ?? null,
  };
}

/** The headers of a request, fresh at each call: nonce and signature are never used twice. */
export function signedHeaders(
  config: WechatV3Config,
  random: Random,
  request: WechatRequest,
  nowMs: number,
): Record<string, string> {
  return {
    accept: 'application/json',
    'user-agent': USER_AGENT,
    ...(request.method === 'POST' ? { 'content-type': 'application/json' } : {}),
    // Which key shall sign the answer. Certificates are not named: one named after its rotation could cut
    // us off from learning of its successor.
    ...(config.publicKey ? { 'wechatpay-serial': config.publicKey.id } : {}),
    authorization: authorization(config, random, request, nowMs),
  };
}

function authorization(
  config: WechatV3Config,
  random: Random,
  request: WechatRequest,
  nowMs: number,
): string {
  return signWechatRequest(
    {
      method: request.method,
      path: request.path,
      timestamp: String(Math.floor(nowMs / 1_000)),
      nonce: randomText(random, ALPHANUMERIC, 32),
      body: request.body ?? '',
    },
    { mchId: config.mchId, serialNo: config.merchantSerial, privateKey: config.merchantPrivateKey },
  );
}
