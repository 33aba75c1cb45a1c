import { describe, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../ports/clock.ts';
import { wechatTime } from '../../wire/china-time.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { readWechatCertificates } from '../../wire/wechat-v3-certificates.ts';
import { simulatedSandbox, type WechatChanges } from '../test-till.ts';

const NATIVE = '/v3/pay/transactions/native';

describe('who may not ask', () => {
  test.for<[string, WechatChanges, number, string]>([
    ['no User-Agent', { headers: { 'user-agent': undefined } }, 400, 'PARAM_ERROR'],
    ['no Accept', { headers: { accept: undefined } }, 400, 'PARAM_ERROR'],
    ['an Accept of pages only', { headers: { accept: 'text/html' } }, 400, 'PARAM_ERROR'],
    ['a body that is not said to be JSON', { headers: { 'content-type': 'text/plain' } }, 400, 'PARAM_ERROR'],
    ['no Authorization', { headers: { authorization: undefined } }, 401, 'SIGN_ERROR'],
    ['another scheme', { headers: { authorization: 'Bearer x' } }, 401, 'SIGN_ERROR'],
    ['another merchant', { mchId: '1600000000' }, 401, 'SIGN_ERROR'],
    ['another certificate', { serialNo: 'ABCDEF' }, 401, 'SIGN_ERROR'],
    ['a nonce of 33 characters', { nonce: 'a'.repeat(33) }, 401, 'SIGN_ERROR'],
    ['a timestamp in milliseconds', { timestamp: '1795240800000' }, 401, 'SIGN_ERROR'],
    ['a clock six minutes slow', { timestamp: String(1795233600 - 360) }, 401, 'SIGN_ERROR'],
    ['another body than the signed one', { sentBody: '{}' }, 401, 'SIGN_ERROR'],
    ['an unknown Wechatpay-Serial', { headers: { 'wechatpay-serial': 'ABC' } }, 400, 'PARAM_ERROR'],
  ])('%s', async ([, changes, status, code]) => {
    const { till, sandbox } = await simulatedSandbox();
    const answer = await till.wechat('POST', NATIVE, till.order('ORDER_0001'), changes);
    expect(answer).toMatchObject({ status, body: { code }, verdict: 'OK' });
    expect(sandbox.ledger.view().trades).toEqual([]);
  });

  test('a query string that was not signed', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const request = till.wechatRequest('GET', '/v3/pay/transactions/out-trade-no/ORDER_0001');
    const reply = await sandbox.handle({ ...request, path: `${request.path}?mchid=1` });
    expect(reply).toMatchObject({ status: 401 });
  });
});

describe('what a native order may not say', () => {
  test.for<[string, object, string]>([
    ['no number', { out_trade_no: undefined }, '/out_trade_no'],
    ['a number of 5 characters', { out_trade_no: 'ORDER' }, '/out_trade_no'],
    ['a number of 33 characters', { out_trade_no: 'a'.repeat(33) }, '/out_trade_no'],
    ['a number with a dot', { out_trade_no: 'ORDER.0001' }, '/out_trade_no'],
    ['no description', { description: '' }, '/description'],
    ['a description of 128 characters', { description: '咖'.repeat(128) }, '/description'],
    ['an amount of nothing', { amount: { total: 0 } }, '/amount/total'],
    ['a negative amount', { amount: { total: -1 } }, '/amount/total'],
    ['an amount with a fraction', { amount: { total: 12.5 } }, '/amount/total'],
    ['an amount as text', { amount: { total: '1250' } }, '/amount/total'],
    ['another currency', { amount: { total: 1, currency: 'USD' } }, '/amount/currency'],
    ['no amount', { amount: undefined }, '/amount'],
    ['a notify_url with a query', { notify_url: 'https://x.example.com/?a=1' }, '/notify_url'],
    ['a notify_url in the open', { notify_url: 'http://x.example.com/' }, '/notify_url'],
    ['no notify_url', { notify_url: undefined }, '/notify_url'],
    ['an end with milliseconds', { time_expire: '2026-11-21T13:00:00.000+08:00' }, '/time_expire'],
    ['an end without zone', { time_expire: '2026-11-21T13:00:00' }, '/time_expire'],
    ['a long attach', { attach: 'a'.repeat(129) }, '/attach'],
    [
      'a scene without the payer’s address',
      { scene_info: { device_id: '1' } },
      '/scene_info/payer_client_ip',
    ],
    ['an appid that is a number', { appid: 1 }, '/appid'],
  ])('%s', async ([, change, field]) => {
    const { till, sandbox } = await simulatedSandbox();
    const answer = await till.wechat('POST', NATIVE, { ...till.order('ORDER_0001'), ...change });
    expect(answer).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR', detail: { field } } });
    expect(answer.verdict).toBe('OK');
    expect(sandbox.ledger.view().trades).toEqual([]);
  });

  test('a body that is no JSON', async () => {
    const { till } = await simulatedSandbox();
    expect(await till.wechat('POST', NATIVE, '{')).toMatchObject({
      status: 400,
      body: { code: 'PARAM_ERROR' },
    });
  });

  test('another app, another merchant', async () => {
    const { till } = await simulatedSandbox();
    const otherApp = till.order('ORDER_0001', { appid: 'wx0000000000000000' });
    expect((await till.wechat('POST', NATIVE, otherApp)).body.code).toBe('APPID_MCHID_NOT_MATCH');
    const otherMerchant = till.order('ORDER_0001', { mchid: '1600000000' });
    expect((await till.wechat('POST', NATIVE, otherMerchant)).body.code).toBe('MCH_NOT_EXISTS');
  });

  test('but plain http on loopback is let through, for tills under test', async () => {
    const { till } = await simulatedSandbox();
    expect(await till.native('ORDER_0001', { notify_url: 'http://127.0.0.1:1/n' })).toMatch(/^weixin:/);
  });
});

