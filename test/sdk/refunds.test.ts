import { AlipaySdk } from 'alipay-sdk';
import { describe, expect, test } from 'vitest';
import { type MerchantFile, runningSandbox } from './running-sandbox.ts';
import { wechatSdk } from './wechat-sdk.ts';

const CHECKED = { validateSign: true };

function alipaySdk({ alipay }: MerchantFile): AlipaySdk {
  return new AlipaySdk({
    appId: alipay.appId,
    privateKey: alipay.appPrivateKey,
    keyType: 'PKCS8',
    gateway: alipay.gateway,
    alipayPublicKey: alipay.alipayPublicKey,
    camelcase: false,
  });
}

/** A payment of 88.88 by Alipay, and how to speak of it with the official SDK. */
async function paidByAlipay(tradeNo: string) {
  const { merchant, post, trade, notified } = await runningSandbox();
  const client = alipaySdk(merchant);
  const no = { out_trade_no: tradeNo };
  const ask = (method: string, content: object, more: object = {}) =>
    client.exec(method, { bizContent: { ...no, ...content }, ...more }, CHECKED);
  const made = await ask(
    'alipay.trade.precreate',
    { total_amount: '88.88', subject: 'tea' },
    { notify_url: 'https://relay.example.com/notify/1/alipay' },
  );
  await post('/phone/pay', { code: made.qr_code });
  return {
    client,
    notified,
    ledger: () => trade(tradeNo),
    refund: (requestNo: string, yuan: string) =>
      ask('alipay.trade.refund', { out_request_no: requestNo, refund_amount: yuan, refund_reason: '退货' }),
    find: (requestNo: string) =>
      ask('alipay.trade.fastpay.refund.query', {
        out_request_no: requestNo,
        query_options: ['gmt_refund_pay'],
      }),
    query: () => ask('alipay.trade.query', {}),
  };
}

describe('the official alipay-sdk', () => {
  test('gives a part back once: the repeat moves no money, and the query says what became of it', async () => {
    const { refund, find, query, ledger } = await paidByAlipay('SDKR_0001');
    expect(await refund('PART_1', '8.88')).toMatchObject({
      code: '10000',
      fund_change: 'Y',
      refund_fee: '8.88',
    });
    expect(await refund('PART_1', '8.88')).toMatchObject({
      code: '10000',
      fund_change: 'N',
      refund_fee: '8.88',
    });
    expect(await find('PART_1')).toMatchObject({
      code: '10000',
      out_request_no: 'PART_1',
      refund_amount: '8.88',
      refund_status: 'REFUND_SUCCESS',
    });
    // Success of the query alone says nothing.
    const unknown = await find('PART_2');
    expect(unknown.code).toBe('10000');
    expect(unknown.refund_status).toBeUndefined();
    expect(await query()).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    expect(await ledger()).toMatchObject({ refundedFen: 888 });
  });

  test('is refused the same number with another amount, and more than is left', async () => {
    const { refund, ledger } = await paidByAlipay('SDKR_0002');
    await refund('PART_1', '8.88');
    expect(await refund('PART_1', '8.89')).toMatchObject({ sub_code: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
    expect(await refund('PART_2', '80.01')).toMatchObject({ sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
    expect(await ledger()).toMatchObject({ refundedFen: 888 });
  });

  test('sees the trade closed once all of it is back, with what says that it had been paid', async () => {
    const { refund, query, find, client, notified } = await paidByAlipay('SDKR_0003');
    expect(await refund('ALL', '88.88')).toMatchObject({ fund_change: 'Y', refund_fee: '88.88' });
    expect(await query()).toMatchObject({ trade_status: 'TRADE_CLOSED' });
    expect(await find('ALL')).toMatchObject({ refund_status: 'REFUND_SUCCESS' });
    await expect.poll(() => notified.length).toBe(2);
    const form = Object.fromEntries(new URLSearchParams(notified[1]?.body));
    expect(client.checkNotifySignV2(form)).toBe(true);
    expect(form).toMatchObject({ out_biz_no: 'ALL', refund_fee: '88.88', trade_status: 'TRADE_CLOSED' });
  });
});

/** A payment of 88.88 by WeChat Pay. */
async function paidByWechat(tradeNo: string) {
  const { merchant, post, notified } = await runningSandbox();
  const { client } = wechatSdk(merchant);
  const made = await client.transactions_native({
    description: 'tea',
    out_trade_no: tradeNo,
    notify_url: 'https://relay.example.com/notify/1/wechat',
    amount: { total: 8888, currency: 'CNY' },
  });
  await post('/phone/pay', { code: made.data?.code_url });
  const refund = (refundNo: string, amountFen: number) =>
    client.refunds({
      out_trade_no: tradeNo,
      out_refund_no: refundNo,
      reason: '退货',
      notify_url: 'https://relay.example.com/notify/1/wechat',
      amount: { refund: amountFen, total: 8888, currency: 'CNY' },
    });
  const statusOf = async (refundNo: string) => {
    const { data } = await client.find_refunds(refundNo);
    return (data as { status?: string } | undefined)?.status;
  };
  return { client, merchant, post, notified, refund, statusOf };
}

describe('wechatpay-node-v3', () => {
  test.each(['SUCCESS', 'CLOSED', 'ABNORMAL'])(
    'is told that a refund was taken, and later that it is %s',
    async (word) => {
      const { client, merchant, post, notified, refund, statusOf } = await paidByWechat('SDKRW001');
      await post('/faults', {
        on: { channel: 'wechat', operation: 'refund' },
        fault: { kind: 'refund_ends', as: word, afterMs: 300 },
      });
      const taken = await refund('SDKRW001_1', 888);
      expect(taken).toMatchObject({ status: 200, data: { status: 'PROCESSING', amount: { refund: 888 } } });
      await expect.poll(() => statusOf('SDKRW001_1'), { timeout: 10_000 }).toBe(word);
      await expect.poll(() => notified.length, { timeout: 10_000 }).toBe(2);
      const { event_type, resource } = JSON.parse(notified[1]?.body ?? '');
      const { ciphertext, associated_data: data, nonce } = resource;
      expect(event_type).toBe(`REFUND.${word}`);
      expect(client.decipher_gcm(ciphertext, data, nonce, merchant.wechat.apiV3Key)).toMatchObject({
        out_refund_no: 'SDKRW001_1',
        refund_status: word,
        amount: { refund: 888, total: 8888 },
      });
    },
  );

  test('gives the same refund for the same number, and is refused another amount under it', async () => {
    const { refund } = await paidByWechat('SDKRW002');
    const first = await refund('SDKRW002_1', 888);
    const again = await refund('SDKRW002_1', 888);
    const idOf = ({ data }: typeof first) => (data as { refund_id?: string } | undefined)?.refund_id;
    expect(again.status).toBe(200);
    expect(idOf(again)).toBe(idOf(first));
    const other = await refund('SDKRW002_1', 889);
    expect(other.status).toBe(400);
    expect(JSON.parse(String(other.error))).toMatchObject({ code: 'INVALID_REQUEST' });
  });

  test('is refused more than is left, and is told of a number that nobody has asked for', async () => {
    const { refund, client } = await paidByWechat('SDKRW003');
    const tooMuch = await refund('SDKRW003_1', 8889);
    expect(JSON.parse(String(tooMuch.error))).toMatchObject({ code: 'INVALID_REQUEST' });
    const unknown = await client.find_refunds('SDKRW003_1');
    expect(unknown.status).toBe(404);
    expect(JSON.parse(String(unknown.error))).toMatchObject({ code: 'RESOURCE_NOT_EXISTS' });
  });
});
