import { createPrivateKey, createPublicKey } from 'node:crypto';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { SimClock } from '../ports/sim-clock.ts';
import { alipayDecrypt, alipayEncrypt, parseAlipayAesKey } from '../wire/alipay-aes.ts';
import { alipayCertSn, alipayRootCertSn } from '../wire/alipay-cert-sn.ts';
import { type AlipayParams, signAlipayRequest, splitAlipayRequest } from '../wire/alipay-request.ts';
import { verifyAlipayAnswer } from '../wire/alipay-response.ts';
import { parseCertificate } from '../wire/certificate.ts';
import { alipayTime } from '../wire/china-time.ts';
import { signWechatRequest } from '../wire/wechat-v3-authorization.ts';
import { verifyWechatMessage, wechatVerifiers } from '../wire/wechat-v3-signature.ts';
import type { SandboxReply, SandboxRequest } from './http.ts';
import { createIdentity, type Identity } from './identity/identity.ts';
import { createSandbox, type Sandbox, type SandboxOptions } from './sandbox.ts';

/** 2026-11-21 12:00:00 in China. */
export const START_MS = Date.parse('2026-11-21T04:00:00Z');
const ORIGIN = 'http://127.0.0.1:8790';

let madeOnce: Promise<Identity> | null = null;
/** One set of keys for all tests of a file: making them is the slow part. */
export function sharedIdentity(): Promise<Identity> {
  madeOnce ??= createIdentity({ nowMs: START_MS, random: systemRandom() });
  return madeOnce;
}

/** A sandbox without sockets on a clock that moves when told to. */
export async function simulatedSandbox(
  options: Partial<SandboxOptions> = {},
  clock = new SimClock(START_MS),
): Promise<{ sandbox: Sandbox; clock: SimClock; till: TestTill }> {
  const sandbox = await createSandbox({
    clock,
    random: systemRandom(),
    log: silentLog(),
    publicOrigin: ORIGIN,
    identity: await sharedIdentity(),
    ...options,
  });
  return { sandbox, clock, till: new TestTill(sandbox, () => clock.nowMs()) };
}

export interface AlipayChanges {
  /** Replaces parameters before signing; undefined leaves one out. */
  params?: AlipayParams;
  /** Replaces parameters after signing. */
  tampered?: Record<string, string>;
  encrypted?: boolean;
  certificates?: boolean;
}

export interface WechatChanges {
  /** Replaces headers; undefined leaves one out. */
  headers?: Record<string, string | undefined>;
  timestamp?: string;
  nonce?: string;
  mchId?: string;
  serialNo?: string;
  /** Sent instead of the body that was signed. */
  sentBody?: string;
}

/** A till that signs as it should, unless told to do it wrong; and the customer's taps. */
export class TestTill {
  readonly #sandbox: Pick<Sandbox, 'handle' | 'identity'>;
  readonly #nowMs: () => number;

  constructor(sandbox: Pick<Sandbox, 'handle' | 'identity'>, nowMs: () => number) {
    this.#sandbox = sandbox;
    this.#nowMs = nowMs;
  }

