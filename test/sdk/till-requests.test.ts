import { createPublicKey } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { describe, expect, onTestFinished, test } from 'vitest';
import WxPay from 'wechatpay-node-v3';
import { fen } from '../../backend/domain/money.ts';
import { type AlipayTrust, certificateTrust, publicKeyTrust } from '../../backend/providers/alipay/config.ts';
import { createAlipay } from '../../backend/providers/alipay/index.ts';
import type { OpenRequest, Provider } from '../../backend/providers/provider.ts';
import { createWechatV3 } from '../../backend/providers/wechat-v3/index.ts';
import { systemClock } from '../../ports/clock.ts';
import type { HttpClient, HttpRequest } from '../../ports/http.ts';
import { undiciHttpClient } from '../../ports/http-undici.ts';
import { systemRandom } from '../../ports/random.ts';
import { parseAlipayAesKey } from '../../wire/alipay-aes.ts';
import { parsePrivateKey, parsePublicKey } from '../../wire/keys.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { parseWechatAuthorization } from '../../wire/wechat-v3-authorization.ts';
import { type MerchantFile, runningSandbox } from './running-sandbox.ts';

const clock = systemClock();

/** The till's own HTTP client, with a copy of all that it sends. */
function recording(): { http: HttpClient; sent: HttpRequest[] } {
  const sent: HttpRequest[] = [];
  const inner = undiciHttpClient();
  const http: HttpClient = {
    send(request, options) {
      sent.push(request);
      return inner.send(request, options);
    },
    close: () => inner.close(),
  };
  onTestFinished(() => inner.close());
  return { http, sent };
}

function request(tradeNo: string): OpenRequest {
  const nowMs = clock.nowMs();
  return {
    tradeNo,
    amountFen: fen(1_999),
    subject: '咖啡 + 100% 果汁 & 😀',
    createdAtMs: nowMs,
    expiresAtMs: nowMs + 120_000,
  };
}

/** Every operation once: open, query before and after the payment, a refund and its query, close and cancel of another trade. */
async function wholeJob(
  provider: Provider,
  pay: (code: string) => Promise<unknown>,
): Promise<Record<string, string>> {
  const at = () => ({ nowMs: clock.nowMs() });
  const trade = request('TILL_REQUESTS_1');
  const open = await provider.open(trade, at());
  const unpaid = await provider.query(trade, at());
  if (open.outcome.kind === 'code') await pay(open.outcome.codeUrl);
  const paid = await provider.query(trade, at());
  const part = { refundNo: 'TILL_REFUND_1', amountFen: fen(999), reason: '少送一份 & 😀', trade };
  const refund = await provider.refund(part, at());
  const refunded = await provider.refundQuery(part, at());
  const other = request('TILL_REQUESTS_2');
  await provider.open(other, at());
  const close = await provider.close(other, at());
  const cancel = await provider.cancel(other, at());
  const statusOf = ({ outcome }: typeof paid | typeof refund | typeof refunded) =>
    outcome.kind === 'evidence' ? outcome.evidence.status : outcome.kind;
  return {
    open: open.outcome.kind,
    unpaid: statusOf(unpaid),
    paid: statusOf(paid),
    refund: statusOf(refund),
    refunded: statusOf(refunded),
    close: close.outcome.kind,
    cancel: cancel.outcome.kind,
  };
}

function publicPem(privatePem: string): string {
  return createPublicKey(privatePem).export({ type: 'spki', format: 'pem' }).toString();
}

function alipayTrust(mode: string, { alipay }: MerchantFile): AlipayTrust {
  return mode === 'certificates'
    ? certificateTrust(alipay, parsePrivateKey(alipay.appPrivateKey), clock.nowMs())
    : publicKeyTrust(alipay.alipayPublicKey);
}