describe('the life of an order', () => {
  test('the same order again gives another code, and both can be paid; other parameters are refused', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const first = await till.native('ORDER_0001');
    const second = await till.native('ORDER_0001');
    expect(second).not.toBe(first);
    const other = await till.wechat('POST', NATIVE, till.order('ORDER_0001', { amount: { total: 1251 } }));
    expect(other).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
    expect(sandbox.ledger.pay(first).ok).toBe(true);
    expect(sandbox.ledger.pay(second)).toEqual({ ok: false, why: 'already_paid' });
  });

  test('a number is never used again after a payment or a close', async () => {
    const { till, sandbox } = await simulatedSandbox();
    sandbox.ledger.pay(await till.native('ORDER_0001'));
    const again = (no: string, change = {}) => till.wechat('POST', NATIVE, till.order(no, change));
    expect((await again('ORDER_0001')).body.code).toBe('OUT_TRADE_NO_USED');
    await till.native('ORDER_0002');
    await till.wechatClose('ORDER_0002');
    expect((await again('ORDER_0002')).body.code).toBe('ORDER_CLOSED');
    expect((await again('ORDER_0002', { description: 'tea' })).body.code).toBe('OUT_TRADE_NO_USED');
  });

  test('past its end an order cannot be paid, yet it stays NOTPAY until it is closed', async () => {
    const { till, sandbox, clock } = await simulatedSandbox();
    const code = await till.native('ORDER_0001', { time_expire: '2026-11-21T12:02:00+08:00' });
    await clock.advance(2 * MINUTE);
    expect(sandbox.ledger.scan(code).ok).toBe(true);
    await clock.advance(1);
    expect(sandbox.ledger.pay(code)).toEqual({ ok: false, why: 'expired' });
    expect((await till.wechatQuery('ORDER_0001')).body.trade_state).toBe('NOTPAY');
    expect((await till.wechatClose('ORDER_0001')).status).toBe(204);
    expect((await till.wechatQuery('ORDER_0001')).body.trade_state).toBe('CLOSED');
  });

  test.for([
    ['in the past, is lifted to a minute', '2026-11-21T11:00:00+08:00', MINUTE],
    ['in UTC, is read as such', '2026-11-21T04:05:00Z', 5 * MINUTE],
    ['beyond 90 days, is cut', '2027-11-21T12:00:00+08:00', 90 * 24 * HOUR],
    ['absent, is seven days', undefined, 7 * 24 * HOUR],
  ] as const)('an end that is %s', async ([, time_expire, lifeMs]) => {
    const { till, sandbox, clock } = await simulatedSandbox();
    const made = clock.nowMs();
    await till.native('ORDER_0001', { time_expire });
    expect(sandbox.ledger.find('wechat', 'ORDER_0001')?.payableUntilMs).toBe(made + lifeMs);
  });

  test('a code dies after two hours, its order does not', async () => {
    const { till, sandbox, clock } = await simulatedSandbox();
    const code = await till.native('ORDER_0001');
    await clock.advance(2 * HOUR + 1);
    expect(sandbox.ledger.pay(code)).toEqual({ ok: false, why: 'code_expired' });
    expect(sandbox.ledger.pay(await till.native('ORDER_0001')).ok).toBe(true);
  });

  test('a customer who is still typing at the end of the order is turned away, and it can be closed', async () => {
    const { till, sandbox, clock } = await simulatedSandbox();
    const code = await till.native('ORDER_0001', { time_expire: wechatTime(clock.nowMs() + MINUTE) });
    sandbox.ledger.typing(code, 'type');
    await clock.advance(MINUTE + 1_000);
    expect((await till.wechatQuery('ORDER_0001')).body.trade_state).toBe('NOTPAY');
    expect(sandbox.ledger.pay(code)).toEqual({ ok: false, why: 'expired' });
    expect((await till.wechatClose('ORDER_0001')).status).toBe(204);
  });

  test('while the customer types the password the order is USERPAYING and cannot be closed', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const code = await till.native('ORDER_0001');
    sandbox.ledger.typing(code, 'type');
    expect((await till.wechatQuery('ORDER_0001')).body.trade_state).toBe('USERPAYING');
    expect(await till.wechatClose('ORDER_0001')).toMatchObject({
      status: 202,
      body: { code: 'USER_PAYING' },
    });
    sandbox.ledger.typing(code, 'turn_back');
    expect((await till.wechatQuery('ORDER_0001')).body.trade_state).toBe('NOTPAY');
    expect((await till.wechatClose('ORDER_0001')).status).toBe(204);
  });

  test('a paid order cannot be closed; closing twice is harmless; a foreign number is nobody’s', async () => {
    const { till, sandbox } = await simulatedSandbox();
    sandbox.ledger.pay(await till.native('ORDER_0001'));
    expect(await till.wechatClose('ORDER_0001')).toMatchObject({ status: 400, body: { code: 'ORDER_PAID' } });
    await till.native('ORDER_0002');
    expect((await till.wechatClose('ORDER_0002')).status).toBe(204);
    expect((await till.wechatClose('ORDER_0002')).status).toBe(204);
    for (const answer of [await till.wechatClose('ORDER_0003'), await till.wechatQuery('ORDER_0003')])
      expect(answer).toMatchObject({ status: 404, body: { code: 'ORDER_NOT_EXIST' }, verdict: 'OK' });
  });

  test('a query needs its merchant', async () => {
    const { till } = await simulatedSandbox();
    await till.native('ORDER_0001');
    const path = '/v3/pay/transactions/out-trade-no/ORDER_0001';
    expect((await till.wechat('GET', path)).body.code).toBe('PARAM_ERROR');
    expect((await till.wechat('GET', `${path}?mchid=1`)).body.code).toBe('MCH_NOT_EXISTS');
  });
});

