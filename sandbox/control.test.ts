import { describe, expect, test } from 'vitest';
import { MINUTE } from '../ports/clock.ts';
import { checkKeyMatchesCertificate, parseCertificate } from '../wire/certificate.ts';
import { parsePrivateKey, parsePublicKey } from '../wire/keys.ts';
import { simulatedSandbox } from './test-till.ts';

test('merchant.json holds all that a merchant holds, and nothing of the wallets’ own', async () => {
  const { till, sandbox } = await simulatedSandbox();
  const { body } = await till.control('GET', '/merchant.json');
  const { alipay, wechat } = body as { alipay: Record<string, string>; wechat: Record<string, string> };
  expect(Object.keys(alipay)).toEqual([
    'gateway',
    'appId',
    'sellerId',
    'appPrivateKey',
    'alipayPublicKey',
    'appCert',
    'alipayCert',
    'alipayRootCert',
    'aesKey',
  ]);
  expect(Object.keys(wechat)).toEqual([
    'baseUrl',
    'appId',
    'mchId',
    'merchantPrivateKey',
    'merchantCert',
    'merchantSerial',
    'apiV3Key',
    'platformCert',
    'platformSerial',
    'publicKey',
    'publicKeyId',
  ]);
  expect(alipay.gateway).toBe('http://127.0.0.1:8790/alipay/gateway.do');
  expect(wechat.baseUrl).toBe('http://127.0.0.1:8790');
  checkKeyMatchesCertificate(
    parsePrivateKey(alipay.appPrivateKey ?? ''),
    parseCertificate(alipay.appCert ?? ''),
  );
  const merchantCert = parseCertificate(wechat.merchantCert ?? '');
  checkKeyMatchesCertificate(parsePrivateKey(wechat.merchantPrivateKey ?? ''), merchantCert);
  expect(merchantCert.serialHex).toBe(wechat.merchantSerial);
  expect(parseCertificate(wechat.platformCert ?? '').serialHex).toBe(wechat.platformSerial);
  expect(parsePublicKey(wechat.publicKey ?? '').asymmetricKeyType).toBe('rsa');
  const text = JSON.stringify(body);
  const own = sandbox.identity();
  for (const secret of [
    own.alipay.alipayPrivateKey,
    own.wechat.issuerPrivateKey,
    own.wechat.publicKeyPrivate,
  ])
    expect(text).not.toContain(JSON.stringify(secret).slice(40, 120));
});

describe('the customer’s phone', () => {
  test('a scan shows merchant, subject, amount and wallet, and makes the Alipay trade', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const code = await till.precreate('T_0001');
    expect(sandbox.ledger.find('alipay', 'T_0001')?.state).toBe('TRADE_NOT_EXIST');
    expect(await till.control('POST', '/phone/scan', { code })).toMatchObject({
      status: 200,
      body: {
        wallet: 'alipay',
        merchant: '沙箱小店 Sandbox Shop',
        subject: '咖啡',
        amountFen: 1250,
        tradeNo: 'T_0001',
        payable: true,
        reason: null,
      },
    });
    expect(sandbox.ledger.find('alipay', 'T_0001')?.state).toBe('WAIT_BUYER_PAY');
  });

  test('paying scans first, pays once, and then says that it is paid', async () => {
    const { till } = await simulatedSandbox();
    for (const code of [await till.precreate('T_0001'), await till.native('ORDER_0001')]) {
      expect((await till.control('POST', '/phone/pay', { code })).status).toBe(200);
      expect(await till.control('POST', '/phone/pay', { code })).toMatchObject({
        status: 409,
        body: { code: 'already_paid', message: 'This trade is already paid.' },
      });
      expect(await till.control('POST', '/phone/scan', { code })).toMatchObject({
        body: { payable: false, reason: { code: 'already_paid' } },
      });
    }
    expect(await till.control('GET', '/ledger')).toMatchObject({
      body: { totals: { paidFen: 2500, refundedFen: 0 } },
    });
  });

  test('closed and expired trades are refused, each with its reason', async () => {
    const { till, clock } = await simulatedSandbox();
    const closed = await till.native('ORDER_0001');
    await till.wechatClose('ORDER_0001');
    expect(await till.control('POST', '/phone/pay', { code: closed })).toMatchObject({
      status: 409,
      body: { code: 'closed', trade: { tradeNo: 'ORDER_0001' } },
    });
    const expired = await till.precreate('T_0001', { qr_code_timeout_express: '1m' });
    await clock.advance(MINUTE + 1);
    expect(await till.control('POST', '/phone/pay', { code: expired })).toMatchObject({
      status: 409,
      body: { code: 'code_expired' },
    });
  });

  test('the list has what can be scanned now, newest first', async () => {
    const { till } = await simulatedSandbox();
    const first = await till.precreate('T_0001');
    const second = await till.native('ORDER_0001');
    const paid = await till.native('ORDER_0002');
    await till.control('POST', '/phone/pay', { code: paid });
    const { body } = await till.control('GET', '/phone/codes');
    expect((body as { codes: { code: string }[] }).codes.map((one) => one.code)).toEqual([second, first]);
  });

  test.for([
    ['/phone/pay', '{', 400, 'invalid_json'],
    ['/phone/pay', '{}', 400, 'invalid_input'],
    ['/phone/scan', '{"code":1}', 400, 'invalid_input'],
    ['/phone/scan', '{"code":"https://qr.alipay.com/bax0nobody"}', 404, 'unknown_code'],
    ['/phone/pay', '{"code":"__proto__"}', 404, 'unknown_code'],
    ['/phone/type', '{"code":"x"}', 404, 'unknown_code'],
  ] as const)('%s with %s is %s %s', async ([path, body, status, code]) => {
    const { till } = await simulatedSandbox();
    expect(await till.control('POST', path, body)).toMatchObject({ status, body: { code } });
  });

  test('the page is served with a policy that lets nothing in from elsewhere', async () => {
    const { sandbox } = await simulatedSandbox();
    for (const path of ['/phone', '/phone?code=x', '/phone/page.js', '/phone/page.css']) {
      const reply = await sandbox.handle({ method: 'GET', path, headers: {}, body: Buffer.alloc(0) });
      if (reply.kind !== 'answer') throw new Error(reply.kind);
      expect(reply.status).toBe(200);
      expect(reply.headers['content-security-policy']).toMatch(/^default-src 'none';/);
      expect(Buffer.from(reply.body).toString()).not.toMatch(/(src|href)="https?:|url\(|@import/);
    }
  });
});

