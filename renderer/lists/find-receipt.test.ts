import { describe, expect, test } from 'vitest';
import * as sample from '../../test/screens/sample.ts';
import { findReceipt, type Receipt } from './find-receipt.ts';

const OWN = 'T7K2';
const open = sample.paid('wechat', { refundedFen: 300, refundingFen: 450, refundableFen: 500 });
const other = {
  ...sample.paid('alipay'),
  tradeNo: 'T7K22611211432100001OTHER1',
  providerTradeNo: '2026OTHER',
};

function found(items: object[], text: string): Promise<Receipt> {
  const asked = { list: async () => ({ items, nextCursor: null }) };
  return findReceipt({ trades: asked } as never, text, OWN);
}

describe('a receipt', () => {
  test.each(['tradeNo', 'orderNo', 'providerTradeNo'] as const)(
    'is found by its %s, whatever else has that text in it',
    async (name) => {
      const trade = { ...open, [name]: 'number0123456789' };
      expect(await found([other, trade], 'NUMBER0123456789')).toEqual({ kind: 'open', trade });
    },
  );

  test('that names nothing exactly is the one that was found, or one of several to choose from', async () => {
    expect(await found([open], '12.50')).toEqual({ kind: 'open', trade: open });
    expect(await found([open, { ...other, refundableFen: 1 }], '12.50')).toMatchObject({ kind: 'several' });
  });

  test.each([
    ['given_back', { state: 'paid', refundingFen: 0 }],
    ['on_its_way', { state: 'paid', refundingFen: 1 }],
    ['not_paid', { state: 'closed', refundingFen: 0 }],
  ] as const)('of which nothing is left says why: %s', async (kind, change) => {
    const trade = { ...open, ...change, refundableFen: 0 };
    expect(await found([trade], open.tradeNo)).toEqual({ kind, trade });
  });

  test('of another till is that till’s, and any other number is not found', async () => {
    expect(await found([], 'WWHW2611211433390003WJ2425')).toEqual({ kind: 'elsewhere', tillId: 'WWHW' });
    expect(await found([], `${OWN}2611211433390003WJ2425`)).toEqual({ kind: 'not_found' });
    expect(await found([], '4200000000202611210000000001')).toEqual({ kind: 'not_found' });
  });
});
