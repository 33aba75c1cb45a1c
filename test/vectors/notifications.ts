import { generateKeyPairSync } from 'node:crypto';
import { z } from 'zod';
import { fen } from '../../backend/domain/money.ts';
import { readEvidence, type Trade } from '../../backend/domain/trade.ts';
import { createAlipay } from '../../backend/providers/alipay/index.ts';
import type { Notified, Provider } from '../../backend/providers/provider.ts';
import { createWechatV3 } from '../../backend/providers/wechat-v3/index.ts';
import { type HttpClient, HttpFault } from '../../ports/http.ts';
import { systemRandom } from '../../ports/random.ts';
import { judgeEarly } from '../../relay/early-check.ts';
import { readAlipayNotification, verifyAlipayNotification } from '../../wire/alipay-notification.ts';
import { parseCertificate } from '../../wire/certificate.ts';
import { parsePublicKey } from '../../wire/keys.ts';
import { rsaVerify } from '../../wire/rsa.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { openWechatNotification } from '../../wire/wechat-v3-notification.ts';
import { normalSerial, verifyWechatMessage, wechatVerifiers } from '../../wire/wechat-v3-signature.ts';
import { type Runner, text, texts } from './vector.ts';

/** Nobody is called: what a notification proves is in its bytes and our keys. */
const NO_NETWORK: HttpClient = {
  send: () => Promise.reject(new HttpFault('connect', 'no', 'No network.')),
  close: async () => {},
};
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const alipayOrder = z.object({
  out_trade_no: z.string(),
  amountFen: z.number(),
  appId: z.string(),
  sellerId: z.string(),
});

export const alipayNotify: Runner = async ({ inputs, keys }) => {
  const body = Buffer.from(text(inputs, 'rawBody'));
  const key = parsePublicKey(text(keys, 'alipayPublicKey'));
  const order = alipayOrder.parse(inputs.order);
  const reading = readAlipayNotification(body);
  if (!reading.ok) throw new Error(reading.why);
  const { notification } = reading;
  const sign = notification.fields.get('sign') ?? '';
  const validV2 = sign !== '' && rsaVerify(key, notification.signedV2(), sign);
  const provider = createAlipay(
    {
      gatewayUrl: 'https://openapi.alipay.com/gateway.do',
      appId: order.appId,
      sellerId: order.sellerId,
      appPrivateKey: privateKey,
      trust: { mode: 'public_key', alipayPublicKey: key },
    },
    { http: NO_NETWORK },
  );
  const reason = await refusal(provider, { headers: {}, body, receivedMs: 0 }, order, ALIPAY_WORDS);
  const isGenuine = verifyAlipayNotification(notification, key) || validV2;
  const early = judgeEarly({ channel: 'alipay', headers: {}, body }, { alipay: [key], wechat: new Map() });
  // Without a signature there is nothing to judge by.
  mustAgree(early === 'forged', sign !== '' && !isGenuine);
  mustAgree(early === 'verified', isGenuine);
  return {
    stringToSign: Buffer.from(validV2 ? notification.signedV2() : notification.signed).toString(),
    signatureValidV1: verifyAlipayNotification(notification, key),
    signatureValidV2: validV2,
    accept: reason === null,
    reason: reason === 'signature' && validV2 ? 'not a trade notification' : reason,
  };
};

const wechatOrder = z.object({
  out_trade_no: z.string(),
  amountFen: z.number(),
  mchid: z.string(),
  appid: z.string(),
});

