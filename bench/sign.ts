import { randomBytes, sign } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import WxPay from 'wechatpay-node-v3';
import { ALPHANUMERIC, randomText, systemRandom } from '../ports/random.ts';
import { signAlipayRequest, splitAlipayRequest } from '../wire/alipay-request.ts';
import { alipayTime } from '../wire/china-time.ts';
import { testCertificate, testPair } from '../wire/test-certificates.ts';
import { signWechatRequest } from '../wire/wechat-v3-authorization.ts';
import { ratio, ratioLine } from './measure.ts';

const ROUNDS = { rounds: 21, roundMs: 60 };

/** Signing one request of each wallet: ours, bare `crypto.sign` with a KeyObject, and the wallet's SDK. */
export async function run(): Promise<void> {
  const pair = testPair();
  console.log('Signing a request, rate against a peer (more is better):');
  await wechat(pair);
  await alipay(pair);
}

async function wechat(pair: ReturnType<typeof testPair>): Promise<void> {
  const random = systemRandom();
  const path = '/v3/pay/transactions/native';
  const body = JSON.stringify({
    out_trade_no: 'T20261121120000000001',
    description: '拿铁',
    amount: { total: 1 },
  });
  const bytes = Buffer.from(`POST\n${path}\n1721790471\n${'N'.repeat(32)}\n${body}\n`);
  const sdk = new WxPay({
    appid: 'wx1',
    mchid: '1900000101',
    publicKey: Buffer.from(testCertificate(pair, { serialHex: '0a', notBeforeMs: Date.now() })),
    privateKey: Buffer.from(pair.privatePem),
  });
  const merchant = { mchId: '1900000101', serialNo: '0A', privateKey: pair.privateKey };
  const ours = () => {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const nonce = randomText(random, ALPHANUMERIC, 32);
    return signWechatRequest({ method: 'POST', path, timestamp, nonce, body }, merchant);
  };
  const bare = () => sign('sha256', bytes, pair.privateKey).toString('base64');
  const theirs = () =>
    sdk.getSignature(
      'POST',
      randomBytes(16).toString('hex'),
      String(Math.floor(Date.now() / 1_000)),
      path,
      body,
    );
  console.log(ratioLine('WeChat v3 against bare crypto.sign', await ratio(ours, bare, ROUNDS), 0.95));
  console.log(ratioLine('WeChat v3 against wechatpay-node-v3', await ratio(ours, theirs, ROUNDS)));
}

async function alipay(pair: ReturnType<typeof testPair>): Promise<void> {
  const biz = { out_trade_no: 'T20261121120000000001', total_amount: '12.50', subject: '拿铁' };
  const parameters = () => ({
    app_id: '2021000000000000',
    method: 'alipay.trade.precreate',
    format: 'JSON',
    charset: 'utf-8',
    sign_type: 'RSA2',
    timestamp: alipayTime(Date.now()),
    version: '1.0',
    biz_content: JSON.stringify(biz),
  });
  const bytes = Buffer.from(Object.entries(parameters()).join('&'));
  const sdk = new AlipaySdk({ appId: '2021000000000000', privateKey: pair.privatePem, keyType: 'PKCS8' });
  const ours = () => splitAlipayRequest(signAlipayRequest(parameters(), pair.privateKey));
  const bare = () => sign('sha256', bytes, pair.privateKey).toString('base64');
  const theirs = () => sdk.sdkExecute('alipay.trade.precreate', { bizContent: biz });
  console.log(ratioLine('Alipay against bare crypto.sign', await ratio(ours, bare, ROUNDS), 0.95));
  console.log(ratioLine('Alipay against alipay-sdk', await ratio(ours, theirs, ROUNDS)));
}
