import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { signAlipayAnswer } from '../wire/alipay-response.ts';
import { alipayTime, wechatTime } from '../wire/china-time.ts';
import { testPair } from '../wire/test-certificates.ts';
import { signWechatMessage } from '../wire/wechat-v3-signature.ts';
import { alipayQuery } from './call-alipay.ts';
import { PUBLIC_KEY_ID, type Stage, TRADE } from './call-stage.ts';
import { wechatQuery } from './call-wechat.ts';
import { ratio, ratioLine } from './measure.ts';

/** A full call over loopback at 1 and 16 in flight: ours, a bare undici pool + sign + verify, and the SDKs. */
export async function run(): Promise<void> {
  const merchant = testPair();
  const wallet = testPair();
  const server = new Worker(new URL('./call-server.ts', import.meta.url), { workerData: answersBy(wallet) });
  const [port] = await once(server, 'message');
  const stage = { origin: `http://127.0.0.1:${port}`, merchant, wallet };
  console.log('A full query over loopback, rate against a peer (more is better):');
  for (const { name, ours, bare, sdk, stop } of [wechatQuery(stage), alipayQuery(stage)]) {
    for (const inFlight of [1, 16]) {
      const what = `${name}, ${inFlight} in flight, against`;
      const toBare = await ratio(ours, bare, { rounds: 21, roundMs: 500, inFlight });
      console.log(ratioLine(`${what} bare undici`, toBare, 0.9));
      const toSdk = await ratio(ours, sdk.run, { rounds: 7, roundMs: 300, inFlight });
      console.log(ratioLine(`${what} ${sdk.name}`, toSdk));
    }
    await stop();
  }
  await server.terminate();
}

function answersBy(wallet: Stage['wallet']) {
  const transaction = JSON.stringify({
    appid: 'wx0000000000000001',
    mchid: '1900000101',
    out_trade_no: TRADE.tradeNo,
    transaction_id: '4200000000202611210000000001',
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    success_time: wechatTime(TRADE.createdAtMs),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: 1_250, payer_total: 1_250, currency: 'CNY', payer_currency: 'CNY' },
  });
  const node = JSON.stringify({
    code: '10000',
    msg: 'Success',
    buyer_logon_id: '139****00',
    out_trade_no: TRADE.tradeNo,
    trade_no: '2026112122001400000000000001',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.50',
    send_pay_date: alipayTime(TRADE.createdAtMs),
  });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const signer = { serial: PUBLIC_KEY_ID, privateKey: wallet.privateKey };
  return {
    wechat: { body: transaction, headers: signWechatMessage(transaction, signer, { timestamp, nonce: 'n' }) },
    alipay: { body: signAlipayAnswer({ method: 'alipay.trade.query', node, key: wallet.privateKey }) },
  };
}