export const wechatNotification: Runner = async ({ inputs, keys }) => {
  const body = Buffer.from(text(inputs, 'rawBody'));
  const headers = Object.fromEntries(
    Object.entries(texts(inputs, 'headers')).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const nowMs = z.number().int().parse(inputs.now) * 1_000;
  const order = wechatOrder.parse(inputs.order);
  const verifiers = Object.entries(texts(keys, 'verifiers'));
  const publicKey = verifiers.find(([serial]) => serial.startsWith('PUB_KEY_ID_'));
  const certificates = verifiers.filter(([, pem]) => pem.includes('CERTIFICATE'));
  const apiV3Key = parseApiV3Key(text(keys, 'apiV3Key'));
  const provider = createWechatV3(
    {
      hosts: ['https://api.mch.weixin.qq.com'],
      appId: order.appid,
      mchId: order.mchid,
      merchantPrivateKey: privateKey,
      merchantSerial: '01',
      apiV3Key,
      ...(publicKey ? { publicKey: { id: publicKey[0], key: parsePublicKey(publicKey[1]) } } : {}),
      platformCertificates: certificates.map(([, pem]) => parseCertificate(pem)),
      notifyUrl: 'https://example.com/notify',
    },
    { http: NO_NETWORK, random: systemRandom() },
  );
  const verdict = verifyWechatMessage(
    { headers, body },
    wechatVerifiers(verifiers.map(([serial, pem]) => [serial, keyOf(pem)])),
    nowMs,
  );
  const known = verifiers.map(([serial, pem]) => [normalSerial(serial), keyOf(pem)] as const);
  const keysAtRelay = { alipay: [], wechat: new Map(known) };
  const early = judgeEarly({ channel: 'wechat', headers, body }, keysAtRelay);
  mustAgree(early === 'forged', verdict === 'BAD_SIGNATURE');
  if (verdict === 'OK') mustAgree(early === 'verified', true);
  const opened = verdict === 'OK' ? openWechatNotification(body, apiV3Key) : null;
  const posted = { headers, body, receivedMs: nowMs };
  const notified = await provider.readNotification(posted, { nowMs });
  const isRefund = notified.kind === 'refund';
  const reason = isRefund ? refundRefusal(notified) : await refusal(provider, posted, order, WECHAT_WORDS);
  return {
    verdict,
    accept: reason === null,
    reason,
    ackStatus: verdict === 'OK' ? [200, 204] : [401],
    kind: isRefund ? 'refund' : 'trade',
    plaintext: opened?.ok ? opened.notification.content : null,
  };
};

function keyOf(pem: string) {
  return pem.includes('CERTIFICATE') ? parseCertificate(pem).publicKey : parsePublicKey(pem);
}

/** The relay, with public keys alone, drops what the till would find forged, and nothing else. */
function mustAgree(forgedAtRelay: boolean, forged: boolean): void {
  if (forgedAtRelay !== forged) throw new Error(`The relay says forged: ${forgedAtRelay}.`);
}

type Words = Record<'signature' | 'appId' | 'merchantId' | 'amount' | 'tradeNo' | 'status', string>;
const ALIPAY_WORDS: Words = {
  signature: 'signature',
  appId: 'app_id',
  merchantId: 'seller_id',
  amount: 'total_amount',
  tradeNo: 'out_trade_no',
  status: 'trade_status',
};
const WECHAT_WORDS: Words = {
  signature: 'signature',
  appId: 'appid',
  merchantId: 'mchid',
  amount: 'amount.total',
  tradeNo: 'out_trade_no',
  status: 'trade_state',
};

/** Why a notice about a refund proves nothing; null when it says what became of it. */
function refundRefusal({ outcome }: Extract<Notified, { kind: 'refund' }>): string | null {
  return outcome.kind === 'evidence' ? null : outcome.kind;
}

/** Why our code does not take the notification for the order, in the wallet's words; null when it does. */
async function refusal(
  provider: Provider,
  posted: Parameters<Provider['readNotification']>[0],
  order: { out_trade_no: string; amountFen: number },
  words: Words,
): Promise<string | null> {
  const notified: Notified = await provider.readNotification(posted, { nowMs: posted.receivedMs });
  if (notified.kind !== 'trade') return words.signature;
  const { outcome } = notified;
  if (outcome.kind === 'mismatch')
    return outcome.field === 'currency' || outcome.field === 'refundNo'
      ? outcome.field
      : words[outcome.field];
  if (outcome.kind !== 'evidence') return outcome.code;
  if (notified.tradeNo !== order.out_trade_no) return words.tradeNo;
  const event = readEvidence({ amountFen: fen(order.amountFen) } as Trade, outcome.evidence);
  if (typeof event !== 'string') return words.amount;
  return event === 'unpaid_seen' ? words.status : null;
}
