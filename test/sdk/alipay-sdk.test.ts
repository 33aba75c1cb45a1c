import { generateKeyPairSync } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type MerchantFile, runningSandbox } from './running-sandbox.ts';

afterEach(() => vi.unstubAllEnvs());

type Mode = 'public key' | 'certificates';

function sdk(mode: Mode, { alipay }: MerchantFile, changes: object = {}) {
  const common = {
    appId: alipay.appId,
    privateKey: alipay.appPrivateKey,
    keyType: 'PKCS8' as const,
    gateway: alipay.gateway,
    encryptKey: alipay.aesKey,
    camelcase: false,
  };
  const trust =
    mode === 'public key'
      ? { alipayPublicKey: alipay.alipayPublicKey }
      : {
          appCertContent: alipay.appCert,
          alipayPublicCertContent: alipay.alipayCert,
          alipayRootCertContent: alipay.alipayRootCert,
        };
  return new AlipaySdk({ ...common, ...trust, ...changes });
}

const CHECKED = { validateSign: true };

describe.for(['public key', 'certificates'] as const)('the official alipay-sdk with %s', (mode) => {
  test('precreates, sees no trade before the scan, a waiting one after it, and the payment', async () => {
    const { merchant, post } = await runningSandbox();
    const client = sdk(mode, merchant);
    const no = { out_trade_no: 'SDK_0001' };

    const made = await client.exec(
      'alipay.trade.precreate',
      {
        notify_url: 'https://relay.example.com/notify/1/alipay',
        bizContent: { ...no, total_amount: '88.88', subject: '咖啡 + 100% 果汁 😀' },
      },
      CHECKED,
    );
    expect(made).toMatchObject({ code: '10000', out_trade_no: 'SDK_0001' });
    expect(made.qr_code).toMatch(/^https:\/\/qr\.alipay\.com\/bax0[a-z0-9]{20}$/);

    const before = await client.exec('alipay.trade.query', { bizContent: no }, CHECKED);
    expect(before).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });

    await post('/phone/scan', { code: made.qr_code });
    const waiting = await client.exec('alipay.trade.query', { bizContent: no }, CHECKED);
    expect(waiting).toMatchObject({ trade_status: 'WAIT_BUYER_PAY', total_amount: '88.88' });

    await post('/phone/pay', { code: made.qr_code });
    const paid = await client.exec('alipay.trade.query', { bizContent: no }, CHECKED);
    expect(paid).toMatchObject({ code: '10000', trade_status: 'TRADE_SUCCESS', total_amount: '88.88' });

    const byTheirs = { trade_no: paid.trade_no };
    const again = await client.exec('alipay.trade.query', { bizContent: byTheirs }, CHECKED);
    expect(again).toMatchObject({ out_trade_no: 'SDK_0001' });
  });

  test('verifies the notification of a payment, and no other', async () => {
    const { merchant, post, notified } = await runningSandbox();
    const client = sdk(mode, merchant);
    const made = await client.exec(
      'alipay.trade.precreate',
      {
        notify_url: 'https://relay.example.com/notify/1/alipay',
        bizContent: { out_trade_no: 'SDK_0003', total_amount: '88.88', subject: '咖啡 + 100% 果汁 😀' },
      },
      CHECKED,
    );
    await post('/phone/pay', { code: made.qr_code });
    await expect.poll(() => notified.length).toBe(1);
    const form = Object.fromEntries(new URLSearchParams(notified[0]?.body));
    expect(form).toMatchObject({ out_trade_no: 'SDK_0003', trade_status: 'TRADE_SUCCESS' });
    expect(client.checkNotifySignV2(form)).toBe(true);
    expect(client.checkNotifySignV2({ ...form, total_amount: '0.01' })).toBe(false);
  });

  test('closes a scanned trade, and cannot close an unscanned code', async () => {
    const { merchant, post, trade } = await runningSandbox();
    const client = sdk(mode, merchant);
    const no = { out_trade_no: 'SDK_0002' };
    const bizContent = { ...no, total_amount: '0.01', subject: 'tea' };
    const made = await client.exec('alipay.trade.precreate', { bizContent }, CHECKED);

    const early = await client.exec('alipay.trade.close', { bizContent: no }, CHECKED);
    expect(early).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });

    await post('/phone/scan', { code: made.qr_code });
    const closed = await client.exec('alipay.trade.close', { bizContent: no }, CHECKED);
    expect(closed).toMatchObject({ code: '10000', out_trade_no: 'SDK_0002' });
    expect(await trade('SDK_0002')).toMatchObject({ state: 'TRADE_CLOSED', paid: false });
    expect(await post('/phone/pay', { code: made.qr_code })).toMatchObject({
      status: 409,
      body: { code: 'closed' },
    });
  });

  test('cancels a paid trade: the money goes back', async () => {
    const { merchant, post, trade } = await runningSandbox();
    const client = sdk(mode, merchant);
    const no = { out_trade_no: 'SDK_0003' };
    const bizContent = { ...no, total_amount: '12.5', subject: 'tea' };
    const made = await client.exec('alipay.trade.precreate', { bizContent }, CHECKED);
    await post('/phone/pay', { code: made.qr_code });

    const cancelled = await client.exec('alipay.trade.cancel', { bizContent: no }, CHECKED);
    expect(cancelled).toMatchObject({ code: '10000', action: 'refund', retry_flag: 'N' });
    expect(await trade('SDK_0003')).toMatchObject({ state: 'TRADE_CLOSED', refundedFen: 1250 });
  });

  test('speaks encrypted both ways', async () => {
    const { merchant } = await runningSandbox();
    const client = sdk(mode, merchant);
    const bizContent = { out_trade_no: 'SDK_0004', total_amount: '1.00', subject: '加密测试😀' };
    // Unchecked: this SDK cuts an encrypted node out with its colon, and so verifies none.
    const made = await client.exec('alipay.trade.precreate', { needEncrypt: true, bizContent });
    expect(made).toMatchObject({ code: '10000', out_trade_no: 'SDK_0004' });
    // A second time in words that only the wallet's side of the cipher could have read.
    const query = { needEncrypt: true, bizContent: { out_trade_no: 'SDK_0004' } };
    expect(await client.exec('alipay.trade.query', query)).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
  });
});

