import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import type { TestKeys } from '../relay/test-till.ts';
import { wechatTime } from '../wire/china-time.ts';
import { testPair } from '../wire/test-certificates.ts';
import { parseApiV3Key } from '../wire/wechat-v3-aead.ts';
import { writeWechatNotification } from '../wire/wechat-v3-notification.ts';
import { signWechatMessage } from '../wire/wechat-v3-signature.ts';
import { newStamps, type Stamps } from './stamps.ts';

export const IN_FLIGHT = 16;

/** The wallet's key pair and the merchant's secret, made for one run. */
export const WALLET = testPair();
export const API_V3_KEY = parseApiV3Key('BenchOnlyApiV3Key0123456789abcde');
export const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';
export const MERCHANT = { appId: 'wx0000000000000001', mchId: '1900000101' };

export interface Post {
  id: string;
  headers: Record<string, string>;
  body: string;
}

let serial = 0;

/** A genuine WeChat v3 notification: the trade was paid with 12.50 yuan, just now. */
export function paid(tradeNo: string): Post {
  serial += 1;
  const nowMs = Date.now();
  const { appId, mchId } = MERCHANT;
  const content = {
    appid: appId,
    mchid: mchId,
    out_trade_no: tradeNo,
    transaction_id: `42${String(serial).padStart(26, '0')}`,
    trade_type: 'NATIVE',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'OTHERS',
    success_time: wechatTime(nowMs),
    payer: { openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
    amount: { total: 1_250, payer_total: 1_250, currency: 'CNY', payer_currency: 'CNY' },
  };
  const id = `EV-2026112100${serial}`;
  const body = writeWechatNotification(
    {
      id,
      createdMs: nowMs,
      eventType: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      originalType: 'transaction',
      content,
    },
    API_V3_KEY,
    { nonce: String(serial).padStart(12, '0') },
  );
  const signer = { serial: PUBLIC_KEY_ID, privateKey: WALLET.privateKey };
  const fresh = { timestamp: String(Math.floor(nowMs / 1_000)), nonce: `n${serial}` };
  const signed = Object.entries(signWechatMessage(body, signer, fresh)).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return { id, headers: { 'content-type': 'application/json', ...Object.fromEntries(signed) }, body };
}

/** A notification of its own id under the other's signature: for who stores without looking, or looks for the time of it. */
export function another({ id, headers, body }: Post): Post {
  serial += 1;
  const next = `EV-2026112100${serial}`;
  return { id: next, headers, body: body.replace(id, next) };
}

export interface Server {
  origin: string;
  /** Of the tills that the relay knows. */
  keys: TestKeys;
  /** Of the last notification that the relay has kept, when that was. */
  stamps: Stamps;
  /** Posts to `path`; rejects when the answer is no success. */
  post(path: string, post: Post): Promise<void>;
  stop(): Promise<void>;
}

export type ServerName = 'relay' | 'floor' | 'bareRelay' | 'smee';

/** One server under measure (relay-server.ts), on a thread of its own. */
export async function server(name: ServerName): Promise<Server> {
  const stamps = newStamps();
  const worker = new Worker(new URL('./relay-server.ts', import.meta.url), {
    workerData: { name, stamps, walletKey: WALLET.publicKey },
  });
  const [{ origin, keys }] = (await once(worker, 'message')) as [{ origin: string; keys: TestKeys }];
  const pool = new Pool(origin, { connections: IN_FLIGHT, pipelining: 1 });
  return {
    origin,
    keys,
    stamps,
    async post(path, { headers, body }) {
      const answer = await pool.request({ method: 'POST', path, headers, body });
      if (answer.statusCode >= 300) throw new Error(`${name} answered ${answer.statusCode}.`);
      await answer.body.dump();
    },
    async stop() {
      await pool.close();
      worker.postMessage('stop');
      await once(worker, 'exit');
    },
  };
}
