import { afterAll, beforeAll, expect, test } from 'vitest';
import { Counter } from './counter.ts';

let counter: Counter;
beforeAll(async () => {
  counter = await Counter.open({ MIANFU_CHARGE_TTL_SECONDS: '5' });
});
afterAll(async () => {
  await counter?.close();
});

test('a code that nobody pays in time is closed at its wallet before the till says not paid', async () => {
  await counter.charge('9.99');
  const alipay = await counter.scanScreen('alipay');
  const wechat = await counter.scanScreen('wechat');
  // A scanned trade is known to Alipay, so that it can be closed at once.
  await counter.phone('scan', alipay);
  await counter.shows('not_paid');
  await counter.walletsHold({ alipay: 'TRADE_CLOSED', wechat: 'CLOSED' });
  expect([await counter.phone('pay', alipay), await counter.phone('pay', wechat)]).toEqual([409, 409]);
});
