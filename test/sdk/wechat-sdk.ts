import WxPay from 'wechatpay-node-v3';
import type { MerchantFile } from './running-sandbox.ts';

interface Seen {
  status: number;
  headers: Record<string, string>;
  body: Uint8Array;
}

/** The SDK with its host changed to the sandbox; what came back on the wire is kept beside. */
export function wechatSdk({ wechat }: MerchantFile, changes: { privateKey?: string; serial?: string } = {}) {
  const client = new WxPay({
    appid: wechat.appId,
    mchid: wechat.mchId,
    publicKey: Buffer.from(wechat.merchantCert),
    privateKey: Buffer.from(changes.privateKey ?? wechat.merchantPrivateKey),
    key: wechat.apiV3Key,
  });
  const seen: Seen[] = [];
  const call = async (method: 'GET' | 'POST', url: string, headers: object, body?: object) => {
    const answer = await fetch(url.replace('https://api.mch.weixin.qq.com', wechat.baseUrl), {
      method,
      headers: {
        ...(headers as Record<string, string>),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(changes.serial ? { 'Wechatpay-Serial': changes.serial } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const bytes = new Uint8Array(await answer.arrayBuffer());
    seen.push({ status: answer.status, headers: Object.fromEntries(answer.headers), body: bytes });
    const text = Buffer.from(bytes).toString('utf8');
    return { status: answer.status, data: text === '' ? undefined : JSON.parse(text), error: text };
  };
  client.createHttp({
    get: (url, headers) => call('GET', url, headers),
    post: (url, params, headers) => call('POST', url, headers, params),
    upload: () => Promise.reject(new Error('There is nothing to upload here.')),
  });
  return { client, seen };
}
