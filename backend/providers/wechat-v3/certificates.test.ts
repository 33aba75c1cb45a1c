import { afterEach, beforeEach, expect, test } from 'vitest';
import { HOUR, MINUTE } from '../../../ports/clock.ts';
import { undiciHttpClient } from '../../../ports/http-undici.ts';
import { systemRandom } from '../../../ports/random.ts';
import { parseCertificate } from '../../../wire/certificate.ts';
import { type TestPair, testCertificate, testPair } from '../../../wire/test-certificates.ts';
import { parseApiV3Key } from '../../../wire/wechat-v3-aead.ts';
import { writeWechatCertificates } from '../../../wire/wechat-v3-certificates.ts';
import { writeWechatNotification } from '../../../wire/wechat-v3-notification.ts';
import { signWechatMessage } from '../../../wire/wechat-v3-signature.ts';
import { NOW, OPEN } from '../conformance.ts';
import type { Provider } from '../provider.ts';
import { type Answer, type Received, type StandInWallet, standInWallet } from '../stand-in-wallet.ts';
import type { WechatV3Config } from './config.ts';
import { createWechatV3 } from './index.ts';

const DAY = 24 * HOUR;
const PUBLIC_KEY_ID = 'PUB_KEY_ID_0119000001012024112900000000000001';
const apiV3Key = parseApiV3Key('TestOnlyApiV3Key0123456789abcdef');
const merchant = testPair();

/** A key of the platform with its certificate. */
interface Platform {
  pair: TestPair;
  serial: string;
  pem: string;
}

function platform(serial: string, fromMs: number, untilMs: number): Platform {
  const pair = testPair();
  return {
    pair,
    serial,
    pem: testCertificate(pair, { serialHex: serial, notBeforeMs: fromMs, notAfterMs: untilMs }),
  };
}

const first = platform('0A01', NOW - 300 * DAY, NOW + 60 * DAY);
const second = platform('0A02', NOW - DAY, NOW + 200 * DAY);
const third = platform('0A03', NOW + 190 * DAY, NOW + 700 * DAY);
const publicKey = testPair();

let wallet: StandInWallet;
let provider: Provider;
let downloads: number;
let nowMs: number;
/** What the platform does now: which certificates it hands out, which key signs. */
let handedOut: Platform[];
let signing: { serial: string; pair: TestPair };

function signed(status: number, body: string, by = signing): Answer {
  const timestamp = String(Math.floor(nowMs / 1_000));
  const signer = { serial: by.serial, privateKey: by.pair.privateKey };
  return { status, body, headers: signWechatMessage(body, signer, { timestamp, nonce: 'n' }) };
}

function certificatesBody(given: readonly Platform[], key = apiV3Key): string {
  return writeWechatCertificates(
    given.map(({ pem }, index) => ({ pem, nonce: `certnonce00${index}` })),
    key,
  );
}

function answer(request: Received): Answer {
  if (request.path !== '/v3/certificates')
    return signed(200, '{"code_url":"weixin://wxpay/bizpayurl?pr=abc"}');
  downloads++;
  return signed(200, certificatesBody(handedOut));
}

function made(change: Partial<WechatV3Config> = {}): Provider {
  const config = {
    hosts: [wallet.origin] as const,
    appId: 'wxtest0000000001',
    mchId: '1900000101',
    merchantPrivateKey: merchant.privateKey,
    merchantSerial: '5157F09E',
    apiV3Key,
    notifyUrl: 'https://relay.example/notify',
    ...change,
  };
  return createWechatV3(config, { http: undiciHttpClient(), random: systemRandom() });
}

async function opened(): Promise<string> {
  const { outcome } = await provider.open(OPEN, { nowMs });
  return outcome.kind === 'unknown' ? `${outcome.cause} ${outcome.code}` : outcome.kind;
}

beforeEach(async () => {
  wallet = await standInWallet();
  wallet.answer = answer;
  provider = made();
  downloads = 0;
  nowMs = NOW;
  handedOut = [first];
  signing = first;
});
afterEach(async () => {
  await provider.stop();
  await wallet.close();
});

test('the first answer fetches the certificates, later ones do without', async () => {
  expect(await opened()).toBe('code');
  expect(await opened()).toBe('code');
  expect(downloads).toBe(1);
});

test('a hundred answers at once share one download', async () => {
  expect(await Promise.all(Array.from({ length: 100 }, opened))).toEqual(Array(100).fill('code'));
  expect(downloads).toBe(1);
});

test('a rotation goes unnoticed: both certificates hold while they overlap', async () => {
  expect(await opened()).toBe('code');
  handedOut = [first, second];
  signing = second;
  expect(await opened()).toBe('code');
  signing = first;
  expect(await opened()).toBe('code');
  expect(downloads).toBe(2);
});

test('certificates are fetched anew when they are twelve hours old here', async () => {
  await opened();
  nowMs += 12 * HOUR - 1;
  await opened();
  expect(downloads).toBe(1);
  nowMs += 1;
  handedOut = [first, second];
  expect(await opened()).toBe('code');
  expect(downloads).toBe(2);
  signing = second;
  expect(await opened()).toBe('code');
  expect(downloads).toBe(2);
});

test('after 400 days switched off, across rotations, the first call works', async () => {
  await opened();
  nowMs += 400 * DAY;
  handedOut = [third];
  signing = third;
  expect(await opened()).toBe('code');
});

test('every idle time from 0 to 400 days ends in a call that works', async () => {
  for (const days of [0, 30, 59, 61, 100, 199, 201, 400]) {
    await provider.stop();
    provider = made({ platformCertificates: [parseCertificate(first.pem)] });
    nowMs = NOW + days * DAY;
    handedOut = [first, second, third].filter(({ pem }) => {
      const { notBeforeMs, notAfterMs } = parseCertificate(pem);
      return notBeforeMs <= nowMs && nowMs <= notAfterMs;
    });
    signing = handedOut.at(-1) ?? third;
    expect(await opened()).toBe('code');
  }
});

