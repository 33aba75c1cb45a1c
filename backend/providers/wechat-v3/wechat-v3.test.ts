import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MINUTE } from '../../../ports/clock.ts';
import { undiciHttpClient } from '../../../ports/http-undici.ts';
import { systemRandom } from '../../../ports/random.ts';
import { wechatTime } from '../../../wire/china-time.ts';
import { rsaVerify } from '../../../wire/rsa.ts';
import { testPair } from '../../../wire/test-certificates.ts';
import { parseApiV3Key } from '../../../wire/wechat-v3-aead.ts';
import { parseWechatAuthorization, wechatRequestMessage } from '../../../wire/wechat-v3-authorization.ts';
import { signWechatMessage } from '../../../wire/wechat-v3-signature.ts';
import { type Dialect, describeProvider, NOW, OPEN, REFUND, type Said } from '../conformance.ts';
import type { Provider } from '../provider.ts';
import { describeRefunds } from '../refund-conformance.ts';
import { type Answer, type Received, type StandInWallet, standInWallet } from '../stand-in-wallet.ts';
import type { WechatV3Config } from './config.ts';
import { CLOSE_ERRORS, type Meaning, OPEN_ERRORS, QUERY_ERRORS } from './errors.ts';
import { createWechatV3 } from './index.ts';

const wechatPay = testPair();
const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';
const API_V3_KEY = 'TestOnlyApiV3Key0123456789abcdef';
const merchants = [testPair(), testPair()] as const;
const PAYER = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
const ENDS_MS = OPEN.expiresAtMs + MINUTE + 30_000;

function configOf(hosts: WechatV3Config['hosts'], merchant: 0 | 1 = 0): WechatV3Config {
  return {
    hosts,
    appId: 'wxtest0000000001',
    mchId: `190000010${merchant}`,
    merchantPrivateKey: merchants[merchant].privateKey,
    merchantSerial: `5157F09${merchant}`,
    apiV3Key: parseApiV3Key(API_V3_KEY),
    publicKey: { id: PUBLIC_KEY_ID, key: wechatPay.publicKey },
    notifyUrl: 'https://relay.example/notify',
  };
}

function signed(status: number, body: string, nowMs: number): Answer {
  const signer = { serial: PUBLIC_KEY_ID, privateKey: wechatPay.privateKey };
  const timestamp = String(Math.floor(nowMs / 1_000));
  return { status, body, headers: signWechatMessage(body, signer, { timestamp, nonce: 'nonce7' }) };
}

function transaction(state: string) {
  return {
    appid: 'wxtest0000000001',
    mchid: '1900000100',
    out_trade_no: OPEN.tradeNo,
    transaction_id: '4200000000202611210000000001',
    trade_type: 'NATIVE',
    trade_state: state,
    trade_state_desc: '说明',
    success_time: wechatTime(NOW),
    payer: { openid: PAYER },
    amount: { total: 1_250, payer_total: 1_000, currency: 'CNY', payer_currency: 'CNY' },
  };
}

const unpaid = (state: string) => {
  const { transaction_id: _no, success_time: _yet, payer: _nobody, ...rest } = transaction(state);
  return rest;
};

function saidBy(said: Said, request: Received): [status: number, json: object | null] {
  const error = (status: number, code: string): [number, object] => [status, { code, message: '说明' }];
  switch (said.say) {
    case 'code':
      return [200, { code_url: said.codeUrl }];
    case 'unpaid':
      return [200, unpaid('NOTPAY')];
    case 'paying':
      return [200, unpaid('USERPAYING')];
    case 'paid':
      return [
        200,
        { ...transaction('SUCCESS'), attach: said.padding ?? '', out_trade_no: said.tradeNo ?? OPEN.tradeNo },
      ];
    case 'closed':
      return [200, unpaid('CLOSED')];
    case 'refunded':
      return [200, transaction('REFUND')];
    case 'unlisted_status':
      return [200, transaction('DREAMING')];
    case 'unlisted_code':
      return error(400, 'NEVER_SEEN');
    case 'system_error':
      return error(500, 'SYSTEMERROR');
    case 'no_trade':
      return error(404, 'ORDERNOTEXIST');
    case 'refused':
      return error(400, 'PARAM_ERROR');
    case 'already_paid':
      return request.path.endsWith('/native') ? error(403, 'OUT_TRADE_NO_USED') : error(400, 'ORDERPAID');
    case 'close_accepted':
      return [204, null];
    case 'refund':
      return [200, refundObject(said.status, said.refundNo)];
    case 'no_refund':
      return error(404, 'RESOURCE_NOT_EXISTS');
    case 'other_amount':
      return error(400, 'INVALID_REQUEST');
    case 'no_balance':
      return error(403, 'NOT_ENOUGH');
    case 'not_refundable':
      return error(403, 'USER_ACCOUNT_ABNORMAL');
  }
}

