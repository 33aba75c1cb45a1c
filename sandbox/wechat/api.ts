import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { writeWechatCertificates } from '../../wire/wechat-v3-certificates.ts';
import { signWechatMessage } from '../../wire/wechat-v3-signature.ts';
import type { BillDesk } from '../bills/desk.ts';
import { type ArmedFaults, NO_PLIGHT, type Plight } from '../faults/armed.ts';
import { suffer, type WalletWords } from '../faults/suffer.ts';
import { answer, type SandboxAnswer, type SandboxReply, type SandboxRequest, splitPath } from '../http.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { authorize, type MerchantAccount } from './authorize.ts';
import { BILL_PATH, billUrl } from './bill.ts';
import { close, native, queryByTradeNo, queryByTransactionId, type WechatDesk } from './operations.ts';
import { closeMchId, decoded, refundNoInPath, tradeNoInPath } from './params.ts';
import { refund, refundQuery } from './refund.ts';
import { tradeNoHint, type WechatRoute, wechatRoute } from './routes.ts';
import { type AnswerSigner, AnswerSigners } from './signer.ts';
import { told } from './told.ts';
import { paramError, WechatRefusal } from './words.ts';

export interface WechatApiOptions {
  /** Read anew for each request: a rotation changes it. */
  identity: () => Identity;
  ledger: Ledger;
  bills: BillDesk;
  faults: ArmedFaults;
  clock: Clock;
  random: Random;
  /** Aborted when the sandbox stops: delays end. */
  stopping: AbortSignal;
  onExchange: (exchange: {
    operation: string;
    tradeNo: string | null;
    code: string;
    fault: string | null;
  }) => void;
}

/** `/v3/…`: checks, acts and signs as WeChat Pay does; errors are signed as well. */
export class WechatApi {
  readonly #options: WechatApiOptions;
  readonly #signers: AnswerSigners;
  readonly #apiV3Key: KeyObject;
  readonly #merchantKey: KeyObject;

  constructor(options: WechatApiOptions) {
    this.#options = options;
    const { wechat } = options.identity();
    this.#signers = new AnswerSigners(() => options.identity().wechat);
    this.#apiV3Key = parseApiV3Key(wechat.apiV3Key);
    this.#merchantKey = createPublicKey(wechat.merchantPrivateKey);
  }