test('an expired certificate is no key, even when the platform still signs with it', async () => {
  await opened();
  nowMs = NOW + 61 * DAY;
  expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
});

test('a serial that no download brings is asked for once, then rejected', async () => {
  await opened();
  const answerWell = wallet.answer;
  const stranger = { serial: '0BAD', pair: testPair() };
  wallet.answer = (request) =>
    request.path === '/v3/certificates' ? answerWell(request) : signed(200, '{"code_url":"x"}', stranger);
  for (let i = 0; i < 5; i++) expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  expect(downloads).toBe(2);
  nowMs += MINUTE;
  expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  expect(downloads).toBe(3);
});

test('serials that are made up do not have WeChat asked for each of them', async () => {
  await opened();
  const answerWell = wallet.answer;
  let made = 0;
  wallet.answer = (request) => {
    if (request.path === '/v3/certificates') return answerWell(request);
    made += 1;
    return signed(200, '{"code_url":"x"}', { serial: `BAD${made}`, pair: first.pair });
  };
  for (let i = 0; i < 50; i++) expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  expect(downloads).toBe(5);
  wallet.answer = answerWell;
  expect(await opened()).toBe('code');
  nowMs += MINUTE;
  handedOut = [first, second];
  signing = second;
  expect(await opened()).toBe('code');
});

test('a notification of a new key is judged when its certificate can be had, and refused by nobody before', async () => {
  await opened();
  const body = writeWechatNotification(
    {
      id: 'EV-1',
      createdMs: nowMs,
      eventType: 'TRANSACTION.SUCCESS',
      summary: '支付成功',
      originalType: 'transaction',
      content: { out_trade_no: OPEN.tradeNo, trade_state: 'SUCCESS' },
    },
    apiV3Key,
    { nonce: 'notification' },
  );
  const posted = (by: Platform) => {
    const headers = Object.entries(signed(200, body, by).headers ?? {});
    const lower = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
    return { headers: lower, body: Buffer.from(body), receivedMs: nowMs };
  };
  const read = (by: Platform) => provider.readNotification(posted(by), { nowMs });
  for (const silence of ['reset', { status: 502, body: '<html>' }, { status: 429, body: '' }] as const) {
    wallet.answer = () => silence;
    expect(await read(second)).toEqual({ kind: 'not_now' });
    nowMs += MINUTE;
  }
  // The one that is known is judged all the same.
  expect(await read(first)).toMatchObject({ kind: 'trade', tradeNo: OPEN.tradeNo });
  wallet.answer = answer;
  handedOut = [first, second];
  expect(await read(second)).toMatchObject({ kind: 'trade', tradeNo: OPEN.tradeNo });
  // WeChat has said which certificates there are: this is none.
  expect(await read({ ...second, serial: '0BAD' })).toEqual({ kind: 'refused', why: 'not_genuine' });
});

test('a download that is not the platform’s own brings no key', async () => {
  const forger = platform('0F0F', NOW - DAY, NOW + DAY);
  const otherKey = parseApiV3Key('OtherApiV3Key0123456789abcdefghi');
  const mismatched = JSON.stringify({
    data: [{ ...JSON.parse(certificatesBody([forger])).data[0], serial_no: '0A01' }],
  });
  const forgeries: Answer[] = [
    signed(200, certificatesBody([forger], otherKey), forger),
    signed(200, mismatched, { serial: '0A01', pair: forger.pair }),
    { status: 200, body: certificatesBody([forger]) },
    signed(200, certificatesBody([forger]), { serial: '0F0F', pair: testPair() }),
    signed(200, '<html>', forger),
    { status: 500, body: '' },
  ];
  for (const forgery of forgeries) {
    await provider.stop();
    provider = made();
    wallet.answer = (request) =>
      request.path === '/v3/certificates' ? forgery : signed(200, '{"code_url":"x"}', forger);
    expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  }
});

test('while downloads fail, certificates at hand go on being believed', async () => {
  await opened();
  nowMs += 13 * HOUR;
  wallet.answer = (request) => (request.path === '/v3/certificates' ? 'reset' : answer(request));
  expect(await opened()).toBe('code');
});

test('with the public key there is nothing to fetch, and a merchant without certificates is no error', async () => {
  await provider.stop();
  provider = made({ publicKey: { id: PUBLIC_KEY_ID, key: publicKey.publicKey } });
  signing = { serial: PUBLIC_KEY_ID, pair: publicKey };
  expect(await opened()).toBe('code');
  expect(downloads).toBe(0);
  const key = signing;
  wallet.answer = (request) =>
    request.path === '/v3/certificates'
      ? signed(404, '{"code":"RESOURCE_NOT_EXISTS","message":"无可用的平台证书"}', key)
      : signed(200, '{"code_url":"x"}', first);
  expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  wallet.answer = answer;
  expect(await opened()).toBe('code');
});

test('during the switch answers of both kinds are believed, and another key id is not', async () => {
  await provider.stop();
  provider = made({ publicKey: { id: PUBLIC_KEY_ID, key: publicKey.publicKey } });
  const byKey = { serial: PUBLIC_KEY_ID, pair: publicKey };
  for (const by of [byKey, first, byKey, first]) {
    signing = by;
    expect(await opened()).toBe('code');
  }
  signing = { serial: `${PUBLIC_KEY_ID}2`, pair: publicKey };
  expect(await opened()).toBe('not_genuine UNKNOWN_SERIAL');
  expect(downloads).toBe(1);
});
