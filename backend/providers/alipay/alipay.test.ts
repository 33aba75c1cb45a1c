import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../../ports/clock.ts';
import { undiciHttpClient } from '../../../ports/http-undici.ts';
import { alipayDecrypt, alipayEncrypt } from '../../../wire/alipay-aes.ts';
import { readAlipayRequest, verifyAlipayRequest } from '../../../wire/alipay-request.ts';
import { signAlipayAnswer } from '../../../wire/alipay-response.ts';
import { alipayTime } from '../../../wire/china-time.ts';
import { testPair } from '../../../wire/test-certificates.ts';
import { type Dialect, describeProvider, NOW, OPEN, type Said } from '../conformance.ts';
import type { Provider } from '../provider.ts';
import { describeRefunds } from '../refund-conformance.ts';
import { type Received, type StandInWallet, standInWallet } from '../stand-in-wallet.ts';
import type { AlipayConfig } from './config.ts';
import {
  CANCEL_ERRORS,
  CLOSE_ERRORS,
  GATEWAY_CODES,
  type Meaning,
  PRECREATE_ERRORS,
  QUERY_ERRORS,
} from './errors.ts';
import { createAlipay } from './index.ts';

const alipay = testPair();
const apps = [testPair(), testPair()] as const;
const AES_KEY = Buffer.from('0123456789abcdef');
const aesKey = createSecretKey(AES_KEY);
const PAYER = '13812345678';
const ENDS_MS = OPEN.createdAtMs + 3 * MINUTE + 90_000;

function configOf(origin: string, merchant: 0 | 1 = 0): AlipayConfig {
  return {
    gatewayUrl: `${origin}/gateway.do`,
    appId: `202100000000000${merchant}`,
    appPrivateKey: apps[merchant].privateKey,
    trust: { mode: 'public_key', alipayPublicKey: alipay.publicKey },
    notifyUrl: 'https://relay.example/notify',
  };
}

function paramsOf(request: Received): Record<string, string> {
  const reading = readAlipayRequest(request.path.split('?')[1] ?? '', request.body);
  if (!reading.ok) throw new Error(`The request has ${reading.name} twice.`);
  return reading.params;
}

function bizOf(request: Received): Record<string, string> {
  return JSON.parse(paramsOf(request).biz_content ?? '');
}

/** A signed answer with this node. */
function answer(request: Received, node: object, part: { root?: 'error'; certSn?: string } = {}) {
  const method = paramsOf(request).method ?? '';
  return {
    status: 200,
    body: signAlipayAnswer({ method, node: JSON.stringify(node), key: alipay.privateKey, ...part }),
  };
}

function failed(subCode: string) {
  return { code: '40004', msg: 'Business Failed', sub_code: subCode, sub_msg: '业务失败' };
}

function trade(status: string) {
  return {
    code: '10000',
    msg: 'Success',
    out_trade_no: OPEN.tradeNo,
    trade_no: '2026112122001400000000000001',
    trade_status: status,
    total_amount: '12.50',
    receipt_amount: '10.00',
    buyer_logon_id: PAYER,
  };
}

function nodeOf(said: Said, request: Received): object {
  const { out_trade_no } = bizOf(request);
  const ok = { code: '10000', msg: 'Success', out_trade_no };
  const method = paramsOf(request).method;
  switch (said.say) {
    case 'code':
      return { ...ok, qr_code: said.codeUrl };
    case 'unpaid':
    case 'no_trade':
      return { ...failed('ACQ.TRADE_NOT_EXIST'), out_trade_no };
    case 'paying':
      return trade('WAIT_BUYER_PAY');
    case 'paid':
      return {
        ...trade('TRADE_SUCCESS'),
        send_pay_date: alipayTime(NOW),
        store_name: said.padding ?? '',
        out_trade_no: said.tradeNo ?? out_trade_no,
      };
    case 'closed':
      return trade('TRADE_CLOSED');
    case 'refunded':
      return { ...trade('TRADE_CLOSED'), refund_fee: '12.50' };
    case 'unlisted_status':
      return trade('TRADE_DREAMING');
    case 'unlisted_code':
      return failed('ACQ.NEVER_SEEN');
    case 'system_error':
      return failed('AQC.SYSTEM_ERROR');
    case 'refused':
      return failed('ACQ.INVALID_PARAMETER');
    case 'already_paid':
      return failed(
        method === 'alipay.trade.precreate' ? 'ACQ.TRADE_HAS_SUCCESS' : 'ACQ.REASON_TRADE_STATUS_INVALID',
      );
    case 'close_accepted':
      return method === 'alipay.trade.cancel' ? { ...ok, retry_flag: 'N', action: 'close' } : ok;
    case 'refund':
      return method === 'alipay.trade.refund'
        ? { ...ok, ...refundAnswer(said.status) }
        : { ...ok, ...refundQueryAnswer(said.status, said.refundNo ?? bizOf(request).out_request_no) };
    case 'no_refund':
      return ok;
    case 'other_amount':
      return failed('ACQ.DISCORDANT_REPEAT_REQUEST');
    case 'no_balance':
      return failed('ACQ.SELLER_BALANCE_NOT_ENOUGH');
    case 'not_refundable':
      return failed('ACQ.TRADE_HAS_FINISHED');
  }
}

