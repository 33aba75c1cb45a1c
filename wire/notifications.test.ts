import { generateKeyPairSync } from 'node:crypto';
import { AlipaySdk } from 'alipay-sdk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  readAlipayNotification,
  verifyAlipayNotification,
  writeAlipayNotification,
} from './alipay-notification.ts';
import { parseApiV3Key } from './wechat-v3-aead.ts';
import { openWechatNotification, writeWechatNotification } from './wechat-v3-notification.ts';
import { signWechatMessage, verifyWechatMessage, wechatVerifiers } from './wechat-v3-signature.ts';

const RUNS = { numRuns: 60 };
const wallet = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });

const hard = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('拿铁 & 可颂 + 100% =?', '%2B+%', ' ', 'a&sign=b', '\r\n', '😀'),
);

describe('an Alipay notification', () => {
  const name = fc.constantFrom('subject', 'body', 'out_trade_no', 'fund_bill_list', 'buyer_logon_id');
  const fields = fc.dictionary(name, hard);
  const sdk = new AlipaySdk({
    appId: '2021000000000000',
    privateKey: wallet.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    keyType: 'PKCS8',
    alipayPublicKey: wallet.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  });

  test('is read back as it was written, and its signature holds for nothing else', () => {
    fc.assert(
      fc.property(fields, (written) => {
        const reading = readAlipayNotification(
          Buffer.from(writeAlipayNotification(written, wallet.privateKey)),
        );
        if (!reading.ok) throw new Error(reading.why);
        expect(Object.fromEntries(reading.notification.fields)).toMatchObject({
          ...written,
          charset: 'utf-8',
          sign_type: 'RSA2',
        });
        expect(verifyAlipayNotification(reading.notification, wallet.publicKey)).toBe(true);
        expect(verifyAlipayNotification(reading.notification, stranger.publicKey)).toBe(false);
      }),
      RUNS,
    );
  });

  test('is genuine to the official SDK, also with characters that forms escape', () => {
    for (const subject of ['拿铁 & 可颂 + 100% =?', '%2B+%', '😀', "~!*'()-._"]) {
      const form = writeAlipayNotification({ subject, total_amount: '0.01' }, wallet.privateKey);
      const posted = Object.fromEntries(new URLSearchParams(form));
      expect(sdk.checkNotifySignV2(posted)).toBe(true);
      expect(sdk.checkNotifySignV2({ ...posted, total_amount: '0.02' })).toBe(false);
    }
  });

  test('names its fields as the obvious reading of a form does, and is refused where that one is', () => {
    const obvious = (text: string): Map<string, string> | null => {
      const fields = new Map<string, string>();
      for (const part of text.split('&').filter((each) => each !== '')) {
        const [name = '', ...rest] = part.split('=');
        if (/%(?![0-9a-f]{2})/i.test(part)) return null;
        const plain = (escaped: string) =>
          escaped
            .replaceAll('+', ' ')
            .replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
        if (plain(name) === '' || fields.has(plain(name))) return null;
        fields.set(plain(name), plain(rest.join('=')));
      }
      return fields.size === 0 || fields.size > 200 ? null : fields;
    };
    const piece = fc.constantFrom(
      'x',
      'y',
      'z',
      '=',
      '=',
      '&',
      '&',
      '+',
      '%',
      '%41',
      '%3d',
      '%26',
      '%',
      '4',
      'G',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 24 }), (pieces) => {
        const text = pieces.join('');
        const reading = readAlipayNotification(Buffer.from(text));
        expect(reading.ok ? new Map(reading.notification.fields) : null).toEqual(obvious(text));
      }),
      { numRuns: 3_000 },
    );
    const many = (count: number) => Array.from({ length: count }, (_, n) => `f${n}=1`).join('&');
    expect(readAlipayNotification(Buffer.from(many(200))).ok).toBe(true);
    expect(readAlipayNotification(Buffer.from(many(201))).ok).toBe(false);
  });

  test('in a charset that Alipay does not send is refused, whatever it calls it', () => {
    for (const charset of ['utf-16', 'constructor', '__proto__', 'toString', '']) {
      const form = Buffer.from(`subject=%E6%8B%BF&charset=${charset}`);
      expect(readAlipayNotification(form)).toEqual({ ok: false, why: 'charset' });
    }
  });

  test('without a key has no signature, and is not genuine', () => {
    const form = writeAlipayNotification({ subject: 'tea' });
    expect(new URLSearchParams(form).has('sign')).toBe(false);
    const reading = readAlipayNotification(Buffer.from(form));
    expect(reading.ok && verifyAlipayNotification(reading.notification, wallet.publicKey)).toBe(false);
  });
});

test('a WeChat notification is read back as it was written, signed by either kind of key', () => {
  const apiV3Key = parseApiV3Key('0123456789abcdef0123456789ABCDEF');
  const nowMs = Date.parse('2026-11-21T04:00:00Z');
  const timestamp = String(nowMs / 1_000);
  const serials = fc.constantFrom('7132D72A03E93CDDF8C03BBD1F37EEDF00000001', 'PUB_KEY_ID_0116000000');
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('attach', 'out_trade_no'), hard),
      serials,
      (content, serial) => {
        const said = {
          id: 'EV-1',
          createdMs: nowMs,
          eventType: 'TRANSACTION.SUCCESS',
          summary: '支付成功',
          originalType: 'transaction',
          content,
        };
        const body = Buffer.from(writeWechatNotification(said, apiV3Key, { nonce: 'aB3dE6gH9jK0' }));
        const signer = { serial, privateKey: wallet.privateKey };
        const headers = signWechatMessage(body, signer, { timestamp, nonce: 'n' });
        const verifiers = wechatVerifiers([[serial, wallet.publicKey]]);
        expect(verifyWechatMessage({ headers, body }, verifiers, nowMs)).toBe('OK');
        const changed = Buffer.concat([body, Buffer.from(' ')]);
        expect(verifyWechatMessage({ headers, body: changed }, verifiers, nowMs)).toBe('BAD_SIGNATURE');
        expect(openWechatNotification(body, apiV3Key)).toEqual({
          ok: true,
          notification: { id: 'EV-1', eventType: 'TRANSACTION.SUCCESS', content: { ...content } },
        });
      },
    ),
    RUNS,
  );
});
