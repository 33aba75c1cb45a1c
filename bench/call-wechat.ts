import { randomBytes, sign, verify } from 'node:crypto';
import { Pool } from 'undici';
import WxPay from 'wechatpay-node-v3';
import { PayRequest } from 'wechatpay-node-v3/dist/lib/pay-request.js';
import { createWechatV3 } from '../backend/providers/wechat-v3/index.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { systemRandom } from '../ports/random.ts';
import { testCertificate } from '../wire/test-certificates.ts';
import { parseApiV3Key } from '../wire/wechat-v3-aead.ts';
import { PUBLIC_KEY_ID, type Race, type Stage, TRADE } from './call-stage.ts';

const PATH = `/v3/pay/transactions/out-trade-no/${TRADE.tradeNo}?mchid=1900000101`;
const HOST = 'https://api.mch.weixin.qq.com';

/** WeChat's SDK has its host built in: only that is replaced, its own client sends. It verifies no answer. */
class Redirected extends PayRequest {
  readonly origin: string;
  constructor(origin: string) {
    super();
    this.origin = origin;
  }
  override get(url: string, headers: Record<string, unknown>) {
    return super.get(url.replace(HOST, this.origin), headers);
  }
}

export function wechatQuery(stage: Stage): Race {
  const provider = createWechatV3(
    {
      hosts: [stage.origin],
      appId: 'wx0000000000000001',
      mchId: '1900000101',
      merchantPrivateKey: stage.merchant.privateKey,
      merchantSerial: '0A',
      apiV3Key: parseApiV3Key('TestOnlyApiV3Key0123456789abcdef'),
      publicKey: { id: PUBLIC_KEY_ID, key: stage.wallet.publicKey },
      notifyUrl: 'https://notify.invalid/',
    },
    { http: undiciHttpClient(), random: systemRandom() },
  );
  const pool = new Pool(stage.origin, { connections: 32 });
  const sdk = new WxPay({
    appid: 'wx0000000000000001',
    mchid: '1900000101',
    publicKey: Buffer.from(testCertificate(stage.merchant, { serialHex: '0a', notBeforeMs: Date.now() })),
    privateKey: Buffer.from(stage.merchant.privatePem),
  });
  sdk.createHttp(new Redirected(stage.origin));
  return {
    name: 'WeChat v3',
    ours: async () => {
      const { outcome } = await provider.query(TRADE, { nowMs: Date.now() });
      if (outcome.kind !== 'evidence') throw new Error(JSON.stringify(outcome));
    },
    bare: () => bare(pool, stage),
    sdk: {
      name: 'wechatpay-node-v3',
      run: async () => {
        const answer = await sdk.query({ out_trade_no: TRADE.tradeNo });
        if (answer.status !== 200) throw new Error(JSON.stringify(answer));
      },
    },
    async stop() {
      await provider.stop();
      await pool.close();
    },
  };
}

async function bare(pool: Pool, stage: Stage): Promise<void> {
  const timestamp = Math.floor(Date.now() / 1_000);
  const nonce = randomBytes(16).toString('hex');
  const message = Buffer.from(`GET\n${PATH}\n${timestamp}\n${nonce}\n\n`);
  const signature = sign('sha256', message, stage.merchant.privateKey).toString('base64');
  const fields = `mchid="1900000101",nonce_str="${nonce}",timestamp="${timestamp}",serial_no="0A",signature="${signature}"`;
  const { headers, body } = await pool.request({
    method: 'GET',
    path: PATH,
    headers: { accept: 'application/json', authorization: `WECHATPAY2-SHA256-RSA2048 ${fields}` },
  });
  const text = await body.text();
  const signed = Buffer.from(`${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${text}\n`);
  const good = Buffer.from(String(headers['wechatpay-signature']), 'base64');
  if (!verify('sha256', signed, stage.wallet.publicKey, good)) throw new Error('Not genuine.');
  JSON.parse(text);
}
