import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  enrolRequest,
  NOTIFICATION_BYTES_MAX,
  parseFrame,
  RELAY_FRAME_BYTES_MAX,
  RelayFrame,
  signHello,
  TillFrame,
  tillKey,
  verifyEnrol,
  verifyHello,
} from './relay.ts';

const keys = generateKeyPairSync('ed25519');
const hello = { relay: 'relay.example.com', till: 'a', nonce: 'N'.repeat(43) };

test('a hello is good for its relay, till and nonce only', () => {
  const signature = signHello(hello, keys.privateKey);
  expect(verifyHello({ ...hello, signature }, keys.publicKey)).toBe(true);
  for (const change of [{ relay: 'other' }, { till: 'b' }, { nonce: 'M'.repeat(43) }]) {
    expect(verifyHello({ ...hello, ...change, signature }, keys.publicKey)).toBe(false);
  }
  const other = generateKeyPairSync('ed25519');
  expect(verifyHello({ ...hello, signature }, other.publicKey)).toBe(false);
});

test('an enrolment is good for its till, code and key only', () => {
  const request = enrolRequest({ till: 'a', code: 'ABCD-EFGH' }, keys);
  expect(verifyEnrol(request)).toBe(true);
  expect(verifyEnrol({ ...request, code: 'abcd efgh' })).toBe(true);
  expect(verifyEnrol({ ...request, till: 'b' })).toBe(false);
  expect(verifyEnrol({ ...request, code: 'ABCD-EFGX' })).toBe(false);
  expect(tillKey(request.publicKey)?.equals(keys.publicKey)).toBe(true);
});

test('a signature of one kind is none of the other', () => {
  const request = enrolRequest({ till: 'a', code: 'x' }, keys);
  expect(verifyHello({ ...hello, signature: request.signature }, keys.publicKey)).toBe(false);
});

test('nothing that a stranger sends makes reading fail otherwise than with null', () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.json().map((json) => json.slice(0, -1)),
  );
  fc.assert(
    fc.property(text, (given) => {
      expect(parseFrame(TillFrame, given)).toBeNull();
      expect(parseFrame(RelayFrame, given)).toBeNull();
    }),
  );
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (till, code, publicKey) => {
      expect(verifyEnrol({ till, code, publicKey, signature: '' })).toBe(false);
    }),
  );
});

test('the largest notification fits into a frame', () => {
  const frame = {
    type: 'delivery',
    seq: Number.MAX_SAFE_INTEGER,
    id: 'i'.repeat(64),
    channel: 'wechat_v2',
    receivedMs: 1_800_000_000_000,
    // As many as the relay accepts, each byte taking two in UTF-8.
    headers: { 'user-agent': 'é'.repeat(8_192) },
    body: Buffer.alloc(NOTIFICATION_BYTES_MAX).toString('base64'),
  };
  const text = JSON.stringify(frame);
  expect(Buffer.byteLength(text)).toBeLessThan(RELAY_FRAME_BYTES_MAX);
  expect(parseFrame(RelayFrame, text)).toEqual(frame);
});
