import type { KeyObject } from 'node:crypto';
import type { Certificate } from '../../../wire/certificate.ts';

/** One merchant at WeChat Pay, its keys parsed once. */
export interface WechatV3Config {
  /** Main host first, then the backup; as origins. */
  hosts: readonly [string, ...string[]];
  appId: string;
  mchId: string;
  merchantPrivateKey: KeyObject;
  /** Serial of the merchant's own certificate, not of the platform's. */
  merchantSerial: string;
  /** Opens platform certificates. */
  apiV3Key: KeyObject;
  /** The newer WeChat Pay public key. Certificates and public key may be held at once, during a switch. */
  publicKey?: { id: string; key: KeyObject };
  /** Platform certificates that are already at hand; others are downloaded. */
  platformCertificates?: readonly Certificate[];
  /** https, public, without a query; the order call demands one even where nobody listens. */
  notifyUrl: string;
  /** How long after its end an order that WeChat does not know is still watched, ms. */
  graceMs?: number;
}

export const WECHAT_HOSTS = ['https://api.mch.weixin.qq.com', 'https://api2.mch.weixin.qq.com'] as const;
export const WECHAT_GRACE_MS = 30_000;