describe.for([
  ['public key', false],
  ['certificates', false],
  ['certificates', true],
] as const)('what our till sends to Alipay with %s, encrypted: %s', ([mode, encrypted]) => {
  test('is signed as alipay-sdk reads it, and does the whole job', async () => {
    const { merchant, post } = await runningSandbox();
    const { alipay } = merchant;
    const { http, sent } = recording();
    const provider = createAlipay(
      {
        gatewayUrl: alipay.gateway,
        appId: alipay.appId,
        sellerId: alipay.sellerId,
        appPrivateKey: parsePrivateKey(alipay.appPrivateKey),
        trust: alipayTrust(mode, merchant),
        notifyUrl: 'https://relay.example.com/notify/1/alipay',
        ...(encrypted ? { aesKey: parseAlipayAesKey(alipay.aesKey) } : {}),
      },
      { http },
    );
    expect(await wholeJob(provider, (code) => post('/phone/pay', { code }))).toEqual({
      open: 'code',
      unpaid: 'unpaid',
      paid: 'paid',
      refund: 'succeeded',
      refunded: 'succeeded',
      close: 'not_yet',
      cancel: 'not_yet',
    });

    // The SDK as Alipay: it holds the app's public key and builds the text to sign by itself.
    const judge = new AlipaySdk({
      appId: alipay.appId,
      privateKey: alipay.appPrivateKey,
      keyType: 'PKCS8',
      alipayPublicKey: publicPem(alipay.appPrivateKey),
      encryptKey: alipay.aesKey,
    });
    expect(sent).toHaveLength(8);
    for (const { path, body } of sent) {
      const params = Object.fromEntries([
        ...new URLSearchParams(path.slice(path.indexOf('?') + 1)),
        ...new URLSearchParams(body),
      ]);
      expect(judge.checkNotifySignV2(params)).toBe(true);
      expect(judge.checkNotifySignV2({ ...params, biz_content: `${params.biz_content} ` })).toBe(false);
      const content = encrypted ? judge.aesDecrypt(params.biz_content ?? '') : params.biz_content;
      expect(JSON.parse(content ?? '')).toMatchObject({ out_trade_no: expect.any(String) });
    }
  });
});

describe.for(['platform certificates', 'the public key', 'both'] as const)(
  'what our till sends to WeChat Pay with %s',
  (mode) => {
    test('is signed as wechatpay-node-v3 signs it, and does the whole job', async () => {
      const { merchant, post } = await runningSandbox();
      const { wechat } = merchant;
      if (mode === 'the public key') await post('/rotate', { to: 'public_key_only' });
      const { http, sent } = recording();
      const provider = createWechatV3(
        {
          hosts: [wechat.baseUrl],
          appId: wechat.appId,
          mchId: wechat.mchId,
          merchantPrivateKey: parsePrivateKey(wechat.merchantPrivateKey),
          merchantSerial: wechat.merchantSerial,
          apiV3Key: parseApiV3Key(wechat.apiV3Key),
          notifyUrl: 'https://relay.example.com/notify/1/wechat',
          ...(mode === 'platform certificates'
            ? {}
            : { publicKey: { id: wechat.publicKeyId, key: parsePublicKey(wechat.publicKey) } }),
        },
        { http, random: systemRandom() },
      );
      expect(await wholeJob(provider, (code) => post('/phone/pay', { code }))).toEqual({
        open: 'code',
        unpaid: 'unpaid',
        paid: 'paid',
        refund: 'processing',
        refunded: 'processing',
        close: 'accepted',
        cancel: 'accepted',
      });

      const judge = new WxPay({
        appid: wechat.appId,
        mchid: wechat.mchId,
        publicKey: Buffer.from(wechat.merchantCert),
        privateKey: Buffer.from(wechat.merchantPrivateKey),
      });
      expect(sent.length).toBeGreaterThanOrEqual(8);
      for (const { method, path, headers, body } of sent) {
        const ours = parseWechatAuthorization(headers.authorization ?? '');
        if (!ours) throw new Error(`Not an Authorization: ${headers.authorization}`);
        // PKCS#1 v1.5 has one signature for one text, so that the SDK's must be the same.
        expect(ours.signature).toBe(judge.getSignature(method, ours.nonce, ours.timestamp, path, body));
        expect(ours.mchId).toBe(wechat.mchId);
      }
    });
  },
);