  alipayRequest(method: string, content: unknown, changes: AlipayChanges = {}): SandboxRequest {
    const { alipay } = this.#sandbox.identity();
    const text = typeof content === 'string' ? content : JSON.stringify(content);
    const params: AlipayParams = {
      app_id: alipay.appId,
      method,
      format: 'JSON',
      charset: 'utf-8',
      sign_type: 'RSA2',
      timestamp: alipayTime(this.#nowMs()),
      version: '1.0',
      ...(changes.certificates
        ? {
            app_cert_sn: alipayCertSn(parseCertificate(alipay.appCert)),
            alipay_root_cert_sn: alipayRootCertSn(alipay.alipayRootCert),
          }
        : {}),
      ...(changes.encrypted
        ? { encrypt_type: 'AES', biz_content: alipayEncrypt(text, parseAlipayAesKey(alipay.aesKey)) }
        : { biz_content: text }),
      ...changes.params,
    };
    const signed = signAlipayRequest(params, createPrivateKey(alipay.appPrivateKey));
    const { query, body } = splitAlipayRequest({ ...signed, ...changes.tampered });
    return {
      method: 'POST',
      path: `/alipay/gateway.do?${query}`,
      headers: { host: '127.0.0.1', 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
      body: Buffer.from(body),
    };
  }

  /** Asks Alipay; the node of the answer, with what its signature is worth. */
  async alipay(
    method: string,
    content: unknown,
    changes: AlipayChanges = {},
  ): Promise<Record<string, unknown> & { verdict: string }> {
    const reply = whole(await this.#sandbox.handle(this.alipayRequest(method, content, changes)));
    const { alipay } = this.#sandbox.identity();
    const verdict = verifyAlipayAnswer(reply.body, method, createPublicKey(alipay.alipayPublicKey));
    if (verdict.kind === 'unreadable') return { verdict: verdict.kind };
    const { node, encrypted } = verdict.answer;
    const json = encrypted ? alipayDecrypt(JSON.parse(node), parseAlipayAesKey(alipay.aesKey)) : node;
    return { ...JSON.parse(json), verdict: verdict.kind, ...(encrypted ? { encrypted: true } : {}) };
  }

  wechatRequest(
    method: 'GET' | 'POST',
    path: string,
    content?: unknown,
    changes: WechatChanges = {},
  ): SandboxRequest {
    const { wechat } = this.#sandbox.identity();
    const body = content === undefined ? '' : typeof content === 'string' ? content : JSON.stringify(content);
    const authorization = signWechatRequest(
      {
        method,
        path,
        body,
        timestamp: changes.timestamp ?? String(Math.floor(this.#nowMs() / 1_000)),
        nonce: changes.nonce ?? '593BEC0C930BF1AFEB40B4A08C8FB242',
      },
      {
        mchId: changes.mchId ?? wechat.mchId,
        serialNo: changes.serialNo ?? wechat.merchantSerial,
        privateKey: createPrivateKey(wechat.merchantPrivateKey),
      },
    );
    return {
      method,
      path,
      headers: {
        host: '127.0.0.1',
        accept: 'application/json',
        'user-agent': 'mianfu-test',
        authorization,
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        ...changes.headers,
      },
      body: Buffer.from(changes.sentBody ?? body),
    };
  }

  /** Asks WeChat Pay; status, JSON and what the signature is worth. */
  async wechat(
    method: 'GET' | 'POST',
    path: string,
    content?: unknown,
    changes: WechatChanges = {},
  ): Promise<{ status: number; body: Record<string, unknown>; verdict: string; serial: string | undefined }> {
    const reply = whole(await this.#sandbox.handle(this.wechatRequest(method, path, content, changes)));
    const { wechat } = this.#sandbox.identity();
    const verifiers = wechatVerifiers([
      [wechat.publicKeyId, createPublicKey(wechat.publicKey)],
      ...wechat.platform.map(
        ({ serial, certificate }) => [serial, parseCertificate(certificate).publicKey] as const,
      ),
    ]);
    const text = Buffer.from(reply.body).toString('utf8');
    return {
      status: reply.status,
      body: text === '' ? {} : JSON.parse(text),
      verdict: verifyWechatMessage(reply, verifiers, this.#nowMs()),
      serial: reply.headers['Wechatpay-Serial'],
    };
  }

  /** One of the sandbox's own paths. */
  async control(method: string, path: string, content?: unknown): Promise<{ status: number; body: unknown }> {
    const reply = whole(
      await this.#sandbox.handle({
        method,
        path,
        headers: { host: '127.0.0.1:8790' },
        body: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content ?? {})),
      }),
    );
    return { status: reply.status, body: JSON.parse(Buffer.from(reply.body).toString('utf8')) };
  }

  /** A precreate as it should be; gives the code. */
  async precreate(tradeNo: string, changes: object = {}): Promise<string> {
    const content = { out_trade_no: tradeNo, total_amount: '12.50', subject: '咖啡', ...changes };
    const node = await this.alipay('alipay.trade.precreate', content);
    return String(node.qr_code);
  }

  order(tradeNo: string, changes: object = {}): Record<string, unknown> {
    const { wechat } = this.#sandbox.identity();
    return {
      appid: wechat.appId,
      mchid: wechat.mchId,
      description: '咖啡',
      out_trade_no: tradeNo,
      notify_url: 'https://relay.example.com/notify/1/wechat',
      amount: { total: 1250, currency: 'CNY' },
      ...changes,
    };
  }

  /** A native order as it should be; gives the code. */
  async native(tradeNo: string, changes: object = {}): Promise<string> {
    const answer = await this.wechat('POST', '/v3/pay/transactions/native', this.order(tradeNo, changes));
    return String(answer.body.code_url);
  }

  wechatQuery(tradeNo: string) {
    const { mchId } = this.#sandbox.identity().wechat;
    return this.wechat('GET', `/v3/pay/transactions/out-trade-no/${tradeNo}?mchid=${mchId}`);
  }

  wechatClose(tradeNo: string) {
    const { mchId } = this.#sandbox.identity().wechat;
    return this.wechat('POST', `/v3/pay/transactions/out-trade-no/${tradeNo}/close`, { mchid: mchId });
  }
}

function whole(reply: SandboxReply) {
  if (reply.kind !== 'answer') throw new Error(`Expected an answer, got ${reply.kind}.`);
  return reply;
}