describe('time', () => {
  test('advancing brings the ends of what exists nearer, and leaves what comes later alone', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const old = await till.native('ORDER_0001', { time_expire: '2026-11-21T12:02:00+08:00' });
    expect(await till.control('POST', '/clock', { advanceMs: 2 * MINUTE + 1 })).toMatchObject({
      body: { trades: 1 },
    });
    expect(sandbox.ledger.pay(old)).toEqual({ ok: false, why: 'expired' });
    const fresh = await till.native('ORDER_0002', { time_expire: '2026-11-21T12:02:00+08:00' });
    expect(sandbox.ledger.pay(fresh).ok).toBe(true);
  });

  test('a scanned Alipay trade whose end is brought near closes', async () => {
    const { till, sandbox } = await simulatedSandbox();
    sandbox.ledger.scan(await till.precreate('T_0001', { timeout_express: '1m' }));
    await till.control('POST', '/clock', { advanceMs: MINUTE + 1 });
    expect(await till.alipay('alipay.trade.query', { out_trade_no: 'T_0001' })).toMatchObject({
      trade_status: 'TRADE_CLOSED',
    });
  });

  test.for([{}, { advanceMs: 0 }, { advanceMs: -1 }, { advanceMs: 1.5 }, { advanceMs: '1' }])(
    'refuses %j',
    async (body) => {
      const { till } = await simulatedSandbox();
      expect(await till.control('POST', '/clock', body)).toMatchObject({ status: 400 });
    },
  );
});

describe('a refund by hand, as at the wallet’s own site', () => {
  test.for(['alipay', 'wechat'] as const)(
    'of %s goes back once, within what was paid, and is told',
    async (channel) => {
      const { till, sandbox } = await simulatedSandbox();
      const tradeNo = 'ORDER_0001';
      const code = channel === 'alipay' ? await till.precreate(tradeNo) : await till.native(tradeNo);
      const byHand = (body: object) =>
        till.control('POST', '/refunds/by-hand', { channel, tradeNo, ...body });
      expect(await byHand({ amountFen: 1 })).toMatchObject({ status: 409 });
      sandbox.ledger.pay(code);
      const paidFen = sandbox.ledger.find(channel, tradeNo)?.amountFen ?? 0;
      expect(await byHand({ amountFen: 1 })).toMatchObject({
        status: 201,
        body: { amountFen: 1, status: 'SUCCESS', refundNo: expect.stringMatching(/^\d{24}$/) },
      });
      expect(await byHand({ amountFen: 2, refundNo: 'NO-1' })).toMatchObject({ status: 201 });
      expect(await byHand({ amountFen: 2, refundNo: 'NO-1' })).toMatchObject({ status: 409 });
      expect(await byHand({ amountFen: paidFen - 2 })).toMatchObject({ status: 409 });
      expect(await byHand({ amountFen: 0 })).toMatchObject({ status: 400 });
      expect(await byHand({ amountFen: 1, tradeNo: 'ORDER_0002' })).toMatchObject({ status: 404 });
      expect(sandbox.ledger.find(channel, tradeNo)?.refundedFen).toBe(3);
    },
  );
});

describe('who may use it', () => {
  const get = (path: string, headers: Record<string, string>, method = 'GET') => ({
    method,
    path,
    headers,
    body: Buffer.from('{}'),
  });

  test.for([
    ['127.0.0.1:8790', 200],
    ['localhost:8790', 200],
    ['[::1]:8790', 200],
    ['evil.example.com', 421],
    ['127.0.0.1.evil.example.com:8790', 421],
    ['', 421],
  ] as const)('under the host %j: %i', async ([host, status]) => {
    const { sandbox } = await simulatedSandbox();
    expect(await sandbox.handle(get('/merchant.json', { host }))).toMatchObject({ status });
  });

  test('pages of another origin may not', async () => {
    const { sandbox } = await simulatedSandbox();
    const host = '127.0.0.1:8790';
    const from = (origin: string) => sandbox.handle(get('/faults', { host, origin }, 'DELETE'));
    expect(await from('http://127.0.0.1:8790')).toMatchObject({ status: 200 });
    for (const origin of ['http://127.0.0.1:9999', 'https://evil.example.com', 'null'])
      expect(await from(origin)).toMatchObject({ status: 403 });
  });

  test('an unknown path or method is told in the right words', async () => {
    const { till } = await simulatedSandbox();
    expect(await till.control('GET', '/nothing')).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(await till.control('GET', '/constructor')).toMatchObject({ status: 404 });
    expect(await till.control('PUT', '/ledger')).toMatchObject({ status: 405 });
    expect(await till.control('POST', '/alipay/else')).toMatchObject({
      status: 404,
      body: { error_response: { sub_code: 'isv.invalid-method' } },
    });
  });
});