/** `refund_fee` is the sum of all that went back so far. */
function refundAnswer(status: (Said & { say: 'refund' })['status']): object {
  if (status !== 'succeeded') return { fund_change: 'N', refund_fee: '5.00' };
  return { fund_change: 'Y', refund_fee: '7.50', gmt_refund_pay: alipayTime(NOW) };
}

/** 10000 with nothing: not given back yet. */
function refundQueryAnswer(
  status: (Said & { say: 'refund' })['status'],
  refundNo: string | undefined,
): object {
  if (status === 'taken') return {};
  return {
    out_request_no: refundNo,
    refund_amount: '5.00',
    refund_status: status === 'succeeded' ? 'REFUND_SUCCESS' : 'REFUND_DREAMING',
    gmt_refund_pay: alipayTime(NOW),
    total_amount: '12.50',
  };
}

const dialect: Dialect = {
  name: 'Alipay',
  provider(origin, { merchant = 0, headersMs = 10_000 } = {}) {
    return createAlipay(configOf(origin, merchant), { http: undiciHttpClient({ timeouts: { headersMs } }) });
  },
  speak: (said, request) => answer(request, nodeOf(said, request)),
  tampered: (given) => ({ ...given, body: given.body.replace(/"code":"\d/, '"code":"9') }),
  unsigned: (given) => ({ ...given, body: given.body.replace(/,"sign":"[^"]*"/, '') }),
  signedBy: (request, merchant) => verifyAlipayRequest(paramsOf(request), apps[merchant].publicKey) === 'ok',
  essence(request) {
    const { timestamp: _time, sign: _sign, ...rest } = paramsOf(request);
    return { method: request.method, path: request.path.split('?')[0], rest };
  },
  secrets: apps.flatMap(({ privatePem }) => privatePem.split('\n').slice(1, 3)),
  payer: PAYER,
  paysOutLater: false,
};

describeProvider(dialect);
describeRefunds(dialect);

describe('Alipay', () => {
  let wallet: StandInWallet;
  let provider: Provider;
  const made = (change: Partial<AlipayConfig> = {}) =>
    createAlipay({ ...configOf(wallet.origin), ...change }, { http: undiciHttpClient() });
  beforeEach(async () => {
    wallet = await standInWallet();
    provider = made();
  });
  afterEach(async () => {
    await provider.stop();
    await wallet.close();
  });
  const at = { nowMs: NOW };
  const node = (given: object, part: { root?: 'error'; certSn?: string } = {}) => {
    wallet.answer = (request) => answer(request, given, part);
  };

  test('the order for a code says all that protocol and contract ask', async () => {
    node({ code: '10000', out_trade_no: OPEN.tradeNo, qr_code: 'https://qr.example' });
    await provider.stop();
    provider = made({ sellerId: '2088000000000000' });
    await provider.open({ ...OPEN, subject: 'a/b=c&d' }, at);
    const [request] = wallet.received;
    if (!request) throw new Error('No request came.');
    expect(bizOf(request)).toEqual({
      out_trade_no: OPEN.tradeNo,
      total_amount: '12.50',
      subject: 'a／b＝c＆d',
      product_code: 'FACE_TO_FACE_PAYMENT',
      seller_id: '2088000000000000',
      time_expire: '2026-11-21 12:02:00',
      qr_code_timeout_express: '3m',
    });
    expect(paramsOf(request)).toMatchObject({
      charset: 'utf-8',
      notify_url: 'https://relay.example/notify',
      timestamp: '2026-11-21 12:00:00',
    });
    expect(new URLSearchParams(request.path.split('?')[1]).get('charset')).toBe('utf-8');
    expect([...new URLSearchParams(request.body).keys()]).toEqual(['biz_content']);
  });

  test('a code lives at least a minute, and is watched until its minutes and the grace are over', async () => {
    node({ code: '10000', out_trade_no: OPEN.tradeNo, qr_code: 'https://qr.example' });
    const short = { ...OPEN, createdAtMs: NOW, expiresAtMs: NOW + 5_000 };
    await provider.open(short, at);
    expect(bizOf(wallet.received[0] as Received).qr_code_timeout_express).toBe('1m');
    node(failed('ACQ.TRADE_NOT_EXIST'));
    expect((await provider.close(short, at)).outcome).toEqual({
      kind: 'not_yet',
      payableUntilMs: NOW + MINUTE + 90_000,
    });
    expect((await provider.close(OPEN, at)).outcome).toEqual({ kind: 'not_yet', payableUntilMs: ENDS_MS });
  });

  const operations = [
    ['open', PRECREATE_ERRORS],
    ['query', QUERY_ERRORS],
    ['close', CLOSE_ERRORS],
    ['cancel', CANCEL_ERRORS],
  ] as const;
  const rows = operations.flatMap(([operation, table]) =>
    Object.entries(table).map(([code, meaning]) => [operation, code, meaning] as const),
  );
  test.each(rows)('%s: %s means what its table says', async (operation, code, meaning) => {
    node(failed(code));
    const { outcome, exchange } = await provider[operation](OPEN, at);
    expect(outcome).toMatchObject(expectedOf(operation, meaning));
    expect(exchange.providerCode).toBe(code);
  });

  const gatewayRows = Object.entries(GATEWAY_CODES).flatMap(([code, cause]) =>
    [true, false].map((signed) => [code, cause, signed] as const),
  );
  test.each(gatewayRows)(
    'the gateway’s %s is unknown (%s), signed or not: %s',
    async (code, cause, signed) => {
      for (const root of ['error', undefined] as const) {
        const part = root ? { root } : {};
        wallet.answer = (request) => {
          const given = answer(request, { code, msg: 'x', sub_code: 'isv.x', sub_msg: '错' }, part);
          return signed ? given : dialect.unsigned(given);
        };
        for (const operation of ['open', 'query', 'close', 'cancel'] as const)
          expect((await provider[operation](OPEN, at)).outcome).toMatchObject({
            kind: 'unknown',
            cause,
            code: 'isv.x',
          });
      }
    },
  );

  test('a wrong signature of ours and a wrong clock of ours are told apart', async () => {
    node({ code: '40002', msg: 'x', sub_code: 'isv.invalid-signature' }, { root: 'error' });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({
      kind: 'unknown',
      cause: 'misconfigured',
    });
    node({ code: '40002', msg: 'x', sub_code: 'isv.invalid-timestamp' }, { root: 'error' });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({ kind: 'unknown', cause: 'clock' });
  });

  test('success under the error root, or with an unknown code, is no success', async () => {
    node({ ...trade('TRADE_SUCCESS') }, { root: 'error' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ kind: 'unknown', cause: 'unlisted' });
    node({ ...trade('TRADE_SUCCESS'), code: '10003' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ kind: 'unknown', cause: 'unlisted' });
  });

  test('a cancel counts by what it did', async () => {
    const cases = [
      [
        { retry_flag: 'Y', action: 'close' },
        { kind: 'unknown', code: 'retry_flag' },
      ],
      [{ retry_flag: 'N', action: 'close' }, { kind: 'accepted' }],
      [{ retry_flag: 'N', action: 'refund' }, { kind: 'accepted' }],
      [{ retry_flag: 'N' }, { kind: 'not_yet', payableUntilMs: ENDS_MS }],
      [
        { retry_flag: 'N', action: 'dance' },
        { kind: 'unknown', cause: 'unlisted' },
      ],
    ] as const;
    for (const [fields, outcome] of cases) {
      node({ code: '10000', ...fields });
      expect((await provider.cancel(OPEN, at)).outcome).toMatchObject(outcome);
    }
  });

  test('a closed trade that had been paid is refunded, however Alipay says so', async () => {
    const signs = [
      { gmt_refund: '2026-11-21 12:01:00' },
      { gmt_refund_pay: '2026-11-21 12:01:00' },
      { refund_fee: '0.01' },
      { ext_infos: '{"action":"cancel"}' },
      { ext_infos: { action: 'cancel' } },
    ];
    for (const sign of signs) {
      node({ ...trade('TRADE_CLOSED'), ...sign });
      expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { status: 'refunded' } });
    }
    for (const none of [{}, { refund_fee: '0.00' }, { ext_infos: 'not json' }, { ext_infos: null }]) {
      node({ ...trade('TRADE_CLOSED'), ...none });
      expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { status: 'closed' } });
    }
    node(trade('TRADE_FINISHED'));
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { status: 'paid' } });
  });

  test('another seller, another currency and an unusable amount are never money', async () => {
    await provider.stop();
    provider = made({ sellerId: '2088000000000000' });
    node({ ...trade('TRADE_SUCCESS'), seller_id: '2088999999999999' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ kind: 'mismatch', field: 'merchantId' });
    node({ ...trade('TRADE_SUCCESS'), trans_currency: 'USD' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ kind: 'mismatch', field: 'currency' });
    for (const total_amount of ['12.505', '1e3', '', '-1', undefined]) {
      node({ ...trade('TRADE_SUCCESS'), total_amount });
      expect((await provider.query(OPEN, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'unreadable',
      });
    }
  });

  test('an answer to open, close or cancel about another trade proves nothing', async () => {
    node({ code: '10000', out_trade_no: 'OTHER', qr_code: 'https://qr.example', action: 'close' });
    for (const operation of ['open', 'close', 'cancel'] as const)
      expect((await provider[operation](OPEN, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
  });

  test('in certificate mode both serial numbers go with every call, and a rotated certificate is believed by nobody', async () => {
    await provider.stop();
    const trust = {
      alipayPublicKey: alipay.publicKey,
      appCertSn: 'a',
      alipayCertSn: 'b',
      alipayRootCertSn: 'c_d',
    };
    provider = made({ trust: { mode: 'certificate', ...trust } });
    node(trade('TRADE_SUCCESS'), { certSn: 'b' });
    for (const operation of ['open', 'query', 'close', 'cancel'] as const)
      await provider[operation](OPEN, at);
    for (const request of wallet.received)
      expect(paramsOf(request)).toMatchObject({ app_cert_sn: 'a', alipay_root_cert_sn: 'c_d' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { status: 'paid' } });
    node(trade('TRADE_SUCCESS'), { certSn: 'new' });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({
      cause: 'not_genuine',
      code: 'alipay_cert_sn',
    });
  });

  test('with a content key, contents go and come encrypted, and plain error nodes are read too', async () => {
    await provider.stop();
    provider = made({ aesKey });
    wallet.answer = (request) => {
      const params = paramsOf(request);
      expect(params.encrypt_type).toBe('AES');
      const biz = JSON.parse(alipayDecrypt(params.biz_content ?? '', aesKey));
      expect(biz.out_trade_no).toBe(OPEN.tradeNo);
      const sealed = JSON.stringify(alipayEncrypt(JSON.stringify(trade('TRADE_SUCCESS')), aesKey));
      const body = signAlipayAnswer({ method: params.method ?? '', node: sealed, key: alipay.privateKey });
      return { status: 200, body };
    };
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { status: 'paid' } });
    wallet.answer = (request) =>
      answer({ ...request, body: '' }, { ...failed('ACQ.TRADE_NOT_EXIST'), out_trade_no: OPEN.tradeNo });
    expect((await provider.query(OPEN, { nowMs: NOW + HOUR })).outcome).toMatchObject({
      evidence: { status: 'closed' },
    });
    await provider.stop();
    provider = made({ aesKey: createSecretKey(Buffer.from('fedcba9876543210')) });
    wallet.answer = (request) => {
      const params = paramsOf(request);
      const sealed = JSON.stringify(alipayEncrypt(JSON.stringify(trade('TRADE_SUCCESS')), aesKey));
      return {
        status: 200,
        body: signAlipayAnswer({ method: params.method ?? '', node: sealed, key: alipay.privateKey }),
      };
    };
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({
      kind: 'unknown',
      cause: 'misconfigured',
    });
  });
});

function expectedOf(operation: string, meaning: Meaning): object {
  switch (meaning.to) {
    case 'refused':
      return { kind: 'refused', reason: meaning.reason };
    case 'query_first':
      return { kind: 'query_first' };
    case 'no_trade':
      return operation === 'query' ? { evidence: { status: 'unpaid' } } : { kind: 'not_yet' };
    case 'unknown':
      return { kind: 'unknown', cause: meaning.cause };
  }
}
