import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Encryption, Keychain } from './keychain.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mianfu-keychain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const flip = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
const keyring: Encryption = {
  isEncryptionAvailable: () => true,
  encryptString: (text) => flip(Buffer.from(text)),
  decryptString: (bytes) => flip(bytes).toString(),
  getSelectedStorageBackend: () => 'gnome_libsecret',
};
const stored = () => join(folder, 'keys', 'merchant');
const keychain = (encryption: Encryption = keyring, platform = 'linux') =>
  new Keychain(encryption, stored(), platform);

function merchantFile(text = JSON.stringify({ alipay: { appPrivateKey: 'PRIVATE' } })): string {
  const file = join(folder, 'merchant.json');
  writeFileSync(file, text);
  return file;
}

test('without an import there is no merchant', () => {
  expect(keychain().read()).toBeNull();
});

test('an imported merchant is read back, and is not on the disk in plain text', () => {
  keychain().import(merchantFile());
  expect(keychain().read()).toEqual({ alipay: { appPrivateKey: 'PRIVATE' } });
  expect(readFileSync(stored()).includes('PRIVATE')).toBe(false);
  expect(statSync(stored()).mode & 0o077).toBe(0);
  expect(readdirSync(join(folder, 'keys'))).toEqual(['merchant']);
});

test('a key store that keeps keys in plain text is refused, and nothing is written', () => {
  const plain = { ...keyring, getSelectedStorageBackend: () => 'basic_text' };
  expect(() => keychain(plain).import(merchantFile())).toThrow(
    expect.objectContaining({ code: 'encryption_unavailable' }),
  );
  const none = { ...keyring, isEncryptionAvailable: () => false };
  expect(() => keychain(none, 'darwin').import(merchantFile())).toThrow(
    expect.objectContaining({ code: 'encryption_unavailable' }),
  );
  expect(readdirSync(folder)).toEqual(['merchant.json']);
});

test.each(['', '[]', '"x"', '{}', '{"alipay":'])(
  'a merchant file that holds %s is refused, and the old one kept',
  (text) => {
    keychain().import(merchantFile());
    expect(() => keychain().import(merchantFile(text))).toThrow(
      expect.objectContaining({ code: 'merchant_unreadable' }),
    );
    expect(keychain().read()).toEqual({ alipay: { appPrivateKey: 'PRIVATE' } });
  },
);

test('a file that is not there is refused', () => {
  expect(() => keychain().import(join(folder, 'nothing.json'))).toThrow(
    expect.objectContaining({ code: 'merchant_unreadable' }),
  );
});

test('keys that another account encrypted are said to be unreadable', () => {
  keychain().import(merchantFile());
  writeFileSync(stored(), 'garbage');
  expect(() => keychain().read()).toThrow(expect.objectContaining({ code: 'keychain_unreadable' }));
});