test('a merchant key that is not the app’s is refused in Alipay’s words', async () => {
  const { merchant } = await runningSandbox();
  const foreign = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const client = sdk('public key', merchant, {
    privateKey: foreign.export({ type: 'pkcs8', format: 'pem' }).toString(),
  });
  const bizContent = { out_trade_no: 'SDK_0005', total_amount: '1.00', subject: 'tea' };
  const refused = await client.exec('alipay.trade.precreate', { bizContent }, CHECKED);
  expect(refused).toMatchObject({ code: '40002', sub_code: 'isv.invalid-signature' });
});

test('a forged answer does not pass the SDK’s check', async () => {
  const { merchant, post } = await runningSandbox();
  await post('/faults', {
    on: { channel: 'alipay', operation: 'query' },
    fault: { kind: 'wrong_signature' },
  });
  const client = sdk('public key', merchant);
  const query = client.exec('alipay.trade.query', { bizContent: { out_trade_no: 'SDK_0006' } }, CHECKED);
  await expect(query).rejects.toThrow('验签失败');
});

test.each(['UTC', 'Pacific/Auckland', 'America/Los_Angeles'])(
  'an SDK on a machine in %s is served',
  async (zone) => {
    const { merchant } = await runningSandbox();
    vi.stubEnv('TZ', zone);
    const client = sdk('public key', merchant);
    const bizContent = { out_trade_no: 'SDK_0007' };
    const query = await client.exec('alipay.trade.query', { bizContent }, CHECKED);
    expect(query).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_NOT_EXIST' });
  },
);
