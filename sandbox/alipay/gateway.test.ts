import { describe, expect, test } from 'vitest';
import { type AlipayChanges, simulatedSandbox } from '../test-till.ts';

const GOOD = { out_trade_no: 'T_0001', total_amount: '12.50', subject: '咖啡' };

describe('what the gateway refuses before it looks at the content', () => {
  test.for<[string, AlipayChanges, string, string]>([
    ['no app id', { params: { app_id: undefined } }, '40001', 'isv.missing-app-id'],
    ['another app id', { params: { app_id: '2021000000000000' } }, '40002', 'isv.invalid-app-id'],
    ['no sign type', { params: { sign_type: undefined } }, '40001', 'isv.missing-signature-type'],
    ['the SHA-1 sign type', { params: { sign_type: 'RSA' } }, '40002', 'isv.invalid-signature-type'],
    ['no charset', { params: { charset: undefined } }, '40002', 'isv.invalid-signature'],
    ['another charset', { params: { charset: 'gbk' } }, '40002', 'isv.invalid-charset'],
    ['no signature', { tampered: { sign: '' } }, '40001', 'isv.missing-signature'],
    ['a signature that is no base64', { tampered: { sign: '!' } }, '40002', 'isv.invalid-signature'],
    ['a tampered parameter', { tampered: { version: '1.1' } }, '40002', 'isv.invalid-signature'],
    ['a parameter that was not signed', { tampered: { extra: '1' } }, '40002', 'isv.invalid-signature'],
    ['no timestamp', { params: { timestamp: undefined } }, '40001', 'isv.missing-timestamp'],
    ['an ISO timestamp', { params: { timestamp: '2026-11-21T12:00:00' } }, '40002', 'isv.invalid-timestamp'],
    ['a stale timestamp', { params: { timestamp: '2026-11-19 12:00:00' } }, '40002', 'isv.invalid-timestamp'],
    ['no version', { params: { version: undefined } }, '40001', 'isv.missing-version'],
    ['another version', { params: { version: '2.0' } }, '40002', 'isv.invalid-parameter'],
    ['another format', { params: { format: 'XML' } }, '40002', 'isv.invalid-format'],
    ['a notify_url that is none', { params: { notify_url: 'ftp://x' } }, '40002', 'isv.invalid-parameter'],
    [
      'a notify_url that is too long',
      { params: { notify_url: `https://x.example.com/${'a'.repeat(256)}` } },
      '40002',
      'isv.invalid-parameter',
    ],
    [
      'the app certificate’s number alone',
      { certificates: true, params: { alipay_root_cert_sn: undefined } },
      '40001',
      'isv.missing-alipay-root-cert-sn',
    ],
    [
      'the root’s number alone',
      { certificates: true, params: { app_cert_sn: undefined } },
      '40001',
      'isv.missing-app-cert-sn',
    ],
    [
      'another certificate’s number',
      { certificates: true, params: { app_cert_sn: '0'.repeat(32) } },
      '40002',
      'isv.invalid-app-cert-sn',
    ],
    ['no content', { params: { biz_content: undefined } }, '40002', 'isv.invalid-parameter'],
    ['content that is no JSON', { params: { biz_content: '{' } }, '40002', 'isv.invalid-parameter'],
    ['content that is a list', { params: { biz_content: '[]' } }, '40002', 'isv.invalid-parameter'],
    [
      'another encryption',
      { encrypted: true, params: { encrypt_type: 'DES' } },
      '40002',
      'isv.invalid-encrypt-type',
    ],
    [
      'plain content said to be encrypted',
      { params: { encrypt_type: 'AES' } },
      '40002',
      'isv.invalid-encrypt',
    ],
  ])('%s', async ([, changes, code, subCode]) => {
    const { till, sandbox } = await simulatedSandbox();
    const node = await till.alipay('alipay.trade.precreate', GOOD, changes);
    expect(node).toMatchObject({ code, sub_code: subCode });
    expect(sandbox.ledger.view().trades).toEqual([]);
    // Without its app the gateway has no key to sign with; every other refusal is signed.
    expect(node.verdict).toBe(/app-id/.test(subCode) ? 'unsigned' : 'genuine');
  });

  test.for([
    ['', 'isv.missing-method'],
    ['alipay.trade.pay.me', 'isv.invalid-method'],
  ])('the method %j', async ([method = '', subCode]) => {
    const { till } = await simulatedSandbox();
    const node = await till.alipay(method, GOOD);
    expect(node).toMatchObject({ sub_code: subCode, verdict: 'unsigned' });
  });

  test('a parameter that comes twice', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const request = till.alipayRequest('alipay.trade.precreate', GOOD);
    const twice = { ...request, path: `${request.path}&app_id=2021000000000000` };
    const reply = await sandbox.handle(twice);
    expect(reply.kind === 'answer' && Buffer.from(reply.body).toString()).toContain('isv.invalid-parameter');
  });

  test('a body whose charset the URL does not name cannot be decoded, so its signature fails', async () => {
    const { till, sandbox } = await simulatedSandbox();
    const request = till.alipayRequest('alipay.trade.precreate', GOOD);
    const moved = {
      ...request,
      path: request.path.replace('&charset=utf-8', ''),
      body: Buffer.concat([request.body, Buffer.from('&charset=utf-8')]),
    };
    const reply = await sandbox.handle(moved);
    expect(reply.kind === 'answer' && Buffer.from(reply.body).toString()).toContain('isv.invalid-signature');
  });
});

