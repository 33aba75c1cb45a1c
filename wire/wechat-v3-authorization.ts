import type { KeyObject } from 'node:crypto';
import { rsaSign } from './rsa.ts';

export const WECHAT_SCHEME = 'WECHATPAY2-SHA256-RSA2048';

export interface WechatRequestToSign {
  /** Upper case. */
  method: string;
  /** Path with query exactly as sent, percent-encoding included, without host. */
  path: string;
  /** Unix seconds. */
  timestamp: string;
  nonce: string;
  /** The exact body; empty for GET. For uploads the `meta` JSON alone. */
  body: string;
}

export interface WechatAuthorization {
  mchId: string;
  serialNo: string;
  timestamp: string;
  nonce: string;
  signature: string;
}

/** The text that is signed; the line feed behind the body always exists. */
export function wechatRequestMessage(request: WechatRequestToSign): string {
  return `${request.method}\n${request.path}\n${request.timestamp}\n${request.nonce}\n${request.body}\n`;
}

/** The value of the `Authorization` header for a request, signed with the merchant's API key. */
export function signWechatRequest(
  request: WechatRequestToSign,
  merchant: { mchId: string; serialNo: string; privateKey: KeyObject },
): string {
  return wechatAuthorizationHeader({
    mchId: merchant.mchId,
    serialNo: merchant.serialNo,
    timestamp: request.timestamp,
    nonce: request.nonce,
    signature: rsaSign(merchant.privateKey, wechatRequestMessage(request)),
  });
}

function wechatAuthorizationHeader(fields: WechatAuthorization): string {
  return (
    `${WECHAT_SCHEME} mchid="${fields.mchId}",nonce_str="${fields.nonce}",` +
    `timestamp="${fields.timestamp}",serial_no="${fields.serialNo}",signature="${fields.signature}"`
  );
}

const FIELD = /^\s*([a-z_]+)="([^"]*)"\s*$/;

/** Reads an `Authorization` header; the fields may come in any order. Null when one is missing, doubled or foreign. */
export function parseWechatAuthorization(header: string): WechatAuthorization | null {
  const space = header.indexOf(' ');
  if (space === -1 || header.slice(0, space) !== WECHAT_SCHEME) return null;
  const fields = new Map<string, string>();
  for (const part of header.slice(space + 1).split(',')) {
    const match = FIELD.exec(part);
    const [, name = '', value = ''] = match ?? [];
    if (!match || value === '' || fields.has(name)) return null;
    fields.set(name, value);
  }
  const mchId = fields.get('mchid');
  const serialNo = fields.get('serial_no');
  const timestamp = fields.get('timestamp');
  const nonce = fields.get('nonce_str');
  const signature = fields.get('signature');
  if (!mchId || !serialNo || !timestamp || !nonce || !signature || fields.size !== 5) return null;
  return { mchId, serialNo, timestamp, nonce, signature };
}
