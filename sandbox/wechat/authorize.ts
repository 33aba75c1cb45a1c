import type { KeyObject } from 'node:crypto';
import { rsaVerify } from '../../wire/rsa.ts';
import {
  parseWechatAuthorization,
  WECHAT_SCHEME,
  wechatRequestMessage,
} from '../../wire/wechat-v3-authorization.ts';
import { normalSerial, WECHAT_WINDOW_SECONDS } from '../../wire/wechat-v3-signature.ts';
import type { SandboxRequest } from '../http.ts';
import { paramError, WechatRefusal } from './words.ts';

export interface MerchantAccount {
  mchId: string;
  serial: string;
  publicKey: KeyObject;
}

/** Checks who asks. Throws {@link WechatRefusal}: 401 SIGN_ERROR, or PARAM_ERROR for the plain headers. */
export function authorize(request: SandboxRequest, merchant: MerchantAccount, nowMs: number): void {
  const { headers } = request;
  if (!headers['user-agent'] || !headers.accept)
    throw paramError('header', headers.accept ? 'User-Agent' : 'Accept', 'Http头缺少Accept或User-Agent');
  if (!acceptsJson(headers.accept))
    throw paramError('header', 'Accept', 'Http头Accept必须包含application/json', headers.accept);
  if (request.method === 'POST' && !/^application\/json\b/i.test(headers['content-type'] ?? ''))
    throw paramError('header', 'Content-Type', 'Http头Content-Type必须为application/json');
  const authorization = parseWechatAuthorization(headers.authorization ?? '');
  if (!authorization)
    throw signError(`Http头Authorization值格式错误，认证类型应为${WECHAT_SCHEME}`, 'Authorization');
  if (authorization.mchId !== merchant.mchId) throw signError('商户号不存在', 'mchid');
  if (normalSerial(authorization.serialNo) !== normalSerial(merchant.serial))
    throw signError('商户证书序列号有误，请使用签名私钥匹配的证书序列号', 'serial_no');
  if (!/^[A-Za-z0-9]{1,32}$/.test(authorization.nonce))
    throw signError('nonce_str应为不超过32个字符的字母和数字', 'nonce_str');
  const { timestamp } = authorization;
  if (
    !/^\d{1,12}$/.test(timestamp) ||
    Math.abs(Number(timestamp) - Math.floor(nowMs / 1_000)) > WECHAT_WINDOW_SECONDS
  )
    throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', 'timestamp');
  const message = wechatRequestMessage({
    method: request.method,
    path: request.path,
    timestamp,
    nonce: authorization.nonce,
    body: Buffer.from(request.body).toString('utf8'),
  });
  if (!rsaVerify(merchant.publicKey, message, authorization.signature))
    throw signError('错误的签名，验签失败', 'signature', {
      method: request.method,
      url: request.path,
      truncated_sign_message: message.slice(0, 256),
      sign_message_length: Buffer.byteLength(message),
    });
}

function acceptsJson(accept: string): boolean {
  return /(?:^|[,\s])(?:application\/json|application\/\*|\*\/\*)/i.test(accept);
}

function signError(message: string, field: string, signInformation?: object): WechatRefusal {
  return new WechatRefusal('SIGN_ERROR', message, {
    detail: {
      field,
      location: 'authorization',
      detail: { issue: signInformation ? 'sign not match' : message },
      ...(signInformation ? { sign_information: signInformation } : {}),
    },
  });
}