describe('keys', () => {
  test('answers follow the Wechatpay-Serial of the request', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const { wechat } = sandbox.identity();
    const serials = [wechat.publicKeyId, wechat.platform[0]?.serial, undefined];
    const answers = await Promise.all(
      serials.map((serial, index) =>
        till.wechat('POST', NATIVE, till.order(`ORDER_000${index}`), {
          headers: { 'wechatpay-serial': serial },
        }),
      ),
    );
    expect(answers.map((answer) => answer.verdict)).toEqual(['OK', 'OK', 'OK']);
    expect(answers.map((answer) => answer.serial)).toEqual([serials[0], serials[1], serials[1]]);
  });

  test('a rotation delivers both certificates, then the old one is gone', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const { wechat } = sandbox.identity();
    const old = wechat.platform[0]?.serial;
    await till.control('POST', '/rotate', { to: 'next_certificate' });
    const both = await till.wechat('GET', '/v3/certificates');
    const reading = readWechatCertificates(JSON.stringify(both.body), parseApiV3Key(wechat.apiV3Key));
    expect(reading.ok && reading.certificates.map((one) => one.serialNo)).toEqual(
      sandbox.identity().wechat.platform.map((one) => one.serial),
    );
    expect(both.serial).not.toBe(old);
    expect(await till.control('POST', '/rotate', { to: 'next_certificate' })).toMatchObject({ status: 409 });

    await till.control('POST', '/rotate', { to: 'retire_old_certificate' });
    const named = await till.wechat('GET', '/v3/certificates', undefined, {
      headers: { 'wechatpay-serial': old },
    });
    expect(named).toMatchObject({ status: 400, body: { code: 'PARAM_ERROR' } });
    expect(await till.control('POST', '/rotate', { to: 'retire_old_certificate' })).toMatchObject({
      status: 409,
    });
  });

  test('a merchant with the public key only has no certificates to download', async () => {
    const { till, sandbox } = await simulatedSandbox();
    await till.control('POST', '/rotate', { to: 'public_key_only' });
    const answer = await till.wechat('GET', '/v3/certificates');
    expect(answer).toMatchObject({ status: 404, body: { code: 'RESOURCE_NOT_EXISTS' }, verdict: 'OK' });
    expect(answer.serial).toBe(sandbox.identity().wechat.publicKeyId);
    await till.control('POST', '/rotate', { to: 'certificates' });
    expect((await till.wechat('GET', '/v3/certificates')).status).toBe(200);
  });
});

test('another path or method is refused in WeChat Pay’s words, signed', async () => {
  const { till } = await simulatedSandbox();
  expect(await till.wechat('GET', '/v3/pay/nothing')).toMatchObject({
    status: 404,
    body: { code: 'NOT_FOUND' },
    verdict: 'OK',
  });
  expect(await till.wechat('GET', NATIVE)).toMatchObject({ status: 405, verdict: 'OK' });
});
