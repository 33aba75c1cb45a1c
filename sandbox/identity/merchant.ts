import type { Identity } from './identity.ts';

/** What a merchant of this sandbox holds: the answer of `GET /merchant.json`. `origin` is how it was reached. */
export function merchantFile(identity: Identity, origin: string): object {
  const { alipay, wechat } = identity;
  const platform = wechat.platform.at(-1);
  return {
    alipay: {
      gateway: `${origin}/alipay/gateway.do`,
      appId: alipay.appId,
      sellerId: alipay.sellerId,
      appPrivateKey: alipay.appPrivateKey,
      alipayPublicKey: alipay.alipayPublicKey,
      appCert: alipay.appCert,
      alipayCert: alipay.alipayCert,
      alipayRootCert: alipay.alipayRootCert,
      aesKey: alipay.aesKey,
    },
    wechat: {
      baseUrl: origin,
      appId: wechat.appId,
      mchId: wechat.mchId,
      merchantPrivateKey: wechat.merchantPrivateKey,
      merchantCert: wechat.merchantCert,
      merchantSerial: wechat.merchantSerial,
      apiV3Key: wechat.apiV3Key,
      platformCert: platform?.certificate,
      platformSerial: platform?.serial,
      publicKey: wechat.publicKey,
      publicKeyId: wechat.publicKeyId,
    },
  };
}