describe('what the gateway refuses in a precreate', () => {
  test.for<[string, object, string]>([
    ['no number', { out_trade_no: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a number with a dash', { out_trade_no: 'T-1' }, 'ACQ.INVALID_PARAMETER'],
    ['a number of 65 characters', { out_trade_no: 'a'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
    ['a number that is a number', { out_trade_no: 1 }, 'ACQ.INVALID_PARAMETER'],
    ['no amount', { total_amount: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['an amount that is a number', { total_amount: 12.5 }, 'ACQ.INVALID_PARAMETER'],
    ['nothing', { total_amount: '0.00' }, 'ACQ.INVALID_PARAMETER'],
    ['a negative amount', { total_amount: '-1.00' }, 'ACQ.INVALID_PARAMETER'],
    ['three decimals', { total_amount: '0.001' }, 'ACQ.INVALID_PARAMETER'],
    ['an exponent', { total_amount: '1e2' }, 'ACQ.INVALID_PARAMETER'],
    ['a leading zero', { total_amount: '01.00' }, 'ACQ.INVALID_PARAMETER'],
    ['a full-width amount', { total_amount: '１.００' }, 'ACQ.INVALID_PARAMETER'],
    ['one fen too many', { total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
    ['no subject', { subject: '' }, 'ACQ.INVALID_PARAMETER'],
    ['a subject of 257 characters', { subject: '咖'.repeat(257) }, 'ACQ.INVALID_PARAMETER'],
    ['a subject with a slash', { subject: 'tea/coffee' }, 'ACQ.INVALID_PARAMETER'],
    ['a subject with a line feed', { subject: 'tea\ncoffee' }, 'ACQ.INVALID_PARAMETER'],
    ['another product', { product_code: 'QUICK_WAP_WAY' }, 'ACQ.INVALID_PARAMETER'],
    ['another seller', { seller_id: '2088000000000000' }, 'ACQ.PARTNER_ERROR'],
    ['a long store id', { store_id: 'a'.repeat(33) }, 'ACQ.INVALID_PARAMETER'],
    ['a long body', { body: 'a'.repeat(129) }, 'ACQ.INVALID_PARAMETER'],
    ['goods that are no list', { goods_detail: {} }, 'ACQ.INVALID_PARAMETER'],
    ['a life of no minutes', { qr_code_timeout_express: '0m' }, 'ACQ.INVALID_PARAMETER'],
    ['a life with a fraction', { qr_code_timeout_express: '1.5h' }, 'ACQ.INVALID_PARAMETER'],
    ['a life of 16 days', { timeout_express: '16d' }, 'ACQ.INVALID_PARAMETER'],
    ['an end in ISO form', { time_expire: '2026-11-21T13:00:00' }, 'ACQ.INVALID_PARAMETER'],
    ['an end on no day', { time_expire: '2026-02-30 13:00:00' }, 'ACQ.INVALID_PARAMETER'],
    ['an end in the past', { time_expire: '2026-11-21 11:59:59' }, 'ACQ.INVALID_PARAMETER'],
  ])('%s', async ([, change, subCode]) => {
    const { till, sandbox } = await simulatedSandbox();
    const node = await till.alipay('alipay.trade.precreate', { ...GOOD, ...change });
    expect(node).toMatchObject({ code: '40004', sub_code: subCode, verdict: 'genuine' });
    expect(sandbox.ledger.view().trades).toEqual([]);
  });

  test.for([
    ['the least', '0.01', 1],
    ['one decimal', '19.9', 1990],
    ['no decimal', '7', 700],
    ['the most', '100000000.00', 10_000_000_000],
  ] as const)('but takes %s', async ([, total_amount, amountFen]) => {
    const { till, sandbox } = await simulatedSandbox();
    expect(await till.precreate('T_0001', { total_amount })).toMatch(/^https:\/\/qr\.alipay\.com\//);
    expect(sandbox.ledger.find('alipay', 'T_0001')).toMatchObject({ amountFen });
  });
});

test('both modes are answered in kind, encrypted content with encrypted content', async () => {
  const { till, sandbox } = await simulatedSandbox();
  const certificates = { certificates: true, encrypted: true };
  expect(await till.alipay('alipay.trade.precreate', GOOD, certificates)).toMatchObject({
    code: '10000',
    verdict: 'genuine',
    encrypted: true,
  });
  const refused = await till.alipay('alipay.trade.query', { out_trade_no: 'T_0001' }, certificates);
  expect(refused).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST', encrypted: true });
  const reply = await sandbox.handle(till.alipayRequest('alipay.trade.query', GOOD, { certificates: true }));
  expect(reply.kind === 'answer' && Buffer.from(reply.body).toString()).toContain('"alipay_cert_sn":"');
});
