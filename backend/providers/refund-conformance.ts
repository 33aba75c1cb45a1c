import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Dialect, NOW, REFUND, type Said } from './conformance.ts';
import type { Provider } from './provider.ts';
import { type Answer, type StandInWallet, standInWallet } from './stand-in-wallet.ts';

/** What {@link Provider} promises of refunds beyond what it promises of every question, proven over real sockets. */
export function describeRefunds(dialect: Dialect): void {
  describe(`refunds by ${dialect.name}`, () => {
    let wallet: StandInWallet;
    let provider: Provider;
    beforeEach(async () => {
      wallet = await standInWallet();
      provider = dialect.provider(wallet.origin);
    });
    afterEach(async () => {
      await provider.stop();
      await wallet.close();
    });

    const at = { nowMs: NOW };
    const OPERATIONS = ['refund', 'refundQuery'] as const;
    const says = (said: Said, change: (answer: Answer) => Answer = (answer) => answer) => {
      wallet.answer = (request) => change(dialect.speak(said, request, NOW));
    };
    const { refundNo } = REFUND;
    const { tradeNo } = REFUND.trade;

    test.each(OPERATIONS)('%s: money that is back is evidence, under its number', async (operation) => {
      says({ say: 'refund', status: 'succeeded' });
      const { outcome } = await provider[operation](REFUND, at);
      expect(outcome).toMatchObject({
        kind: 'evidence',
        evidence: { tradeNo, refundNo, status: 'succeeded', succeededAtMs: NOW },
      });
    });

    test.each(OPERATIONS)('%s: that it was taken is no money', async (operation) => {
      says({ say: 'refund', status: 'taken' });
      const { outcome } = await provider[operation](REFUND, at);
      if (dialect.paysOutLater)
        expect(outcome).toMatchObject({ evidence: { refundNo, status: 'processing' } });
      else expect(outcome.kind).toBe(operation === 'refund' ? 'accepted' : 'unseen');
    });

    test.each(dialect.paysOutLater ? (['closed', 'abnormal'] as const) : [])(
      'the wallet’s word for %s is understood',
      async (status) => {
        says({ say: 'refund', status });
        for (const operation of OPERATIONS) {
          const { outcome } = await provider[operation](REFUND, at);
          expect(outcome).toMatchObject({ evidence: { refundNo, status, succeededAtMs: null } });
        }
      },
    );

    test('a word for its status that is on no list is nobody’s evidence', async () => {
      says({ say: 'refund', status: 'unlisted' });
      expect((await provider.refundQuery(REFUND, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'unlisted',
      });
    });

    test('a genuine answer about another refund is never evidence', async () => {
      const other = 'R20261121120000000002';
      says({ say: 'refund', status: 'succeeded', refundNo: other });
      expect((await provider.refundQuery(REFUND, at)).outcome).toEqual({
        kind: 'mismatch',
        field: 'refundNo',
        expected: refundNo,
        received: other,
      });
    });

    test('that there is no refund counts only with a signature', async () => {
      says({ say: 'no_refund' });
      expect((await provider.refundQuery(REFUND, at)).outcome).toMatchObject({ kind: 'unseen' });
      says({ say: 'no_refund' }, dialect.unsigned);
      expect((await provider.refundQuery(REFUND, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
    });

    test('a refusal for good is one, with a signature only', async () => {
      says({ say: 'not_refundable' });
      expect((await provider.refund(REFUND, at)).outcome).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/./),
      });
      says({ say: 'not_refundable' }, dialect.unsigned);
      expect((await provider.refund(REFUND, at)).outcome).toMatchObject({
        kind: 'unknown',
        cause: 'not_genuine',
      });
    });

    test('too little money in the merchant’s account is no refusal', async () => {
      says({ say: 'no_balance' });
      expect((await provider.refund(REFUND, at)).outcome).toMatchObject({ kind: 'held', why: 'balance' });
    });

    test('a number that the wallet has with another amount is looked up', async () => {
      says({ say: 'other_amount' });
      expect((await provider.refund(REFUND, at)).outcome).toMatchObject({ kind: 'query_first' });
    });

    test('another part of a trade is another request, and the same part the same', async () => {
      says({ say: 'refund', status: 'succeeded' });
      await provider.refund(REFUND, at);
      await provider.refund({ ...REFUND, refundNo: 'R20261121120000000002' }, at);
      await provider.refund(REFUND, { nowMs: NOW + 5_000 });
      const [first, other, again] = wallet.received.map(dialect.essence);
      expect(again).toEqual(first);
      expect(other).not.toEqual(first);
    });
  });
}
