import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyError } from './key-error.ts';
import { testCertificate, testPair } from './test-certificates.ts';
import { parseApiV3Key, WechatAeadError, wechatOpen, wechatSeal } from './wechat-v3-aead.ts';
import { parseWechatAuthorization, signWechatRequest } from './wechat-v3-authorization.ts';
import { readWechatCertificates, writeWechatCertificates } from './wechat-v3-certificates.ts';
import {
  normalSerial,
  signWechatMessage,
  verifyWechatMessage,
  wechatVerifiers,
} from './wechat-v3-signature.ts';

const pair = testPair();
const NOW = 1_800_000_000_000;
const SERIAL = '0BADC0DE';
const verifiers = wechatVerifiers([[SERIAL, pair.publicKey]]);
const apiV3Key = parseApiV3Key('TestOnlyApiV3Key0123456789abcdef');

function signed(body: Buffer, timestamp = String(NOW / 1_000)) {
  const signer = { serial: SERIAL, privateKey: pair.privateKey };
  return { headers: signWechatMessage(body, signer, { timestamp, nonce: 'n' }), body };
}

test('every flipped bit of a body, and of each signed header, is noticed', () => {
  const message = signed(Buffer.from('{"amount":{"total":1},"名":"测"}'));
  expect(verifyWechatMessage(message, verifiers, NOW)).toBe('OK');
  for (let at = 0; at < message.body.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const body = Buffer.from(message.body);
      body[at] = (body[at] ?? 0) ^ (1 << bit);
      expect(verifyWechatMessage({ ...message, body }, verifiers, NOW)).toBe('BAD_SIGNATURE');
    }
  }
  for (const [name, value] of Object.entries(message.headers)) {
    for (let at = 0; at < value.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const changed =
          value.slice(0, at) + String.fromCharCode(value.charCodeAt(at) ^ (1 << bit)) + value.slice(at + 1);
        // Serials are compared in upper case.
        if (name === 'Wechatpay-Serial' && normalSerial(changed) === normalSerial(value)) continue;
        const headers = { ...message.headers, [name]: changed };
        expect(
          verifyWechatMessage({ headers, body: message.body }, verifiers, NOW),
          `${name} ${at}`,
        ).not.toBe('OK');
      }
    }
  }
});

test('the window is open below 300 seconds on both sides, and shut at 300', () => {
  const message = signed(Buffer.from('{}'));
  for (const side of [-1, 1]) {
    expect(verifyWechatMessage(message, verifiers, NOW + side * 299_000)).toBe('OK');
    expect(verifyWechatMessage(message, verifiers, NOW + side * 300_000)).toBe('EXPIRED');
  }
  for (const timestamp of ['', '-1', '1e9', 'x', '9'.repeat(400), ` ${NOW / 1_000}`])
    expect(verifyWechatMessage(signed(Buffer.from('{}'), timestamp), verifiers, NOW)).not.toBe('OK');
});

test('the verdict names the first thing that is wrong', () => {
  const { headers, body } = signed(Buffer.from('{}'));
  const late = NOW + 1_000_000;
  const without = { ...headers, 'Wechatpay-Signature': '' };
  expect(verifyWechatMessage({ headers: without, body }, () => undefined, late)).toBe('MISSING_HEADER');
  expect(verifyWechatMessage({ headers, body }, () => undefined, late)).toBe('UNKNOWN_SERIAL');
  const probe = { ...headers, 'Wechatpay-Signature': 'WECHATPAY/SIGNTEST/AAAA' };
  expect(verifyWechatMessage({ headers: probe, body }, verifiers, late)).toBe('EXPIRED');
  expect(verifyWechatMessage({ headers: probe, body }, verifiers, NOW)).toBe('BAD_SIGNATURE');
  const sm = { ...headers, 'Wechatpay-Signature-Type': 'WECHATPAY2-SM2-WITH-SM3' };
  expect(verifyWechatMessage({ headers: sm, body }, verifiers, NOW)).toBe('BAD_SIGNATURE');
});

test('bytes cannot be moved between the signed fields', () => {
  const { headers } = signed(Buffer.from('x\ny'));
  const moved = { headers: { ...headers, 'Wechatpay-Nonce': 'n\nx' }, body: Buffer.from('y') };
  expect(verifyWechatMessage(moved, verifiers, NOW)).toBe('BAD_SIGNATURE');
});

