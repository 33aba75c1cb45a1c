import { expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { START_MS, simulatedSandbox } from '../test-till.ts';

const GOOD = { out_trade_no: 'T_0001', total_amount: '12.50', subject: '咖啡' };

test('the same precreate again gives a code; another amount is refused', async () => {
  const { till } = await simulatedSandbox();
  const first = await till.precreate('T_0001');
  expect(await till.precreate('T_0001')).toBe(first);
  expect(await till.alipay('alipay.trade.precreate', { ...GOOD, total_amount: '12.51' })).toMatchObject({
    sub_code: 'ACQ.CONTEXT_INCONSISTENT',
  });
});

test('a precreate after the payment or the close says so', async () => {
  const { till, sandbox } = await simulatedSandbox();
  sandbox.ledger.pay(await till.precreate('T_0001'));
  expect(await till.alipay('alipay.trade.precreate', GOOD)).toMatchObject({
    sub_code: 'ACQ.TRADE_HAS_SUCCESS',
  });
  sandbox.ledger.scan(await till.precreate('T_0002'));
  await till.alipay('alipay.trade.close', { out_trade_no: 'T_0002' });
  expect(await till.alipay('alipay.trade.precreate', { ...GOOD, out_trade_no: 'T_0002' })).toMatchObject({
    sub_code: 'ACQ.TRADE_HAS_CLOSE',
  });
});

test('a code dies at its own timeout, at time_expire, or after two hours', async () => {
  const { till, sandbox, clock } = await simulatedSandbox();
  const short = await till.precreate('T_0001', { qr_code_timeout_express: '5m' });
  const absolute = await till.precreate('T_0002', { time_expire: '2026-11-21 12:10:00' });
  const plain = await till.precreate('T_0003');
  await clock.advance(5 * MINUTE);
  expect(sandbox.ledger.scan(short).ok).toBe(true);
  await clock.advance(5 * MINUTE + 1);
  expect(sandbox.ledger.scan(absolute)).toEqual({ ok: false, why: 'expired' });
  await clock.advance(2 * HOUR);
  expect(sandbox.ledger.scan(plain)).toEqual({ ok: false, why: 'code_expired' });
});

test('an unscanned code outlives its cancel: cancelling it does nothing', async () => {
  const { till, sandbox } = await simulatedSandbox();
  const code = await till.precreate('T_0001');
  const node = await till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0001' });
  expect(node).toMatchObject({ code: '10000', retry_flag: 'N' });
  expect(node).not.toHaveProperty('action');
  expect(sandbox.ledger.pay(code).ok).toBe(true);
});

test('a scanned trade closes itself at its end', async () => {
  const { till, sandbox, clock } = await simulatedSandbox();
  const code = await till.precreate('T_0001', { timeout_express: '3m' });
  await clock.advance(MINUTE);
  sandbox.ledger.scan(code);
  await clock.advance(3 * MINUTE);
  expect(await till.alipay('alipay.trade.query', { out_trade_no: 'T_0001' })).toMatchObject({
    trade_status: 'WAIT_BUYER_PAY',
  });
  await clock.advance(1);
  expect(await till.alipay('alipay.trade.query', { out_trade_no: 'T_0001' })).toMatchObject({
    trade_status: 'TRADE_CLOSED',
  });
  expect(sandbox.ledger.find('alipay', 'T_0001')?.closedAtMs).toBe(START_MS + 4 * MINUTE);
});

test('a paid trade cannot be closed', async () => {
  const { till, sandbox } = await simulatedSandbox();
  sandbox.ledger.pay(await till.precreate('T_0001'));
  expect(await till.alipay('alipay.trade.close', { out_trade_no: 'T_0001' })).toMatchObject({
    sub_code: 'ACQ.REASON_TRADE_STATUS_INVALID',
  });
});

test('a cancel returns the money once; after a day it is too late, after a year the trade is finished', async () => {
  const { till, sandbox, clock } = await simulatedSandbox();
  for (const no of ['T_0001', 'T_0002']) sandbox.ledger.pay(await till.precreate(no));
  expect(await till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0001' })).toMatchObject({
    action: 'refund',
  });
  expect(await till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0001' })).not.toHaveProperty('action');
  expect(sandbox.ledger.view()).toMatchObject({ totals: { paidFen: 2500, refundedFen: 1250 } });
  await clock.advance(25 * HOUR);
  expect(await till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0002' })).toMatchObject({
    sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT',
  });
  await clock.advance(366 * 24 * HOUR);
  expect(await till.alipay('alipay.trade.query', { out_trade_no: 'T_0002' })).toMatchObject({
    trade_status: 'TRADE_FINISHED',
  });
  expect(await till.alipay('alipay.trade.cancel', { out_trade_no: 'T_0002' })).toMatchObject({
    sub_code: 'ACQ.TRADE_HAS_FINISHED',
  });
});

test('nothing is known of a foreign number, and one number is needed', async () => {
  const { till } = await simulatedSandbox();
  for (const method of ['query', 'close'])
    expect(await till.alipay(`alipay.trade.${method}`, { out_trade_no: 'NO_SUCH' })).toMatchObject({
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
  expect(await till.alipay('alipay.trade.cancel', { trade_no: '2026' })).toMatchObject({
    sub_code: 'ACQ.TRADE_NOT_EXIST',
  });
  expect(await till.alipay('alipay.trade.query', {})).toMatchObject({ sub_code: 'ACQ.INVALID_PARAMETER' });
});