const REFUND_WORDS = {
  succeeded: 'SUCCESS',
  taken: 'PROCESSING',
  closed: 'CLOSED',
  abnormal: 'ABNORMAL',
  unlisted: 'DREAMING',
} as const;

function refundObject(status: keyof typeof REFUND_WORDS, refundNo = REFUND.refundNo): object {
  return {
    refund_id: '50300000002026112100000000001',
    out_refund_no: refundNo,
    out_trade_no: OPEN.tradeNo,
    transaction_id: '4200000000202611210000000001',
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    status: REFUND_WORDS[status],
    create_time: wechatTime(NOW),
    ...(status === 'succeeded' ? { success_time: wechatTime(NOW) } : {}),
    amount: { total: 1_250, refund: 500, payer_total: 1_000, payer_refund: 400, currency: 'CNY' },
  };
}

function signedBy(request: Received, merchant: 0 | 1): boolean {
  const fields = parseWechatAuthorization(request.headers.authorization ?? '');
  if (fields?.mchId !== `190000010${merchant}` || fields.serialNo !== `5157F09${merchant}`) return false;
  const { timestamp, nonce, signature } = fields;
  const message = wechatRequestMessage({
    method: request.method,
    path: request.path,
    timestamp,
    nonce,
    body: request.body,
  });
  return rsaVerify(merchants[merchant].publicKey, message, signature);
}

const dialect: Dialect = {
  name: 'WeChat Pay v3',
  provider(origin, { merchant = 0, headersMs = 10_000 } = {}) {
    const http = undiciHttpClient({ timeouts: { headersMs } });
    return createWechatV3(configOf([origin], merchant), { http, random: systemRandom() });
  },
  speak(said, request, nowMs) {
    const [status, json] = saidBy(said, request);
    return signed(status, json ? JSON.stringify(json) : '', nowMs);
  },
  tampered: ({ status, body, headers }) =>
    body === ''
      ? { status, body, headers: { ...headers, 'Wechatpay-Nonce': 'nonce8' } }
      : { status, body: body.replace('":"', '":"x'), headers: headers ?? {} },
  unsigned: ({ status, body }) => ({ status, body }),
  signedBy,
  essence({ method, path, headers, body }) {
    const { authorization: _fresh, ...rest } = headers;
    return { method, path, headers: rest, body };
  },
  secrets: [API_V3_KEY, ...merchants.flatMap(({ privatePem }) => privatePem.split('\n').slice(1, 3))],
  payer: PAYER,
  paysOutLater: true,
};

describeProvider(dialect);
describeRefunds(dialect);

