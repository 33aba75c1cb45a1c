import type { KeyObject } from 'node:crypto';
import { HOUR } from '../../ports/clock.ts';
import { AlipayAesError, alipayDecrypt } from '../../wire/alipay-aes.ts';
import { verifyAlipayRequest } from '../../wire/alipay-request.ts';
import { alipayTimeMs } from '../../wire/china-time.ts';
import { AlipayRefusal } from './words.ts';

/**
 * How far a request's timestamp may be from the wallet's clock. The official Node SDK writes the machine's
 * local time, so that a narrower window would shut it out of every zone but China's.
 */
const TIMESTAMP_WINDOW_MS = 24 * HOUR;

/** What the gateway knows of the one app. Keys are parsed once. */
export interface AlipayApp {
  appId: string;
  sellerId: string;
  appPublicKey: KeyObject;
  alipayPrivateKey: KeyObject;
  appCertSn: string;
  alipayCertSn: string;
  rootCertSn: string;
  aesKey: KeyObject;
}

export type Params = Readonly<Record<string, string | undefined>>;

const LENGTHS: Record<string, number> = {
  app_id: 32,
  method: 128,
  format: 40,
  charset: 10,
  sign_type: 10,
  sign: 344,
  timestamp: 19,
  version: 3,
  notify_url: 256,
  return_url: 256,
  app_auth_token: 40,
};

/** Checks everything around the content. Throws {@link AlipayRefusal} in the gateway's words. */
export function checkCommonParams(params: Params, app: AlipayApp, nowMs: number): void {
  const appId = required(params, 'app_id', 'isv.missing-app-id', '缺少AppID参数');
  if (appId !== app.appId) throw new AlipayRefusal('isv.invalid-app-id', '无效的AppID参数');
  const signType = required(params, 'sign_type', 'isv.missing-signature-type', '缺少签名类型参数');
  if (signType !== 'RSA2')
    throw new AlipayRefusal('isv.invalid-signature-type', '无效的签名类型，本应用只接受RSA2');
  const charset = required(params, 'charset', 'isv.invalid-charset', '缺少字符集参数');
  if (charset.toLowerCase() !== 'utf-8')
    throw new AlipayRefusal('isv.invalid-charset', '字符集错误，沙箱只接受utf-8');
  required(params, 'sign', 'isv.missing-signature', '缺少签名参数');
  for (const [name, lengthMax] of Object.entries(LENGTHS)) {
    if ((params[name]?.length ?? 0) > lengthMax)
      throw new AlipayRefusal('isv.invalid-parameter', `参数${name}超过${lengthMax}个字符`);
  }
  checkCertificateMode(params, app);
  const verdict = verifyAlipayRequest(params, app.appPublicKey);
  if (verdict !== 'ok')
    throw new AlipayRefusal(
      'isv.invalid-signature',
      `验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为：${signedText(params)}`,
    );
  checkTimestamp(params, nowMs);
  const version = required(params, 'version', 'isv.missing-version', '缺少版本参数');
  if (version !== '1.0') throw new AlipayRefusal('isv.invalid-parameter', '版本参数只能是1.0');
  if (params.format !== undefined && params.format.toUpperCase() !== 'JSON')
    throw new AlipayRefusal('isv.invalid-format', '无效的数据格式，只能是JSON');
  if (params.notify_url !== undefined && !isHttpUrl(params.notify_url))
    throw new AlipayRefusal('isv.invalid-parameter', 'notify_url不是http或https地址');
}

/** Whether the caller works with certificates. */
export function usesCertificates(params: Params): boolean {
  return params.app_cert_sn !== undefined || params.alipay_root_cert_sn !== undefined;
}

/** The content's JSON text, decrypted where `encrypt_type` says so. Throws {@link AlipayRefusal}. */
export function contentText(params: Params, app: AlipayApp): string {
  const content = required(params, 'biz_content', 'isv.invalid-parameter', '缺少biz_content参数');
  if (params.encrypt_type === undefined) return content;
  if (params.encrypt_type !== 'AES')
    throw new AlipayRefusal('isv.invalid-encrypt-type', '无效的加密类型，只能是AES');
  try {
    return alipayDecrypt(content, app.aesKey);
  } catch (error) {
    if (!(error instanceof AlipayAesError)) throw error;
    throw new AlipayRefusal('isv.invalid-encrypt', '解密出错, 未知错误');
  }
}

function checkCertificateMode(params: Params, app: AlipayApp): void {
  if (!usesCertificates(params)) return;
  // One number alone would say that the till mixes the modes; the gateway refuses that.
  if (params.app_cert_sn !== app.appCertSn)
    throw new AlipayRefusal(
      params.app_cert_sn === undefined ? 'isv.missing-app-cert-sn' : 'isv.invalid-app-cert-sn',
      '应用公钥证书SN缺失或不匹配',
    );
  if (params.alipay_root_cert_sn !== app.rootCertSn)
    throw new AlipayRefusal(
      params.alipay_root_cert_sn === undefined
        ? 'isv.missing-alipay-root-cert-sn'
        : 'isv.invalid-alipay-root-cert-sn',
      '支付宝根证书SN缺失或不匹配',
    );
}

function checkTimestamp(params: Params, nowMs: number): void {
  const text = required(params, 'timestamp', 'isv.missing-timestamp', '缺少时间戳参数');
  const sentMs = alipayTimeMs(text);
  if (sentMs === null || Math.abs(sentMs - nowMs) > TIMESTAMP_WINDOW_MS)
    throw new AlipayRefusal(
      'isv.invalid-timestamp',
      '非法的时间戳参数，格式应为yyyy-MM-dd HH:mm:ss（东八区），且与服务器时间相差不超过10分钟',
    );
}

function required(params: Params, name: string, subCode: string, message: string): string {
  const value = params[name];
  if (!value) throw new AlipayRefusal(subCode, message);
  return value;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** The gateway shows what it verified, HTML-escaped as the real one does. */
function signedText(params: Params): string {
  const names = Object.keys(params).filter((name) => name !== 'sign');
  return names
    .sort()
    .map((name) => `${name}=${params[name]}`)
    .join('&amp;');
}
