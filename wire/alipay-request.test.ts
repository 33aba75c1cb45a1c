import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  alipayTextToSign,
  readAlipayRequest,
  signAlipayRequest,
  splitAlipayRequest,
  verifyAlipayRequest,
} from './alipay-request.ts';
import { testPair } from './test-certificates.ts';

const pair = testPair();

test('what the till signs and sends is what the gateway reads and verifies', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.string({ minLength: 1, maxLength: 12 }),
        fc.string({ unit: 'grapheme', maxLength: 40 }),
      ),
      (given) => {
        const { sign: _own, ...extra } = given;
        const signed = signAlipayRequest({ ...extra, app_id: '1', sign_type: 'RSA2' }, pair.privateKey);
        const { query, body } = splitAlipayRequest(signed);
        const reading = readAlipayRequest(query, body);
        expect(reading).toEqual({ ok: true, params: signed });
        expect(verifyAlipayRequest(signed, pair.publicKey)).toBe('ok');
      },
    ),
    { numRuns: 60 },
  );
});

test('a changed, added or removed parameter is noticed, an empty one makes no difference', () => {
  const signed = signAlipayRequest(
    { app_id: '1', sign_type: 'RSA2', biz_content: '{"total_amount":"88.88"}', empty: '' },
    pair.privateKey,
  );
  expect(signed).not.toHaveProperty('empty');
  const verdict = (params: Record<string, string | undefined>) => verifyAlipayRequest(params, pair.publicKey);
  expect(verdict({ ...signed, empty: '' })).toBe('ok');
  expect(verdict({ ...signed, biz_content: '{"total_amount":"88.89"}' })).toBe('bad_signature');
  expect(verdict({ ...signed, extra: '1' })).toBe('bad_signature');
  expect(verdict({ ...signed, app_id: undefined })).toBe('bad_signature');
  expect(verdict({ ...signed, sign: '' })).toBe('missing_sign');
  expect(verdict({ ...signed, sign_type: 'NONE' })).toBe('unknown_sign_type');
  expect(verdict({ ...signed, sign_type: 'RSA' })).toBe('bad_signature');
});

test('a parameter in both query and body is refused', () => {
  expect(readAlipayRequest('app_id=1', 'app_id=2')).toEqual({ ok: false, why: 'duplicate', name: 'app_id' });
  expect(readAlipayRequest('a=1&a=1', '')).toMatchObject({ ok: false });
  expect(readAlipayRequest('__proto__=1', '%E0%A4%A=%')).toMatchObject({ ok: true });
});

test('names sort by byte, upper case before lower case before Chinese', () => {
  expect(alipayTextToSign({ b: '1', a_b: '2', aB: '3', B: '4', 中: '5', sign: 'x' })).toBe(
    'B=4&aB=3&a_b=2&b=1&中=5',
  );
});
