import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServiceProcess, startService } from '../soak/service-process.ts';
import { barrage, type Input, request, residentBytes, spoiledRequests, whole } from './hostile-http.ts';
import { bent, runsOf } from './mutate.ts';

const GROWTH_MAX = 150 * 1024 * 1024;

let sandbox: ServiceProcess;
beforeAll(async () => {
  sandbox = await startService('sandbox/main.ts', []);
});
afterAll(async () => {
  await sandbox.kill();
});

/** It lives, has kept its size, and has the merchant as it was. */
async function expectUnharmed(before: { bytes: number; merchant: string }): Promise<void> {
  expect(sandbox.fault()).toBeNull();
  expect(sandbox.isRunning()).toBe(true);
  expect((await residentBytes(sandbox.origin)) - before.bytes).toBeLessThan(GROWTH_MAX);
  expect(await merchant()).toBe(before.merchant);
}
const merchant = async () => await (await fetch(`${sandbox.origin}/merchant.json`)).text();
const now = async () => ({ bytes: await residentBytes(sandbox.origin), merchant: await merchant() });
const fire = (inputs: readonly Input[]) => barrage(Number(new URL(sandbox.origin).port), inputs, [501, 503]);

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
const FAULT = {
  on: { channel: 'wechat', operation: 'native', tradeNo: 'T-NONE' },
  fault: { kind: 'throttled' },
};
const CONTROLS = [
  request('POST /phone/pay', json, '{"code":"weixin://wxpay/bizpayurl?pr=abc"}'),
  request('POST /phone/scan', json, '{"code":"https://qr.alipay.com/bax0"}'),
  request('POST /faults', json, JSON.stringify(FAULT)),
  request('GET /faults'),
  request('POST /clock', json, '{"advanceMs":1}'),
  request('GET /ledger'),
  request('GET /phone?code=abc'),
  request('GET /phone/codes'),
];
const WALLETS = [
  request(
    'POST /alipay/gateway.do?charset=utf-8&method=alipay.trade.precreate&app_id=2021000000000001&sign_type=RSA2&version=1.0&timestamp=2026-11-21+12%3A00%3A00&sign=QUFB',
    form,
    'biz_content=%7B%22out_trade_no%22%3A%22T1%22%2C%22total_amount%22%3A%2212.50%22%2C%22subject%22%3A%22a%22%7D',
  ),
  request(
    'POST /v3/pay/transactions/native',
    {
      ...json,
      accept: 'application/json',
      authorization:
        'WECHATPAY2-SHA256-RSA2048 mchid="1900000001",nonce_str="n",timestamp="1795305600",serial_no="5F",signature="QUFB"',
    },
    '{"appid":"wx1","mchid":"1900000001","description":"a","out_trade_no":"T1","notify_url":"https://x.invalid/","amount":{"total":1250,"currency":"CNY"}}',
  ),
  request('GET /v3/pay/transactions/out-trade-no/T1?mchid=1900000001', {
    authorization: 'WECHATPAY2-SHA256-RSA2048 a="b"',
  }),
  request('POST /v3/pay/transactions/out-trade-no/T1/close', json, '{"mchid":"1900000001"}'),
  request('GET /v3/certificates'),
];

test.each([
  ['its controls', CONTROLS, '200'],
  ['the wallets', WALLETS, '200'],
])(
  'spoiled requests to the sandbox, %s: answered or hung up on, and nothing else happens',
  async (_, corpus, expected) => {
    const before = await now();
    const { statuses, faults } = await fire(spoiledRequests(corpus, 1_000));
    expect(faults).toEqual([]);
    expect(statuses.get(expected) ?? 0).toBeGreaterThan(20);
    expect(statuses.get('400') ?? 0).toBeGreaterThan(20);
    await expectUnharmed(before);
  },
);

test('bent controls of the sandbox are refused in words', async () => {
  const before = await now();
  const calls = fc.oneof(
    bent(FAULT).map((body) => ['/faults', body] as const),
    bent({ code: 'weixin://wxpay/bizpayurl?pr=abc' }).map((body) => ['/phone/pay', body] as const),
    bent({ advanceMs: 1 }).map((body) => ['/clock', body] as const),
    // What fits is a rotation, and would change the merchant.
    bent({ to: 'nowhere' }).map((body) => ['/rotate', body] as const),
  );
  const inputs = fc
    .sample(calls, runsOf(600))
    .map(([path, body]) => whole(request(`POST ${path}`, json, JSON.stringify(body))));
  const { statuses, faults } = await fire(inputs);
  expect(faults).toEqual([]);
  expect(
    [...statuses.keys()].filter((status) => !['200', '201', '400', '404', '409'].includes(status)),
  ).toEqual([]);
  expect(statuses.get('400') ?? 0).toBeGreaterThan(50);
  await expectUnharmed(before);
});
