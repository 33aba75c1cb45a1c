import { alipayAes, alipayCertSnRunner, alipayRequestSign, alipayResponseVerify } from './alipay.ts';
import { money } from './money.ts';
import { alipayNotify, wechatNotification } from './notifications.ts';
import type { Runner } from './vector.ts';
import { wechatBill } from './wechat-bill.ts';
import { wechatAead, wechatAuthorization, wechatCertificates, wechatVerify } from './wechat-v3.ts';

/** One runner for each suite of vectors that our code covers. */
export const RUNNERS: Readonly<Record<string, Runner>> = {
  'alipay-request-sign': alipayRequestSign,
  'alipay-response-verify': alipayResponseVerify,
  'alipay-cert-sn': alipayCertSnRunner,
  'alipay-aes': alipayAes,
  money,
  'wechat-v3-authorization': wechatAuthorization,
  'wechat-v3-verify': wechatVerify,
  'wechat-v3-aead': wechatAead,
  'wechat-v3-certificates': wechatCertificates,
  'alipay-notify': alipayNotify,
  'wechat-v3-notification': wechatNotification,
  'wechat-bill': wechatBill,
};
