import { sign, verify } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { Pool } from 'undici';
import { createAlipay } from '../backend/providers/alipay/index.ts';
import { undiciHttpClient } from '../ports/http-undici.ts';
import { alipayTime } from '../wire/china-time.ts';
import { type Race, type Stage, TRADE } from './call-stage.ts';

const APP_ID = '2021000000000000';
const BIZ = { out_trade_no: TRADE.tradeNo };

export function alipayQuery(stage: Stage): Race {
  const gatewayUrl = `${stage.origin}/gateway.do`;
  const provider = createAlipay(
    {
      gatewayUrl,
      appId: APP_ID,
      appPrivateKey: stage.merchant.privateKey,
      trust: { mode: 'public_key', alipayPublicKey: stage.wallet.publicKey },
    },
    { http: undiciHttpClient() },
  );
  const pool = new Pool(stage.origin, { connections: 32 });
  const sdk = new AlipaySdk({
    appId: APP_ID,
    privateKey: stage.merchant.privatePem,
    keyType: 'PKCS8',
    alipayPublicKey: stage.wallet.publicPem,
    gateway: gatewayUrl,
  });
  return {
    name: 'Alipay',
    ours: async () => {
      const { outcome } = await provider.query(TRADE, { nowMs: Date.now() });
      if (outcome.kind !== 'evidence') throw new Error(JSON.stringify(outcome));
    },
    bare: () => bare(pool, stage),
    sdk: {
      name: 'alipay-sdk',
      run: async () => {
        const answer = await sdk.exec('alipay.trade.query', { bizContent: BIZ }, { validateSign: true });
        if (answer.code !== '10000') throw new Error(JSON.stringify(answer));
      },
    },
    async stop() {
      await provider.stop();
      await pool.close();
    },
  };
}

async function bare(pool: Pool, stage: Stage): Promise<void> {
  const content = JSON.stringify(BIZ);
  const timestamp = alipayTime(Date.now());
  const text = `app_id=${APP_ID}&biz_content=${content}&charset=utf-8&format=JSON&method=alipay.trade.query&sign_type=RSA2&timestamp=${timestamp}&version=1.0`;
  const signature = sign('sha256', Buffer.from(text), stage.merchant.privateKey).toString('base64');
  const query = `app_id=${APP_ID}&charset=utf-8&format=JSON&method=alipay.trade.query&sign_type=RSA2&timestamp=${encodeURIComponent(timestamp)}&version=1.0&sign=${encodeURIComponent(signature)}`;
  const { body } = await pool.request({
    method: 'POST',
    path: `/gateway.do?${query}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' },
    body: `biz_content=${encodeURIComponent(content)}`,
  });
  const answer = await body.text();
  const node = answer.slice(answer.indexOf(':') + 1, answer.lastIndexOf(',"sign"'));
  const parsed = JSON.parse(answer);
  if (!verify('sha256', Buffer.from(node), stage.wallet.publicKey, Buffer.from(parsed.sign, 'base64')))
    throw new Error('Not genuine.');
}
