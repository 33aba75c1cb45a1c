import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { undiciHttpClient } from '../../../ports/http-undici.ts';
import { signAlipayAnswer } from '../../../wire/alipay-response.ts';
import { testPair } from '../../../wire/test-certificates.ts';
import { NOW, REFUND } from '../conformance.ts';
import type { Provider } from '../provider.ts';
import { type StandInWallet, standInWallet } from '../stand-in-wallet.ts';
import { createAlipay } from './index.ts';
import { REFUND_ERRORS, REFUND_QUERY_ERRORS } from './refund-errors.ts';

const [alipay, app] = [testPair(), testPair()];
const METHODS = { refund: 'alipay.trade.refund', refundQuery: 'alipay.trade.fastpay.refund.query' };

let wallet: StandInWallet;
let provider: Provider;
beforeEach(async () => {
  wallet = await standInWallet();
  provider = createAlipay(
    {
      gatewayUrl: `${wallet.origin}/gateway.do`,
      appId: '2021000000000000',
      appPrivateKey: app.privateKey,
      trust: { mode: 'public_key', alipayPublicKey: alipay.publicKey },
    },
    { http: undiciHttpClient() },
  );
});
afterEach(async () => {
  await provider.stop();
  await wallet.close();
});

/** What the provider makes of a signed answer with this node. */
async function outcomeOf(operation: keyof typeof METHODS, node: object) {
  const method = METHODS[operation];
  wallet.answer = () => ({
    status: 200,
    body: signAlipayAnswer({ method, node: JSON.stringify(node), key: alipay.privateKey }),
  });
  return (await provider[operation](REFUND, { nowMs: NOW })).outcome;
}

describe('Alipay’s 10000 about a refund', () => {
  test('to the request is one with fund_change=Y alone: N, or nothing, is a repeat or none, and is asked', async () => {
    for (const refund_fee of ['12.50', '5.00', '0.00', undefined])
      for (const fund_change of ['N', '', undefined])
        expect(await outcomeOf('refund', { code: '10000', refund_fee, fund_change })).toEqual({
          kind: 'accepted',
        });
    expect(await outcomeOf('refund', { code: '10000', fund_change: 'Y', refund_fee: '4.99' })).toMatchObject({
      kind: 'unknown',
      cause: 'unreadable',
    });
  });

  test('to the query is one by its word, or by amount and number together, and by itself none', async () => {
    const number = { out_request_no: REFUND.refundNo };
    const amount = { refund_amount: '5.00' };
    const word = { refund_status: 'REFUND_SUCCESS' };
    const cases = [
      [{}, { kind: 'unseen' }],
      [number, { kind: 'unseen' }],
      [amount, { kind: 'unseen' }],
      [{ ...number, refund_amount: '', refund_status: '' }, { kind: 'unseen' }],
      [{ ...number, ...amount }, { evidence: { status: 'succeeded', amountFen: 500 } }],
      [{ ...number, ...amount, refund_status: '' }, { evidence: { status: 'succeeded', amountFen: 500 } }],
      [{ ...number, ...amount, ...word }, { evidence: { status: 'succeeded', amountFen: 500 } }],
      [{ ...number, ...word }, { evidence: { status: 'succeeded', amountFen: null } }],
      [word, { kind: 'unknown', cause: 'unreadable' }],
      [
        { ...number, ...word, refund_amount: '5.001' },
        { kind: 'unknown', cause: 'unreadable' },
      ],
      [
        { ...number, ...amount, refund_status: 'REFUND_FAIL' },
        { kind: 'unknown', cause: 'unlisted' },
      ],
    ] as const;
    for (const [fields, wanted] of cases)
      expect([fields, await outcomeOf('refundQuery', { code: '10000', ...fields })]).toMatchObject([
        fields,
        wanted,
      ]);
  });
});

/** As the protocol has them. */
const REFUSED = {
  'ACQ.INVALID_PARAMETER': 'invalid_parameter',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'exceeds_payment',
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'exceeds_payment',
  'ACQ.TRADE_NOT_EXIST': 'merchant_rejected',
  'ACQ.TRADE_HAS_FINISHED': 'not_refundable',
  'ACQ.TRADE_STATUS_ERROR': 'not_refundable',
  'ACQ.TRADE_NOT_ALLOW_REFUND': 'not_refundable',
  'ACQ.REASON_TRADE_BEEN_FREEZEN': 'account_unusable',
};
const failed = (sub_code: string) => ({ code: '40004', msg: 'Business Failed', sub_code });

describe('Alipay’s 40004 about a refund', () => {
  test.each(Object.entries(REFUSED))('%s refuses it for good: %s', async (code, reason) => {
    expect(await outcomeOf('refund', failed(code))).toMatchObject({ kind: 'refused', reason, code });
  });

  test('refuses it with no other code', async () => {
    const others = [...Object.keys(REFUND_ERRORS), 'AQC.SYSTEM_ERROR', 'ACQ.NEVER_HEARD', 'toString', ''];
    for (const code of others.filter((each) => !(each in REFUSED) || each === 'toString')) {
      const { kind } = await outcomeOf('refund', failed(code));
      expect([code, kind]).toEqual([code, expect.stringMatching(/^(unknown|held|query_first)$/)]);
    }
  });

  test('says to no query that there is no refund', async () => {
    for (const code of [...Object.keys(REFUND_QUERY_ERRORS), 'AQC.SYSTEM_ERROR', 'ACQ.NEVER_HEARD'])
      expect(await outcomeOf('refundQuery', failed(code))).toMatchObject({ kind: 'unknown' });
  });
});