test('serials are compared without case and leading zeros, key ids as they are', () => {
  expect(normalSerial('0badc0de')).toBe(normalSerial('BADC0DE'));
  expect(normalSerial('000')).toBe('0');
  expect(normalSerial('PUB_KEY_ID_0a')).toBe('PUB_KEY_ID_0a');
  expect(
    verifyWechatMessage({ ...signed(Buffer.alloc(0)) }, wechatVerifiers([['badc0de', pair.publicKey]]), NOW),
  ).toBe('OK');
});

test('an Authorization header parses in any order, and not when a field is missing, doubled or foreign', () => {
  const header = signWechatRequest(
    { method: 'GET', path: '/', timestamp: '1', nonce: 'n', body: '' },
    { mchId: '1', serialNo: 'A', privateKey: pair.privateKey },
  );
  const [scheme, fields = ''] = header.split(' ');
  expect(parseWechatAuthorization(`${scheme} ${fields.split(',').reverse().join(', ')}`)?.mchId).toBe('1');
  const broken = [
    '',
    fields,
    `Bearer ${fields}`,
    `${scheme} ${fields},mchid="2"`,
    `${scheme} ${fields},x="2"`,
    `${scheme} ${fields.replace('mchid="1",', '')}`,
    `${scheme} ${fields.replace('mchid="1"', 'mchid=""')}`,
    `${scheme} ${fields.replace('mchid="1"', 'mchid=1')}`,
  ];
  for (const text of broken) expect(parseWechatAuthorization(text)).toBeNull();
});

test('a sealed part opens with its key alone, and with every bit as it was', () => {
  const sealed = wechatSeal('{"名":"测"}', apiV3Key, {
    nonce: '0123456789ab',
    associatedData: 'transaction',
  });
  expect(wechatOpen(sealed, apiV3Key).toString()).toBe('{"名":"测"}');
  const data = Buffer.from(sealed.ciphertext, 'base64');
  for (let at = 0; at < data.length; at++) {
    const changed = Buffer.from(data);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => wechatOpen({ ...sealed, ciphertext: changed.toString('base64') }, apiV3Key)).toThrow(
      WechatAeadError,
    );
    expect(() =>
      wechatOpen({ ...sealed, ciphertext: data.subarray(0, at).toString('base64') }, apiV3Key),
    ).toThrow(WechatAeadError);
  }
  for (const other of [
    { nonce: '0123456789ac' },
    { nonce: '' },
    { associated_data: '' },
    { algorithm: 'AES' },
  ])
    expect(() => wechatOpen({ ...sealed, ...other }, apiV3Key)).toThrow(WechatAeadError);
});

test('an APIv3 key of another length is a fault of the settings', () => {
  for (const text of ['', 'short', 'x'.repeat(31), 'x'.repeat(33), '中'.repeat(32), ` ${'x'.repeat(31)}`])
    expect(() => parseApiV3Key(text)).toThrow(KeyError);
});

test('a download of certificates keeps the good entries and names why others are not used', () => {
  const own = testCertificate(pair, { serialHex: SERIAL, notBeforeMs: NOW });
  const body = writeWechatCertificates([{ pem: own, nonce: '0123456789ab' }], apiV3Key);
  const entry = JSON.parse(body).data[0];
  const seal = (text: string) =>
    wechatSeal(text, apiV3Key, { nonce: 'cdefghijklmn', associatedData: 'certificate' });
  const mixed = JSON.stringify({
    data: [
      entry,
      { ...entry, serial_no: 'AA' },
      { ...entry, serial_no: 'BB', encrypt_certificate: seal('no certificate') },
      { ...entry, serial_no: 'CC', encrypt_certificate: { ...seal(own), associated_data: 'x' } },
    ],
  });
  const reading = readWechatCertificates(mixed, apiV3Key);
  expect(reading).toMatchObject({
    ok: true,
    certificates: [{ serialNo: SERIAL, pem: own }],
    rejected: [
      { serialNo: 'AA', why: 'serial_differs' },
      { serialNo: 'BB', why: 'not_a_certificate' },
      { serialNo: 'CC', why: 'does_not_open' },
    ],
  });
  expect(readWechatCertificates('{"data":[]}', apiV3Key)).toMatchObject({ ok: true, certificates: [] });
});

test('any other body of a download is a typed refusal', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      const reading = readWechatCertificates(body, apiV3Key);
      expect(reading.ok && reading.certificates.length > 0).toBe(false);
    }),
  );
});
