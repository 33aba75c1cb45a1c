import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { parseCertificate } from '../../wire/certificate.ts';
import { parsePublicKey } from '../../wire/keys.ts';
import { verifyWechatMessage, wechatVerifiers } from '../../wire/wechat-v3-signature.ts';
import { runningSandbox } from './running-sandbox.ts';
import { wechatSdk as sdk } from './wechat-sdk.ts';

function order(tradeNo: string) {
  return {
    description: '咖啡 😀',
    out_trade_no: tradeNo,
    notify_url: 'https://relay.example.com/notify/1/wechat',
    amount: { total: 8888, currency: 'CNY' },
  };
}

test('wechatpay-node-v3 orders, queries, and sees the payment', async () => {
  const { merchant, post } = await runningSandbox();
  const { client } = sdk(merchant);
  const made = await client.transactions_native(order('SDKW0001'));
  expect(made.status).toBe(200);
  const code: unknown = made.data?.code_url;
  expect(code).toMatch(/^weixin:\/\/wxpay\/bizpayurl\?pr=[A-Za-z0-9]{9}$/);

  const waiting = await client.query({ out_trade_no: 'SDKW0001' });
  expect(waiting.data).toMatchObject({ trade_state: 'NOTPAY', amount: { total: 8888 } });

  await post('/phone/pay', { code });
  const paid = await client.query({ out_trade_no: 'SDKW0001' });
  expect(paid.data).toMatchObject({ trade_state: 'SUCCESS', mchid: merchant.wechat.mchId });
  const byTheirs = await client.query({ transaction_id: paid.data.transaction_id });
  expect(byTheirs.data).toMatchObject({ out_trade_no: 'SDKW0001' });
});

test('wechatpay-node-v3 closes an order: 204, and it is never payable again', async () => {
  const { merchant, post } = await runningSandbox();
  const { client } = sdk(merchant);
  const made = await client.transactions_native(order('SDKW0002'));
  expect(await client.close('SDKW0002')).toMatchObject({ status: 204 });
  const closed = await client.query({ out_trade_no: 'SDKW0002' });
  expect(closed.data).toMatchObject({ trade_state: 'CLOSED' });
  expect((await post('/phone/pay', { code: made.data?.code_url })).body).toMatchObject({ code: 'closed' });
});

test('wechatpay-node-v3 downloads the certificates and verifies an answer with them', async () => {
  const { merchant } = await runningSandbox();
  const { client, seen } = sdk(merchant);
  const [certificate] = await client.get_certificates(merchant.wechat.apiV3Key);
  expect(certificate).toMatchObject({ serial_no: merchant.wechat.platformSerial });

  await client.transactions_native(order('SDKW0003'));
  const answer = seen.at(-1);
  if (!answer) throw new Error('No answer was seen.');
  const genuine = await client.verifySign({
    timestamp: answer.headers['wechatpay-timestamp'] ?? '',
    nonce: answer.headers['wechatpay-nonce'] ?? '',
    serial: answer.headers['wechatpay-serial'] ?? '',
    signature: answer.headers['wechatpay-signature'] ?? '',
    body: Buffer.from(answer.body).toString('utf8'),
  });
  expect(genuine).toBe(true);
});

test('wechatpay-node-v3 verifies a notification and opens it', async () => {
  const { merchant, post, notified } = await runningSandbox();
  const { client } = sdk(merchant);
  const made = await client.transactions_native(order('SDKW0005'));
  await post('/phone/pay', { code: made.data?.code_url });
  await expect.poll(() => notified.length).toBe(1);
  const { headers = {}, body = '' } = notified[0] ?? {};
  const signed = {
    timestamp: headers['Wechatpay-Timestamp'] ?? '',
    nonce: headers['Wechatpay-Nonce'] ?? '',
    serial: headers['Wechatpay-Serial'] ?? '',
    signature: headers['Wechatpay-Signature'] ?? '',
  };
  expect(await client.verifySign({ ...signed, body })).toBe(true);
  expect(await client.verifySign({ ...signed, body: body.replace('支付', '支出') })).toBe(false);
  const { resource } = JSON.parse(body);
  const { ciphertext, associated_data: data, nonce } = resource;
  expect(client.decipher_gcm(ciphertext, data, nonce, merchant.wechat.apiV3Key)).toMatchObject({
    out_trade_no: 'SDKW0005',
    trade_state: 'SUCCESS',
    amount: { total: 8888 },
  });
});

test('during a rotation both certificates are delivered, and the named one signs', async () => {
  const { merchant, post } = await runningSandbox();
  const old = merchant.wechat.platformSerial;
  const { body } = await post('/rotate', { to: 'next_certificate' });
  const fresh = (body.platformSerials as string[])[1];
  const { client, seen } = sdk(merchant, { serial: old });
  const certificates = await client.get_certificates(merchant.wechat.apiV3Key);
  expect(certificates.map((one: { serial_no: string }) => one.serial_no)).toEqual([old, fresh]);
  expect(seen.at(-1)?.headers['wechatpay-serial']).toBe(old);
});

test.for(['certificate', 'public key'])(
  'every answer, errors too, is signed by the %s that was named',
  async (named) => {
    const { merchant } = await runningSandbox();
    const { wechat } = merchant;
    const serial = named === 'certificate' ? wechat.platformSerial : wechat.publicKeyId;
    const key =
      named === 'certificate'
        ? parseCertificate(wechat.platformCert).publicKey
        : parsePublicKey(wechat.publicKey);
    const { client, seen } = sdk(merchant, { serial });
    await client.transactions_native(order('SDKW0004'));
    await client.query({ out_trade_no: 'NOBODY_ORDERED' });
    await client.close('SDKW0004');
    expect(seen.map((answer) => answer.status)).toEqual([200, 404, 204]);
    for (const answer of seen)
      expect(verifyWechatMessage(answer, wechatVerifiers([[serial, key]]), Date.now())).toBe('OK');
  },
);

test('a merchant key that is not the certificate’s is refused in WeChat Pay’s words', async () => {
  const { merchant } = await runningSandbox();
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const { client } = sdk(merchant, {
    privateKey: foreign.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const refused = await client.transactions_native(order('SDKW0005'));
  expect(refused.status).toBe(401);
  expect(JSON.parse(String(refused.error))).toMatchObject({ code: 'SIGN_ERROR' });
});