describe('WeChat Pay v3', () => {
  let wallet: StandInWallet;
  let provider: Provider;
  const made = (hosts: WechatV3Config['hosts']) =>
    createWechatV3(configOf(hosts), { http: undiciHttpClient(), random: systemRandom() });
  beforeEach(async () => {
    wallet = await standInWallet();
    provider = made([wallet.origin]);
  });
  afterEach(async () => {
    await provider.stop();
    await wallet.close();
  });
  const at = { nowMs: NOW };
  const says = (status: number, json: object, nowMs = NOW) => {
    wallet.answer = () => signed(status, JSON.stringify(json), nowMs);
  };

  test('the order for a code says all that the protocol asks', async () => {
    says(200, { code_url: 'weixin://wxpay/bizpayurl?pr=abc' });
    await provider.open(OPEN, at);
    const [request] = wallet.received;
    expect(request?.path).toBe('/v3/pay/transactions/native');
    expect(request?.headers).toMatchObject({
      accept: 'application/json',
      'content-type': 'application/json',
      'wechatpay-serial': PUBLIC_KEY_ID,
      'user-agent': 'Mianfu/1',
    });
    expect(JSON.parse(request?.body ?? '')).toEqual({
      appid: 'wxtest0000000001',
      mchid: '1900000100',
      description: OPEN.subject,
      out_trade_no: OPEN.tradeNo,
      time_expire: '2026-11-21T12:02:00+08:00',
      notify_url: 'https://relay.example/notify',
      amount: { total: 1_250, currency: 'CNY' },
    });
  });

  test('a query names the merchant in its path, a close in its body', async () => {
    says(200, transaction('SUCCESS'));
    await provider.query(OPEN, at);
    await provider.close(OPEN, at);
    expect(wallet.received.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', `/v3/pay/transactions/out-trade-no/${OPEN.tradeNo}?mchid=1900000100`, ''],
      ['POST', `/v3/pay/transactions/out-trade-no/${OPEN.tradeNo}/close`, '{"mchid":"1900000100"}'],
    ]);
  });

  const rows = (
    [
      ['open', OPEN_ERRORS],
      ['query', QUERY_ERRORS],
      ['close', CLOSE_ERRORS],
      ['cancel', CLOSE_ERRORS],
    ] as const
  ).flatMap(([operation, table]) =>
    Object.entries(table).map(([code, meaning]) => [operation, code, meaning] as const),
  );
  test.each(rows)(
    '%s: %s means what its table says, whatever the status',
    async (operation, code, meaning) => {
      for (const status of [202, 400, 403, 404]) {
        says(status, { code, message: '说明' });
        const { outcome, exchange } = await provider[operation](OPEN, at);
        expect(outcome).toMatchObject(expectedOf(operation, meaning));
        expect(exchange).toMatchObject({ httpStatus: status, providerCode: code });
      }
    },
  );

  test.each([
    ['SYSTEMERROR', 'open', { kind: 'unknown', cause: 'server_error' }],
    ['ORDERNOTEXIST', 'query', { evidence: { status: 'unpaid' } }],
    ['ORDERPAID', 'close', { kind: 'query_first' }],
    ['ORDERCLOSED', 'close', { kind: 'accepted' }],
    ['USERPAYING', 'close', { kind: 'query_first' }],
    ['RATELIMIT_EXCEEDED', 'query', { kind: 'unknown', cause: 'throttled' }],
  ] as const)('%s is understood in this spelling too', async (code, operation, outcome) => {
    says(400, { code });
    expect((await provider[operation](OPEN, at)).outcome).toMatchObject(outcome);
  });

  test.each([
    ['SUCCESS', 'paid'],
    ['REFUND', 'refunded'],
    ['NOTPAY', 'unpaid'],
    ['USERPAYING', 'paying'],
    ['ACCEPT', 'paying'],
    ['CLOSED', 'closed'],
    ['REVOKED', 'closed'],
    ['PAYERROR', 'unpaid'],
  ] as const)('the state %s is %s', async (state, status) => {
    says(200, transaction(state));
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({
      evidence: { status, providerStatus: state },
    });
  });

  test('the amount is the order’s total, not what the payer paid after coupons', async () => {
    says(200, transaction('SUCCESS'));
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ evidence: { amountFen: 1_250 } });
    for (const amount of [undefined, {}, { total: 12.5 }, { total: -1 }, { total: '1250' }]) {
      says(200, { ...transaction('SUCCESS'), amount });
      expect((await provider.query(OPEN, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'unreadable',
      });
    }
  });

  test.each([
    ['merchantId', { mchid: '1900000199' }],
    ['appId', { appid: 'wxother' }],
    ['tradeNo', { out_trade_no: 'OTHER1' }],
    ['currency', { amount: { total: 1_250, currency: 'USD' } }],
  ] as const)('another %s is never money', async (field, change) => {
    says(200, { ...transaction('SUCCESS'), ...change });
    expect((await provider.query(OPEN, at)).outcome).toMatchObject({ kind: 'mismatch', field });
  });

  test('an order that does not exist is watched for a minute and the grace beyond its end', async () => {
    says(404, { code: 'ORDER_NOT_EXIST' });
    expect((await provider.close(OPEN, at)).outcome).toEqual({ kind: 'not_yet', payableUntilMs: ENDS_MS });
  });

  test('an unsigned 401 points at our settings, or at our clock when it is off', async () => {
    const refusal = { status: 401, body: '{"code":"SIGN_ERROR","message":"签名错误"}' };
    wallet.answer = () => ({ ...refusal, headers: { date: new Date(NOW).toUTCString() } });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({
      kind: 'unknown',
      cause: 'misconfigured',
    });
    wallet.answer = () => ({ ...refusal, headers: { date: new Date(NOW + 6 * MINUTE).toUTCString() } });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({ kind: 'unknown', cause: 'clock' });
  });

  test('a good answer outside the window is a matter of clocks, or a replay', async () => {
    const late = NOW + 6 * MINUTE;
    const answer = signed(200, JSON.stringify(transaction('SUCCESS')), NOW);
    wallet.answer = () => ({ ...answer, headers: { ...answer.headers, date: new Date(NOW).toUTCString() } });
    expect((await provider.query(OPEN, { nowMs: late })).outcome).toMatchObject({
      kind: 'unknown',
      cause: 'clock',
    });
    wallet.answer = () => ({ ...answer, headers: { ...answer.headers, date: new Date(late).toUTCString() } });
    expect((await provider.query(OPEN, { nowMs: late })).outcome).toMatchObject({
      kind: 'unknown',
      cause: 'not_genuine',
    });
  });

  test('a probe with a wrong signature proves nothing, although the call may have taken effect', async () => {
    const answer = signed(200, '{"code_url":"weixin://wxpay/bizpayurl?pr=abc"}', NOW);
    wallet.answer = () => ({
      ...answer,
      headers: { ...answer.headers, 'Wechatpay-Signature': 'WECHATPAY/SIGNTEST/AAAA' },
    });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({ kind: 'unknown', cause: 'not_genuine' });
  });

  test('the backup host is asked with the same words, only when the main one was never reached', async () => {
    const gone = await standInWallet();
    await gone.close();
    await provider.stop();
    provider = made([gone.origin, wallet.origin]);
    says(200, { code_url: 'weixin://wxpay/bizpayurl?pr=abc' });
    expect((await provider.open(OPEN, at)).outcome).toMatchObject({ kind: 'code' });
    expect(wallet.received[0]?.headers['user-agent']).toBe('Mianfu/1 (failover)');
    expect(wallet.received.every((request) => signedBy(request, 0))).toBe(true);

    const main = await standInWallet();
    await provider.stop();
    provider = made([main.origin, wallet.origin]);
    wallet.received.length = 0;
    for (const reply of ['reset', 'half', { status: 503, body: '' }] as const) {
      main.answer = () => reply;
      expect((await provider.open(OPEN, at)).outcome).toMatchObject({ kind: 'unknown' });
    }
    expect(main.received).toHaveLength(3);
    expect(wallet.received).toHaveLength(0);
    await main.close();
  });

  test('no nonce comes twice', async () => {
    says(200, transaction('SUCCESS'));
    for (let i = 0; i < 50; i++) await provider.query(OPEN, at);
    const nonces = wallet.received.map(
      ({ headers }) => parseWechatAuthorization(headers.authorization ?? '')?.nonce,
    );
    expect(new Set(nonces).size).toBe(50);
    for (const nonce of nonces) expect(nonce).toMatch(/^[A-Za-z0-9]{32}$/);
  });
});

function expectedOf(operation: string, meaning: Meaning): object {
  switch (meaning.to) {
    case 'refused':
      return { kind: 'refused', reason: meaning.reason };
    case 'query_first':
    case 'accepted':
      return { kind: meaning.to };
    case 'no_order':
      return operation === 'query' ? { evidence: { status: 'unpaid' } } : { kind: 'not_yet' };
    case 'unknown':
      return { kind: 'unknown', cause: meaning.cause };
    case 'not_given_back':
      return { kind: 'refused', reason: meaning.reason };
    case 'held':
      return { kind: 'held', why: 'balance' };
  }
}
