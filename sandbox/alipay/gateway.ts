import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import type { Random } from '../../ports/random.ts';
import { alipayEncrypt, parseAlipayAesKey } from '../../wire/alipay-aes.ts';
import { alipayCertSn, alipayRootCertSn } from '../../wire/alipay-cert-sn.ts';
import { readAlipayRequest } from '../../wire/alipay-request.ts';
import { signAlipayAnswer } from '../../wire/alipay-response.ts';
import { parseCertificate } from '../../wire/certificate.ts';
import type { BillDesk } from '../bills/desk.ts';
import type { ArmedFaults, Plight } from '../faults/armed.ts';
import { suffer, type WalletWords } from '../faults/suffer.ts';
import { answer, type SandboxAnswer, type SandboxReply, type SandboxRequest, splitPath } from '../http.ts';
import type { Identity } from '../identity/identity.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { billUrl } from './bill.ts';
import {
  type AlipayApp,
  checkCommonParams,
  contentText,
  type Params,
  usesCertificates,
} from './common-params.ts';
import { parseContent } from './content.ts';
import { type AlipayDesk, cancel, close, higherAmount, type Node, precreate, query } from './operations.ts';
import { refund, refundQuery } from './refund.ts';
import { AlipayRefusal, alipayJson, refusalNode, SUCCESS } from './words.ts';

const OPERATIONS = {
  'alipay.trade.precreate': 'precreate',
  'alipay.trade.query': 'query',
  'alipay.trade.close': 'close',
  'alipay.trade.cancel': 'cancel',
  'alipay.trade.refund': 'refund',
  'alipay.trade.fastpay.refund.query': 'refund_query',
  'alipay.data.dataservice.bill.downloadurl.query': 'bill',
} as const;
type Method = keyof typeof OPERATIONS;
type AlipayOperation = (typeof OPERATIONS)[Method];

export interface AlipayGatewayOptions {
  identity: Identity;
  ledger: Ledger;
  bills: BillDesk;
  faults: ArmedFaults;
  clock: Clock;
  random: Random;
  /** Aborted when the sandbox stops: delays end. */
  stopping: AbortSignal;
  /** Told once per exchange, for logs and metrics. */
  onExchange: (exchange: {
    operation: string;
    tradeNo: string | null;
    code: string;
    fault: string | null;
  }) => void;
}

/** `/alipay/gateway.do`: checks, acts and signs as Alipay's gateway does; every answer is HTTP 200. */
export class AlipayGateway {
  readonly #options: AlipayGatewayOptions;
  readonly #app: AlipayApp;
  readonly #foreignKey: KeyObject;

