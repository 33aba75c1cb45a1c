import { describe, expect, test } from 'vitest';
import { HOUR } from '../../ports/clock.ts';
import { START_MS, simulatedSandbox } from '../test-till.ts';

const PRECREATE = { out_trade_no: 'ORDER_0001', total_amount: '12.50', subject: 'tea' };
const NATIVE = '/v3/pay/transactions/native';

describe('in the wallets’ own words', () => {
  const on = (channel: string, operation: string) => ({ channel, operation });

  test('a system error before acting leaves nothing, after acting leaves the trade', async () => {
    const { till, sandbox } = await simulatedSandbox();
    for (const [when, exists] of [
      ['before', false],
      ['after', true],
    ] as const) {
      const fault = { kind: 'system_error', when };
      await till.control('POST', '/faults', { on: on('*', '*'), fault, times: 2 });
      const node = await till.alipay('alipay.trade.precreate', PRECREATE);
      expect(node).toMatchObject({ code: '40004', sub_code: 'ACQ.SYSTEM_ERROR', verdict: 'genuine' });
      const answer = await till.wechat('POST', NATIVE, till.order('ORDER_0001'));
      expect(answer).toMatchObject({ status: 500, body: { code: 'SYSTEM_ERROR' }, verdict: 'OK' });
      for (const channel of ['alipay', 'wechat'] as const)
        expect(sandbox.ledger.find(channel, 'ORDER_0001') !== undefined).toBe(exists);
    }
  });

  test('throttled, refused, called again: nothing is done', async () => {
    const { till, sandbox } = await simulatedSandbox();
    await till.control('POST', '/faults', { on: on('*', '*'), fault: { kind: 'throttled' }, times: 2 });
    expect(await till.alipay('alipay.trade.precreate', PRECREATE)).toMatchObject({ code: '40005' });
    expect(await till.wechat('POST', NATIVE, till.order('ORDER_0001'))).toMatchObject({
      status: 429,
      body: { code: 'FREQUENCY_LIMITED' },
    });
    const refuse = { kind: 'refuse', code: 'ACQ.EXIST_FORBIDDEN_WORD' };
    await till.control('POST', '/faults', { on: on('alipay', 'precreate'), fault: refuse });
    expect(await till.alipay('alipay.trade.precreate', PRECREATE)).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.EXIST_FORBIDDEN_WORD',
      verdict: 'genuine',
    });
    const noAuth = { kind: 'refuse', code: 'NO_AUTH' };
    await till.control('POST', '/faults', { on: on('wechat', 'native'), fault: noAuth });
    expect(await till.wechat('POST', NATIVE, till.order('ORDER_0001'))).toMatchObject({
      status: 403,
      body: { code: 'NO_AUTH' },
      verdict: 'OK',
    });
    expect(sandbox.ledger.view().trades).toEqual([]);

    sandbox.ledger.pay(await till.precreate('ORDER_0002'));
    await till.control('POST', '/faults', { on: on('alipay', 'cancel'), fault: { kind: 'retry_flag' } });
    const again = await till.alipay('alipay.trade.cancel', { out_trade_no: 'ORDER_0002' });
    expect(again).toMatchObject({ code: '10000', retry_flag: 'Y', verdict: 'genuine' });
    expect(sandbox.ledger.find('alipay', 'ORDER_0002')?.state).toBe('TRADE_SUCCESS');
  });

  test.for<[string, object, string, string]>([
    ['a foreign signature', { kind: 'wrong_signature' }, 'forged', 'BAD_SIGNATURE'],
    ['no signature', { kind: 'missing_signature' }, 'unsigned', 'MISSING_HEADER'],
    ['a probe', { kind: 'signtest' }, 'genuine', 'BAD_SIGNATURE'],
  ])('%s', async ([, fault, alipayVerdict, wechatVerdict]) => {
    const { till } = await simulatedSandbox();
    await till.control('POST', '/faults', { on: on('*', '*'), fault, times: 'always' });
    expect((await till.alipay('alipay.trade.precreate', PRECREATE)).verdict).toBe(alipayVerdict);
    expect((await till.wechat('POST', NATIVE, till.order('ORDER_0001'))).verdict).toBe(wechatVerdict);
  });

  test.for<[object, object, object]>([
    [{ kind: 'wrong_amount' }, { total_amount: '12.51' }, { amount: { total: 1251 } }],
    [{ kind: 'wrong_trade_no' }, { out_trade_no: 'ORDER_0001X' }, { out_trade_no: 'ORDER_0001X' }],
    [{ kind: 'status_word', word: 'TRADE_ODD' }, { trade_status: 'TRADE_ODD' }, { trade_state: 'TRADE_ODD' }],
    [{ kind: 'wrong_app_id' }, {}, { appid: 'wx0000000000000000' }],
    [{ kind: 'wrong_merchant' }, {}, { mchid: '1600000000' }],
  ])('%j is genuinely signed, and the ledger knows better', async ([fault, alipay, wechat]) => {
    const { till, sandbox } = await simulatedSandbox();
    sandbox.ledger.pay(await till.precreate('ORDER_0001'));
    sandbox.ledger.pay(await till.native('ORDER_0001'));
    const truth = JSON.stringify(sandbox.ledger.view());
    await till.control('POST', '/faults', { on: on('*', 'query'), fault, times: 2 });
    const node = await till.alipay('alipay.trade.query', { out_trade_no: 'ORDER_0001' });
    expect(node).toMatchObject({ ...alipay, verdict: 'genuine' });
    const answer = await till.wechatQuery('ORDER_0001');
    expect(answer).toMatchObject({ body: wechat, verdict: 'OK' });
    expect(JSON.stringify(sandbox.ledger.view())).toBe(truth);
  });

  test('a wallet whose clock is off refuses, and shows its clock', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const ms = 25 * HOUR;
    const fault = { kind: 'clock_skew', ms };
    await till.control('POST', '/faults', { on: on('*', '*'), fault, times: 3 });
    expect(await till.alipay('alipay.trade.precreate', PRECREATE)).toMatchObject({
      sub_code: 'isv.invalid-timestamp',
    });
    const answer = await till.wechat('POST', NATIVE, till.order('ORDER_0001'));
    expect(answer).toMatchObject({ status: 401, body: { code: 'SIGN_ERROR' }, verdict: 'EXPIRED' });
    const reply = await sandbox.handle(till.wechatRequest('GET', '/v3/certificates'));
    expect(reply.kind === 'answer' && reply.headers.date).toBe(new Date(START_MS + ms).toUTCString());
  });
});