  async handle(request: SandboxRequest): Promise<SandboxReply> {
    const { clock, faults, ledger } = this.#options;
    if (request.method === 'GET' && splitPath(request.path).pathname === BILL_PATH)
      return this.#download(request);
    const route = wechatRoute(request.method, request.path);
    if (route === 'not_found') return this.#refused(new WechatRefusal('NOT_FOUND', '请求的资源不存在'));
    if (route === 'method') return this.#refused(new WechatRefusal('METHOD_NOT_ALLOWED', '请求方法不正确'));

    const { operation } = route;
    const tradeNo = tradeNoHint(route, request.body, {
      byTransactionId: (id) => ledger.findByProviderNo('wechat', id)?.tradeNo ?? null,
      byRefundNo: (refundNo) => ledger.findRefund('wechat', '', refundNo)?.tradeNo ?? null,
    });
    const plight = faults.take({ channel: 'wechat', operation, tradeNo });
    const named = this.#signers.named(request.headers['wechatpay-serial']);
    const signer = named ?? this.#signers.byDefault();
    const tell = (code: string) =>
      this.#options.onExchange({ operation, tradeNo, code, fault: plight.main?.kind ?? null });
    const refused = (refusal: WechatRefusal): SandboxAnswer => {
      tell(refusal.code);
      return this.#answer(refusal.status, refusalBody(refusal), signer, plight);
    };
    const words: WalletWords = {
      systemError: () => refused(new WechatRefusal('SYSTEM_ERROR', '系统异常，请稍后重试')),
      throttled: () => refused(new WechatRefusal('FREQUENCY_LIMITED', '频率超限，请稍后重试')),
      refused: (code, status) => refused(new WechatRefusal(code, '沙箱按要求拒绝', { status })),
      retryFlag: () => refused(new WechatRefusal('INVALID_REQUEST', '微信没有retry_flag')),
    };
    const act = (): SandboxAnswer => {
      try {
        authorize(request, this.#merchant(), clock.nowMs() + plight.skewMs);
        if (!named) throw paramError('header', 'Wechatpay-Serial', '微信支付平台证书序列号或公钥ID错误');
        const result = this.#act(route, request, plight);
        tell('OK');
        if (!result) return this.#answer(204, '', signer, plight);
        const body = typeof result === 'string' ? result : JSON.stringify(told(result, plight));
        return this.#answer(200, body, signer, plight);
      } catch (error) {
        if (error instanceof WechatRefusal) return refused(error);
        throw error;
      }
    };
    return suffer(plight, this.#options, act, words);
  }

  #merchant(): MerchantAccount {
    const { wechat } = this.#options.identity();
    return { mchId: wechat.mchId, serial: wechat.merchantSerial, publicKey: this.#merchantKey };
  }

  /** The bytes of a bill: asked for with a signature, answered without one. */
  #download(request: SandboxRequest): SandboxAnswer {
    try {
      authorize(request, this.#merchant(), this.#options.clock.nowMs());
    } catch (error) {
      if (error instanceof WechatRefusal) return this.#refused(error);
      throw error;
    }
    const token = new URLSearchParams(splitPath(request.path).query).get('token') ?? '';
    const bytes = this.#options.bills.fetch('wechat', token);
    if (!bytes) return this.#refused(new WechatRefusal('INVALID_REQUEST', '下载链接已失效'));
    return { ...answer(200, 'application/octet-stream', ''), body: bytes };
  }

  /** The body of the answer: an object, ready JSON, or null for an empty 204. */
  #act(route: WechatRoute, request: SandboxRequest, plight: Plight): object | string | null {
    const { ledger, random, clock } = this.#options;
    const { wechat } = this.#options.identity();
    const desk: WechatDesk = {
      ledger,
      random,
      appId: wechat.appId,
      mchId: wechat.mchId,
      nowMs: clock.nowMs(),
    };
    switch (route.operation) {
      case 'native':
        return native(desk, request.body);
      case 'query': {
        const mchId = new URLSearchParams(splitPath(request.path).query).get('mchid');
        return route.by === 'tradeNo'
          ? queryByTradeNo(desk, tradeNoInPath(route.segment), mchId)
          : queryByTransactionId(desk, decoded(route.segment) ?? '', mchId);
      }
      case 'close':
        close(desk, tradeNoInPath(route.segment), closeMchId(request.body));
        return null;
      case 'refund':
        return refund(desk, request.body, plight);
      case 'refund_query':
        return refundQuery(desk, refundNoInPath(route.segment));
      case 'certificates':
        return this.#certificates();
      case 'bill':
        return billUrl(this.#options.bills, route.kind, request);
    }
  }

  #certificates(): string {
    const { wechat } = this.#options.identity();
    if (wechat.publicKeyOnly)
      throw new WechatRefusal(
        'RESOURCE_NOT_EXISTS',
        '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥',
      );
    const entries = wechat.platform.map(({ certificate }) => ({
      pem: certificate,
      nonce: randomText(this.#options.random, ALPHANUMERIC, 12),
    }));
    return writeWechatCertificates(entries, this.#apiV3Key);
  }

  #refused(refusal: WechatRefusal): SandboxAnswer {
    this.#options.onExchange({ operation: 'unknown', tradeNo: null, code: refusal.code, fault: null });
    return this.#answer(refusal.status, refusalBody(refusal), this.#signers.byDefault(), NO_PLIGHT);
  }

  #answer(status: number, body: string, signer: AnswerSigner, { main, skewMs }: Plight): SandboxAnswer {
    const { random, clock } = this.#options;
    const nowMs = clock.nowMs() + skewMs;
    const key = main?.kind === 'wrong_signature' ? this.#signers.foreign() : signer.privateKey;
    const signature = signWechatMessage(
      body,
      { serial: signer.serial, privateKey: key },
      { timestamp: String(Math.floor(nowMs / 1_000)), nonce: randomText(random, ALPHANUMERIC, 32) },
    );
    if (main?.kind === 'signtest')
      signature['Wechatpay-Signature'] = `WECHATPAY/SIGNTEST/${signature['Wechatpay-Signature']}`;
    const plain = answer(status, 'application/json; charset=utf-8', body);
    return {
      ...plain,
      headers: {
        ...plain.headers,
        date: new Date(nowMs).toUTCString(),
        'Request-ID': `08${Buffer.from(random.bytes(14)).toString('hex').toUpperCase()}-0`,
        ...(main?.kind === 'missing_signature' ? {} : signature),
      },
    };
  }
}

function refusalBody(refusal: WechatRefusal): string {
  return JSON.stringify({
    code: refusal.code,
    ...(refusal.detail ? { detail: refusal.detail } : {}),
    message: refusal.message,
  });
}
