import { expect, test } from 'vitest';
import { isOwnBlob, judgeWindow, mayAppLoad } from './lockdown.ts';

const PHONE = 'http://127.0.0.1:4310';

test('the sandbox phone may open in its own window', () => {
  expect(judgeWindow(`${PHONE}/phone`, PHONE)).toBe('phone');
  expect(judgeWindow(`${PHONE}/phone?code=x`, PHONE)).toBe('phone');
});

test.each([
  `${PHONE}/ledger`,
  `${PHONE}/phones`,
  'http://127.0.0.1:4311/phone',
  'http://user:secret@127.0.0.1:4310/phone',
  'https://127.0.0.1:4310/phone',
  'http://example.com/phone',
])('%s is not the phone', (address) => {
  expect(judgeWindow(address, PHONE)).toBe('refuse');
});

test('without a sandbox there is no phone, nor is there one beyond loopback', () => {
  expect(judgeWindow(`${PHONE}/phone`, null)).toBe('refuse');
  expect(judgeWindow('http://192.0.2.1:80/phone', 'http://192.0.2.1:80')).toBe('refuse');
});

test('the documentation of the wallets opens in the person’s own browser, and nothing else does', () => {
  expect(judgeWindow('https://pay.weixin.qq.com/doc', PHONE)).toBe('external');
  for (const address of [
    'http://pay.weixin.qq.com/',
    'https://pay.weixin.qq.com.example.com/',
    'https://pay.weixin.qq.com:8443/',
    'https://x@pay.weixin.qq.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'smb://example.com/share',
    'not an address',
    '',
  ])
    expect(judgeWindow(address, PHONE)).toBe('refuse');
});

test('the till loads its own files and nothing remote', () => {
  expect(mayAppLoad('app://mianfu/assets/a.js')).toBe(true);
  expect(mayAppLoad('data:image/png;base64,AAAA')).toBe(true);
  for (const address of ['https://example.com/', 'app://other/', 'file:///etc/passwd', 'ws://127.0.0.1:1/'])
    expect(mayAppLoad(address)).toBe(false);
});

test('a file that the app made may be saved, and one of anybody else may not', () => {
  expect(isOwnBlob('blob:app://mianfu/5f0c3b1e')).toBe(true);
  for (const address of [
    'app://mianfu/a.js',
    'blob:https://example.com/1',
    'blob:null/1',
    'blob:app://other/1',
  ])
    expect(isOwnBlob(address)).toBe(false);
});
