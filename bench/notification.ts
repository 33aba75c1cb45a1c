import { createDecipheriv, verify } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import WxPay from 'wechatpay-node-v3';
import {
  readAlipayNotification,
  verifyAlipayNotification,
  writeAlipayNotification,
} from '../wire/alipay-notification.ts';
import { testCertificate, testPair } from '../wire/test-certificates.ts';
import { openWechatNotification } from '../wire/wechat-v3-notification.ts';
import { verifyWechatMessage, wechatVerifiers } from '../wire/wechat-v3-signature.ts';
import { ratio, ratioLine } from './measure.ts';
import { API_V3_KEY, PUBLIC_KEY_ID, paid, WALLET } from './relay-posts.ts';

const ROUNDS = { rounds: 21, roundMs: 60 };

/** Judging one notification of each wallet: ours, bare node:crypto with cached keys, and the wallet's SDK. */
export async function run(): Promise<void> {
  console.log('Judging a notification, rate against a peer (more is better):');
  await wechat();
  await alipay();
}

async function wechat(): Promise<void> {
  const { headers, body } = paid('T20261121120000000001');
  const bytes = Buffer.from(body);
  const nowMs = Date.now();
  const verifiers = wechatVerifiers([[PUBLIC_KEY_ID, WALLET.publicKey]]);
  const ours = () => {
    if (verifyWechatMessage({ headers, body: bytes }, verifiers, nowMs) !== 'OK')
      throw new Error('not genuine');
    if (!openWechatNotification(bytes, API_V3_KEY).ok) throw new Error('not opened');
  };
  const timestamp = headers['wechatpay-timestamp'];
  const nonce = headers['wechatpay-nonce'];
  const signature = headers['wechatpay-signature'] ?? '';
  const bare = () => {
    const signed = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), bytes, Buffer.from('\n')]);
    if (!verify('sha256', signed, WALLET.publicKey, Buffer.from(signature, 'base64')))
      throw new Error('not genuine');
    const { resource } = JSON.parse(bytes.toString('utf8')) as {
      resource: { nonce: string; associated_data: string; ciphertext: string };
    };
    const data = Buffer.from(resource.ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', API_V3_KEY, resource.nonce);
    decipher.setAAD(Buffer.from(resource.associated_data));
    decipher.setAuthTag(data.subarray(-16));
    JSON.parse(Buffer.concat([decipher.update(data.subarray(0, -16)), decipher.final()]).toString('utf8'));
  };
  const merchant = testPair();
  const sdk = new WxPay({
    appid: 'wx1',
    mchid: '1900000101',
    publicKey: Buffer.from(testCertificate(merchant, { serialHex: '0a', notBeforeMs: Date.now() })),
    privateKey: Buffer.from(merchant.privatePem),
  });
  const secret = API_V3_KEY.export().toString('ascii');
  const said = { timestamp: timestamp ?? '', nonce: nonce ?? '', signature, serial: PUBLIC_KEY_ID };
  const platformKeys = WxPay as unknown as { certificates: Record<string, string> };
  platformKeys.certificates[PUBLIC_KEY_ID] = WALLET.publicPem;
  const theirs = async () => {
    if (!(await sdk.verifySign({ ...said, body, apiSecret: secret }))) throw new Error('not genuine');
    const { resource } = JSON.parse(body) as {
      resource: { nonce: string; associated_data: string; ciphertext: string };
    };
    sdk.decipher_gcm(resource.ciphertext, resource.associated_data, resource.nonce, secret);
  };
  await theirs();
  console.log(
    ratioLine('WeChat v3, verify + decrypt, against bare node:crypto', await ratio(ours, bare, ROUNDS), 0.9),
  );
  console.log(
    ratioLine(
      'WeChat v3, verify + decrypt, against wechatpay-node-v3',
      await ratio(ours, theirs, { ...ROUNDS, inFlight: 1 }),
    ),
  );
}

async function alipay(): Promise<void> {
  const fields = {
    notify_time: '2026-11-21 12:00:00',
    notify_type: 'trade_status_sync',
    notify_id: '2026112100222120000123456789012345',
    app_id: '2021000000000000',
    seller_id: '2088000000000000',
    out_trade_no: 'T20261121120000000001',
    trade_no: '2026112122001400000000000001',
    trade_status: 'TRADE_SUCCESS',
    total_amount: '12.50',
    receipt_amount: '12.50',
    buyer_pay_amount: '12.50',
    buyer_logon_id: '138****0000',
    gmt_create: '2026-11-21 11:59:50',
    gmt_payment: '2026-11-21 12:00:00',
    fund_bill_list: '[{"amount":"12.50","fundChannel":"ALIPAYACCOUNT"}]',
    subject: '拿铁 & 可颂 100%',
    version: '1.0',
  };
  const form = writeAlipayNotification(fields, WALLET.privateKey);
  const bytes = Buffer.from(form);
  const ours = () => {
    const reading = readAlipayNotification(bytes);
    if (!reading.ok || !verifyAlipayNotification(reading.notification, WALLET.publicKey))
      throw new Error('not genuine');
  };
  const bare = () => {
    const posted = new URLSearchParams(bytes.toString('utf8'));
    const sign = posted.get('sign') ?? '';
    posted.delete('sign');
    posted.delete('sign_type');
    posted.sort();
    const text = [...posted].map(([name, value]) => `${name}=${value}`).join('&');
    if (!verify('sha256', Buffer.from(text), WALLET.publicKey, Buffer.from(sign, 'base64')))
      throw new Error('not genuine');
  };
  const sdk = new AlipaySdk({
    appId: fields.app_id,
    privateKey: testPair().privatePem,
    keyType: 'PKCS8',
    alipayPublicKey: WALLET.publicPem,
  });
  const theirs = () => {
    if (!sdk.checkNotifySignV2(Object.fromEntries(new URLSearchParams(form)))) throw new Error('not genuine');
  };
  bare();
  console.log(
    ratioLine('Alipay, read + verify, against bare node:crypto', await ratio(ours, bare, ROUNDS), 0.9),
  );
  console.log(ratioLine('Alipay, read + verify, against alipay-sdk', await ratio(ours, theirs, ROUNDS)));
}
