import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { KeyError } from './key-error.ts';
import { keysMatch, parsePrivateKey, parsePublicKey } from './keys.ts';
import { rsaSign, rsaVerify } from './rsa.ts';
import { pem, testPair } from './test-certificates.ts';

const pair = testPair();
const pkcs1 = pem(pair.privateKey, 'pkcs1');

function kindOf(task: () => unknown): string {
  try {
    task();
  } catch (error) {
    if (error instanceof KeyError) return error.kind;
    throw error;
  }
  return 'none';
}

test('a private key is taken in every form in which people hold it', () => {
  const bare = (armoured: string) => armoured.replace(/-----[^-]+-----/g, '').replaceAll('\n', '');
  const forms = [
    pair.privatePem,
    pkcs1,
    bare(pair.privatePem),
    bare(pkcs1),
    pair.privatePem.replaceAll('\n', '\r\n'),
    pair.privatePem.replaceAll('\n', '\\n'),
    `\uFEFFMy key:\n${pair.privatePem}\n`,
    bare(pair.privatePem).replace(/(.{64})/g, '$1 \n\t'),
  ];
  for (const form of forms) expect(keysMatch(parsePrivateKey(form), pair.publicKey)).toBe(true);
});

test('a public key is taken with and without armour, as SPKI and PKCS#1', () => {
  const forms = [
    pair.publicPem,
    pair.publicPem.replace(/-----[^-]+-----/g, '').replaceAll('\n', ''),
    pem(pair.publicKey, 'pkcs1'),
  ];
  for (const form of forms) expect(keysMatch(pair.privateKey, parsePublicKey(form))).toBe(true);
});

test('what is no key, the wrong half, too short, not RSA or encrypted is said to be so', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const encrypted = pair.privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  });
  expect(kindOf(() => parsePrivateKey(''))).toBe('not_a_key');
  expect(kindOf(() => parsePrivateKey('hello'))).toBe('not_a_key');
  expect(kindOf(() => parsePrivateKey(pair.privatePem.slice(0, 500)))).toBe('not_a_key');
  expect(kindOf(() => parsePrivateKey('A'.repeat(1_000_000)))).toBe('not_a_key');
  expect(kindOf(() => parsePrivateKey(pair.publicPem))).toBe('wrong_half');
  expect(kindOf(() => parsePublicKey(pair.privatePem))).toBe('wrong_half');
  expect(kindOf(() => parsePrivateKey(pair.publicPem.replace(/-----[^-]+-----/g, '')))).toBe('wrong_half');
  expect(kindOf(() => parsePrivateKey(testPair(1024).privatePem))).toBe('too_short');
  expect(kindOf(() => parsePrivateKey(pem(ec.privateKey, 'pkcs8')))).toBe('not_rsa');
  expect(kindOf(() => parsePublicKey(pem(ec.publicKey, 'spki')))).toBe('not_rsa');
  expect(kindOf(() => parsePrivateKey(String(encrypted)))).toBe('encrypted');
});

test('an error about a key does not quote the key', () => {
  const damaged = pair.privatePem.replace('MII', 'XXX');
  let message = '';
  try {
    parsePrivateKey(damaged);
  } catch (error) {
    message = String(error);
  }
  expect(message).toContain('KeyError');
  for (const line of pair.privatePem.split('\n').slice(1, -2)) expect(message).not.toContain(line);
});

test('a signature counts only in its one canonical base64 form', () => {
  const signature = rsaSign(pair.privateKey, 'text');
  expect(rsaVerify(pair.publicKey, 'text', signature)).toBe(true);
  const sameBytes = [
    signature.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''),
    `${signature} `,
    `${signature}\n`,
    signature.replace(/=+$/, ''),
    `*${signature}`,
  ];
  for (const other of sameBytes) expect(rsaVerify(pair.publicKey, 'text', other)).toBe(false);
  expect(rsaVerify(pair.publicKey, 'text', '')).toBe(false);
});