  constructor(options: AlipayGatewayOptions) {
    this.#options = options;
    const { alipay, wechat } = options.identity;
    this.#app = {
      appId: alipay.appId,
      sellerId: alipay.sellerId,
      appPublicKey: createPublicKey(alipay.appPrivateKey),
      alipayPrivateKey: createPrivateKey(alipay.alipayPrivateKey),
      appCertSn: alipayCertSn(parseCertificate(alipay.appCert)),
      alipayCertSn: alipayCertSn(parseCertificate(alipay.alipayCert)),
      rootCertSn: alipayRootCertSn(alipay.alipayRootCert),
      aesKey: parseAlipayAesKey(alipay.aesKey),
    };
    this.#foreignKey = createPrivateKey(wechat.issuerPrivateKey);
  }

  async handle(request: SandboxRequest): Promise<SandboxReply> {
    const { query: queryText } = splitPath(request.path);
    const bodyText = Buffer.from(request.body).toString('utf8');
    const reading = readAlipayRequest(queryText, bodyText);
    if (!reading.ok)
      return this.#unaddressed(new AlipayRefusal('isv.invalid-parameter', `参数${reading.name}重复`));
    const { params } = reading;
    if (!params.method) return this.#unaddressed(new AlipayRefusal('isv.missing-method', '缺少方法名参数'));
    if (!(params.method in OPERATIONS))
      return this.#unaddressed(new AlipayRefusal('isv.invalid-method', '不存在的方法名'));
    const method = params.method as Method;
    const operation = OPERATIONS[method];

    const tradeNo = this.#tradeNo(params);
    const plight = this.#options.faults.take({ channel: 'alipay', operation, tradeNo });
    const say = (node: Node, encrypt = false) => this.#answer(method, node, { params, plight, encrypt });
    const refused = (subCode: string, text: string) => say(refusalNode(new AlipayRefusal(subCode, text)));
    const words: WalletWords = {
      systemError: () => refused('ACQ.SYSTEM_ERROR', '系统错误'),
      throttled: () => refused('isv.app-call-limited', '应用调用次数超限'),
      refused: (code) => refused(code, '沙箱按要求拒绝'),
      retryFlag: () => say({ ...SUCCESS, out_trade_no: tradeNo, retry_flag: 'Y' }),
    };
    // A body in another charset than the one named in the query would be decoded wrongly, and so fail.
    const undecodable = !new URLSearchParams(queryText).has('charset') && /%[89a-f]/i.test(bodyText);
    const act = (): SandboxAnswer => {
      let encrypt = false;
      try {
        if (undecodable) throw new AlipayRefusal('isv.invalid-signature', '验签出错，URL中缺少charset参数');
        checkCommonParams(params, this.#app, this.#options.clock.nowMs() + plight.skewMs);
        const content = parseContent(contentText(params, this.#app));
        encrypt = params.encrypt_type !== undefined;
        const origin = `http://${request.headers.host ?? '127.0.0.1'}`;
        return say(
          this.#act(operation, content, { origin, notifyUrl: params.notify_url ?? null }, plight),
          encrypt,
        );
      } catch (error) {
        if (error instanceof AlipayRefusal) return say(refusalNode(error), encrypt);
        throw error;
      }
    };
    return suffer(plight, this.#options, act, words);
  }

  /** The address that a bill's answer names: no key, no signature. */
  download(query: string): SandboxAnswer {
    const bytes = this.#options.bills.fetch('alipay', new URLSearchParams(query).get('token') ?? '');
    const missing = answer(403, 'text/plain;charset=utf-8', 'expired');
    return bytes
      ? { ...missing, status: 200, headers: { 'content-type': 'application/zip' }, body: bytes }
      : missing;
  }

  /** Another path under `/alipay`. */
  notFound(): SandboxAnswer {
    const node = refusalNode(
      new AlipayRefusal('isv.invalid-method', '没有这个地址，网关在/alipay/gateway.do'),
    );
    return { ...answer(404, 'application/json;charset=utf-8', `{"error_response":${alipayJson(node)}}`) };
  }

  #act(
    operation: AlipayOperation,
    content: ReturnType<typeof parseContent>,
    { origin, notifyUrl }: { origin: string; notifyUrl: string | null },
    plight: Plight,
  ): Node {
    const { ledger, random, clock } = this.#options;
    const desk: AlipayDesk = { ledger, random, sellerId: this.#app.sellerId, nowMs: clock.nowMs() };
    switch (operation) {
      case 'precreate':
        return this.#told(precreate(desk, content, notifyUrl), plight);
      case 'query':
        return this.#told(query(desk, content), plight);
      case 'close':
        return this.#told(close(desk, content), plight);
      case 'cancel':
        return this.#told(cancel(desk, content), plight);
      case 'refund':
        return this.#told(refund(desk, content), plight);
      case 'refund_query':
        return this.#told(refundQuery(desk, content), plight);
      case 'bill':
        return billUrl(this.#options.bills, content, origin);
    }
  }

  /** The node as a fault of content makes it: still genuinely signed. */
  #told(node: Node, { main }: Plight): Node {
    if (main?.kind === 'wrong_amount') {
      const name = ['refund_amount', 'total_amount'].find((one) => one in node);
      return name === undefined ? node : { ...node, [name]: higherAmount(String(node[name])) };
    }
    if (main?.kind === 'wrong_trade_no') return { ...node, out_trade_no: `${String(node.out_trade_no)}X` };
    if (main?.kind === 'status_word')
      return 'refund_amount' in node
        ? { ...node, refund_status: main.word }
        : { ...node, trade_status: main.word };
    return node;
  }

  #answer(
    method: Method,
    node: Node,
    how: { params: Params; plight: Plight; encrypt: boolean },
  ): SandboxAnswer {
    const { main, skewMs } = how.plight;
    const plain = alipayJson(node);
    const text = how.encrypt ? JSON.stringify(alipayEncrypt(plain, this.#app.aesKey)) : plain;
    // Whose app it is not, for that one the gateway has no key to sign with.
    const unsigned = main?.kind === 'missing_signature' || how.params.app_id !== this.#app.appId;
    const body = signAlipayAnswer({
      method,
      node: text,
      key: unsigned
        ? undefined
        : main?.kind === 'wrong_signature'
          ? this.#foreignKey
          : this.#app.alipayPrivateKey,
      certSn: usesCertificates(how.params) && !unsigned ? this.#app.alipayCertSn : undefined,
    });
    this.#options.onExchange({
      operation: OPERATIONS[method],
      tradeNo: this.#tradeNo(how.params),
      code: String(node.sub_code ?? node.code),
      fault: main?.kind ?? null,
    });
    return dated(body, this.#options.clock.nowMs() + skewMs);
  }

  /** Refusals before it is known what was asked: the gateway answers unsigned. */
  #unaddressed(refusal: AlipayRefusal): SandboxAnswer {
    this.#options.onExchange({ operation: 'unknown', tradeNo: null, code: refusal.subCode, fault: null });
    const body = signAlipayAnswer({ method: '', root: 'error', node: alipayJson(refusalNode(refusal)) });
    return dated(body, this.#options.clock.nowMs());
  }

  /** The number that a fault may be bound to, as far as the content can be read. */
  #tradeNo(params: Params): string | null {
    try {
      const content = parseContent(contentText(params, this.#app));
      if (typeof content.trade_no === 'string') {
        const known = this.#options.ledger.findByProviderNo('alipay', content.trade_no);
        if (known) return known.tradeNo;
      }
      return typeof content.out_trade_no === 'string' ? content.out_trade_no : null;
    } catch (error) {
      if (error instanceof AlipayRefusal) return null;
      throw error;
    }
  }
}

function dated(body: string, nowMs: number): SandboxAnswer {
  const plain = answer(200, 'text/html;charset=utf-8', body);
  return { ...plain, headers: { ...plain.headers, date: new Date(nowMs).toUTCString() } };
}
