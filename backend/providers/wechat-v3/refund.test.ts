import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { undiciHttpClient } from '../../../ports/http-undici.ts';
import { systemRandom } from '../../../ports/random.ts';
import { testPair } from '../../../wire/test-certificates.ts';
import { parseApiV3Key } from '../../../wire/wechat-v3-aead.ts';
import { signWechatMessage } from '../../../wire/wechat-v3-signature.ts';
import { NOW, REFUND } from '../conformance.ts';
import type { Provider } from '../provider.ts';
import { type StandInWallet, standInWallet } from '../stand-in-wallet.ts';
import { REFUND_ERRORS, REFUND_QUERY_ERRORS } from './errors.ts';
import { createWechatV3 } from './index.ts';

const [wechatPay, merchant] = [testPair(), testPair()];
const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';

let wallet: StandInWallet;
let provider: Provider;
beforeEach(async () => {
  wallet = await standInWallet();
  provider = createWechatV3(
    {
      hosts: [wallet.origin],
      appId: 'wxtest0000000001',
      mchId: '1900000101',
      merchantPrivateKey: merchant.privateKey,
      merchantSerial: '5157F09',
      apiV3Key: parseApiV3Key('TestOnlyApiV3Key0123456789abcdef'),
      publicKey: { id: PUBLIC_KEY_ID, key: wechatPay.publicKey },
      notifyUrl: 'https://relay.example/notify',
    },
    { http: undiciHttpClient(), random: systemRandom() },
  );
});
afterEach(async () => {
  await provider.stop();
  await wallet.close();
});

/** What the provider makes of a signed answer. */
async function outcomeOf(operation: 'refund' | 'refundQuery', status: number, json: object) {
  const body = JSON.stringify(json);
  const signer = { serial: PUBLIC_KEY_ID, privateKey: wechatPay.privateKey };
  const timestamp = String(Math.floor(NOW / 1_000));
  wallet.answer = () => ({
    status,
    body,
    headers: signWechatMessage(body, signer, { timestamp, nonce: 'nonce7' }),
  });
  return (await provider[operation](REFUND, { nowMs: NOW })).outcome;
}

/** As the protocol has them. */
const REFUSED = {
  PARAM_ERROR: 'invalid_parameter',
  RESOURCE_NOT_EXISTS: 'merchant_rejected',
  ORDER_NOT_EXIST: 'merchant_rejected',
  ORDERNOTEXIST: 'merchant_rejected',
  NO_AUTH: 'merchant_rejected',
  RULE_LIMIT: 'not_refundable',
  TRADE_ERROR: 'not_refundable',
  ACCOUNT_ERROR: 'account_unusable',
  USER_ACCOUNT_ABNORMAL: 'account_unusable',
};

describe('WeChat’s error about a refund', () => {
  test.each(Object.entries(REFUSED))('%s refuses it for good: %s', async (code, reason) => {
    expect(await outcomeOf('refund', 403, { code, message: '说明' })).toMatchObject({
      kind: 'refused',
      reason,
      code,
    });
  });

  test.each(['NOT_ENOUGH', 'NOTENOUGH'])('%s waits for the merchant’s account', async (code) => {
    expect(await outcomeOf('refund', 403, { code, message: '基本账户余额不足' })).toMatchObject({
      kind: 'held',
      why: 'balance',
    });
  });

  test.each(['FREQUENCY_LIMITED', 'RATELIMIT_EXCEEDED'])('%s asks for patience', async (code) => {
    for (const operation of ['refund', 'refundQuery'] as const)
      expect(await outcomeOf(operation, 429, { code, message: '频率过高' })).toMatchObject({
        kind: 'unknown',
        cause: 'throttled',
      });
  });

  test('refuses it with no other code, whatever its HTTP status', async () => {
    const others = [...Object.keys(REFUND_ERRORS), 'SYSTEMERROR', 'BANKERROR', 'NEVER_HEARD', 'toString'];
    for (const code of others.filter((each) => !Object.hasOwn(REFUSED, each)))
      for (const status of [400, 403, 404, 500]) {
        const { kind } = await outcomeOf('refund', status, { code, message: '说明' });
        expect([code, kind]).toEqual([code, expect.stringMatching(/^(unknown|held|query_first)$/)]);
      }
  });

  test('says to a query that there is none with RESOURCE_NOT_EXISTS alone', async () => {
    for (const code of [...Object.keys(REFUND_QUERY_ERRORS), 'NEVER_HEARD']) {
      const { kind } = await outcomeOf('refundQuery', 404, { code, message: '说明' });
      expect([code, kind]).toEqual([code, code === 'RESOURCE_NOT_EXISTS' ? 'unseen' : 'unknown']);
    }
  });
});

describe('WeChat’s word for a refund', () => {
  const object = {
    refund_id: '50300000002026112100000000001',
    out_refund_no: REFUND.refundNo,
    out_trade_no: REFUND.trade.tradeNo,
    amount: { total: 1_250, refund: 500, payer_total: 1_000, payer_refund: 400, currency: 'CNY' },
  };

  test.each([
    ['PROCESSING', 'processing'],
    ['SUCCESS', 'succeeded'],
    ['CLOSED', 'closed'],
    ['ABNORMAL', 'abnormal'],
  ])('%s means %s, to the request as to the query', async (word, status) => {
    for (const operation of ['refund', 'refundQuery'] as const)
      expect(await outcomeOf(operation, 200, { ...object, status: word })).toMatchObject({
        evidence: { status, amountFen: 500, providerRefundNo: object.refund_id, providerStatus: word },
      });
  });

  // The wrong constant of other systems among them.
  test.each(['CHANGE', 'REFUNDCLOSE', 'FAIL', 'success', ''])('%j means nothing', async (word) => {
    for (const operation of ['refund', 'refundQuery'] as const)
      expect(await outcomeOf(operation, 200, { ...object, status: word })).toMatchObject({
        kind: 'unknown',
        cause: 'unlisted',
      });
  });

  test.each([{ refund: 5.5 }, { refund: -1 }, { refund: '500' }, {}])(
    'with %j for its amount is no evidence',
    async (amount) => {
      const answered = { ...object, status: 'SUCCESS', amount: { total: 1_250, ...amount } };
      expect(await outcomeOf('refund', 200, answered)).toMatchObject({
        kind: 'unknown',
        cause: 'unreadable',
      });
    },
  );
});
