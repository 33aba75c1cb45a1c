import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { notificationId } from '../../relay/notification-id.ts';
import { sourceOf } from '../../relay/source.ts';
import { readAlipayNotification, verifyAlipayNotification } from '../../wire/alipay-notification.ts';
import { readAlipayRequest } from '../../wire/alipay-request.ts';
import { signAlipayAnswer, verifyAlipayAnswer } from '../../wire/alipay-response.ts';
import { parseCertificate } from '../../wire/certificate.ts';
import { KeyError } from '../../wire/key-error.ts';
import { parsePublicKey } from '../../wire/keys.ts';
import {
  Enrolled,
  EnrolRequest,
  enrolRequest,
  parseFrame,
  RelayFrame,
  TillFrame,
  tillKey,
  verifyEnrol,
} from '../../wire/relay.ts';
import { testCertificate, testPair } from '../../wire/test-certificates.ts';
import { parseApiV3Key } from '../../wire/wechat-v3-aead.ts';
import { parseWechatAuthorization } from '../../wire/wechat-v3-authorization.ts';
import { readWechatCertificates, writeWechatCertificates } from '../../wire/wechat-v3-certificates.ts';
import { openWechatNotification } from '../../wire/wechat-v3-notification.ts';
import { verifyWechatMessage, wechatVerifiers } from '../../wire/wechat-v3-signature.ts';
import { paidNotification } from '../fakes/wallet-notifications.ts';
import { world } from '../fakes/world.ts';
import { runsOf, spoiled } from './mutate.ts';

const { sandbox } = await world();
const identity = sandbox.identity();
const API_V3_KEY = parseApiV3Key(identity.wechat.apiV3Key);
const NOW_MS = 1_795_305_600_000;
const posted = (channel: 'alipay' | 'wechat') =>
  paidNotification(identity, { channel, tradeNo: 'K7Q3261121143210000A3F9Q2M', amountFen: 1_250 }, NOW_MS);
const alipay = posted('alipay');
const wechat = posted('wechat');
const pair = testPair();
const pem = testCertificate(pair, { serialHex: '5f01', notBeforeMs: NOW_MS });
const ed25519 = generateKeyPairSync('ed25519');
const enrolment = enrolRequest({ till: 'a', code: 'K7QF-2M9X-HTRC' }, ed25519);
const verifiers = wechatVerifiers([[identity.wechat.publicKeyId, pair.publicKey]]);

const utf8 = (bytes: Buffer) => bytes.toString('utf8');

interface Parser {
  corpus: readonly (string | Uint8Array)[];
  read(bytes: Buffer): unknown;
  /** The only error that it may throw; none where absent. */
  throws?: new (
    ...args: never[]
  ) => Error;
}

/** Whatever a stranger's bytes reach first, by name. */
const PARSERS: Record<string, Parser> = {
  'the form of an Alipay notification': {
    corpus: [alipay.body, 'a=%E6%8B%BF&charset=GBK&b=+', 'charset=utf-8&sign=AAAA&sign_type=RSA2'],
    read(bytes) {
      const reading = readAlipayNotification(bytes);
      if (reading.ok) verifyAlipayNotification(reading.notification, pair.publicKey);
      return reading.ok ? [...reading.notification.fields] : reading;
    },
  },
  'the envelope of a WeChat notification': {
    corpus: [wechat.body],
    read: (bytes) => openWechatNotification(bytes, API_V3_KEY),
  },
  'the headers of a WeChat notification': {
    corpus: ['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-signature', 'wechatpay-serial'].map(
      (name) => wechat.headers[name] ?? '',
    ),
    read(bytes) {
      const value = bytes.toString('latin1');
      return Object.keys(wechat.headers).map((name) =>
        verifyWechatMessage(
          { headers: { ...wechat.headers, [name]: value }, body: wechat.body },
          verifiers,
          NOW_MS,
        ),
      );
    },
  },
  'the name that the relay gives to a notification': {
    corpus: [alipay.body, wechat.body, '<xml><a>1</a></xml>'],
    read: (bytes) =>
      (['alipay', 'wechat', 'wechat_v2', 'test'] as const).map((channel) =>
        notificationId('a', channel, bytes),
      ),
  },
  'X-Forwarded-For': {
    corpus: ['203.0.113.7, 127.0.0.1', '::ffff:10.0.0.1,10.0.0.2'],
    read: (bytes) =>
      sourceOf(
        {
          headers: { 'x-forwarded-for': bytes.toString('latin1') },
          socket: { remoteAddress: '127.0.0.1' } as never,
        },
        new Set(['127.0.0.1']),
      ),
  },
  'a frame from a till': {
    corpus: [
      `{"type":"hello","protocol":1,"till":"a","signature":"${'A'.repeat(86)}","after":{"epoch":"e","seq":1}}`,
      '{"type":"ack","seq":7}',
      '{"type":"reject","seq":7,"reason":"not_genuine"}',
      '{"type":"ping"}',
    ],
    read: (bytes) => parseFrame(TillFrame, utf8(bytes)),
  },
  'a frame from a relay': {
    corpus: [
      `{"type":"challenge","protocol":1,"relay":"r","nonce":"${'A'.repeat(43)}"}`,
      '{"type":"welcome","till":"a","epoch":"e","window":32}',
      '{"type":"delivery","seq":1,"id":"x","channel":"wechat","receivedMs":1,"headers":{"a":"b"},"body":"AAAA"}',
    ],
    read: (bytes) => parseFrame(RelayFrame, utf8(bytes)),
  },
  'an enrolment': {
    corpus: [JSON.stringify(enrolment)],
    read(bytes) {
      const request = parseFrame(EnrolRequest, utf8(bytes));
      return request && [request, verifyEnrol(request)];
    },
  },
  'the answer to an enrolment': {
    corpus: ['{"till":"a","relay":"r","pushUrl":"wss://r/till","notifyUrl":"https://r/notify/a/{channel}"}'],
    read: (bytes) => parseFrame(Enrolled, utf8(bytes)),
  },
  'a till’s public key': {
    corpus: [enrolment.publicKey],
    read: (bytes) => tillKey(utf8(bytes)) !== null,
  },
  'an answer of Alipay': {
    corpus: [
      signAlipayAnswer({
        method: 'alipay.trade.query',
        node: '{"code":"10000","msg":"Success","out_trade_no":"T1","list":[{"a":"\\u4f60"}]}',
        key: pair.privateKey,
      }),
    ],
    read: (bytes) => verifyAlipayAnswer(bytes, 'alipay.trade.query', pair.publicKey),
  },
  'WeChat’s certificates': {
    corpus: [
      writeWechatCertificates(
        [
          { serialNo: '5F01', pem, notBeforeMs: NOW_MS, notAfterMs: NOW_MS + 1, nonce: 'abcdefghijkl' },
        ] as never,
        API_V3_KEY,
      ),
    ],
    read: (bytes) => readWechatCertificates(utf8(bytes), API_V3_KEY),
  },
  'a certificate': {
    corpus: [pem, Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64').toString('base64')],
    read: (bytes) => parseCertificate(utf8(bytes)).serialHex,
    throws: KeyError,
  },
  'a public key': {
    corpus: [pair.publicPem],
    read: (bytes) => parsePublicKey(utf8(bytes)).asymmetricKeyType ?? '',
    throws: KeyError,
  },
  'a request to Alipay': {
    corpus: ['method=a.b&biz_content=%7B%22a%22%3A1%7D&sign=AAAA&app_id=1'],
    read: (bytes) => readAlipayRequest('charset=utf-8', utf8(bytes)),
  },
  'the authorization of a request to WeChat': {
    corpus: [
      'WECHATPAY2-SHA256-RSA2048 mchid="1",nonce_str="n",timestamp="1",serial_no="5F",signature="QUFB"',
    ],
    read: (bytes) => parseWechatAuthorization(bytes.toString('latin1')),
  },
};

/** What comes out of a parser, in characters: bytes count once. */
function sizeOf(output: unknown): number {
  const text = JSON.stringify(output, (_, value) =>
    value instanceof Uint8Array || value?.type === 'Buffer'
      ? 'x'.repeat(value.length ?? value.data.length)
      : value,
  );
  return text?.length ?? 0;
}

/** What regular expressions, brackets, escapes and recursion choke on. */
const PATTERNS = [
  ...[
    'a',
    '&',
    '=',
    '%',
    '%41',
    '+',
    'a=b&',
    '"',
    '\\',
    '\\"',
    '{',
    '[',
    '{"a":',
    '[[',
    ']',
    '}',
    ',',
    ':',
    ' ',
    '\n',
  ],
  ...[
    '"a":1,',
    '{"a":"',
    '-----BEGIN CERTIFICATE-----\n',
    '-----',
    'AAAA',
    '=AAA',
    '0\x80',
    '\x30\x82\xff\xff',
    '\x30\x80',
  ],
  ...['a="b",', 'a="b', '127.0.0.1,', '-', '- ', '1', '1e', '\\u0000', '<a>', '\xff', '\u4f60'],
];
const LENGTH = 16 * 1024;
/** Four times as much takes four times as long, give or take what a processor does; quadratic would be sixteen. */
const GROWTH = 4;
const GROWTH_MAX = 9;
/** Below this much processor time nothing is measured, and nothing is slow. */
const CPU_MS_MIN = 40;

/** The least processor time of some tries, ms: that of other processes does not count. */
function cpuMs(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 3; turn++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1_000);
    if (least < CPU_MS_MIN) break;
  }
  return least;
}

describe.each(Object.entries(PARSERS))('%s', (_, { corpus, read, throws }) => {
  const attempt = (bytes: Buffer): unknown => {
    try {
      return read(bytes);
    } catch (error) {
      if (throws && error instanceof throws) return null;
      throw error;
    }
  };

  test('is read from genuine bytes, and from spoiled ones without harm, into no more than came', () => {
    for (const genuine of corpus) expect(read(Buffer.from(genuine as string))).toBeTruthy();
    fc.assert(
      fc.property(spoiled(corpus), (bytes) => {
        expect(sizeOf(attempt(bytes))).toBeLessThan(8 * bytes.length + 2_000);
      }),
      runsOf(400),
    );
  });

  test('takes time in proportion to its length, whatever is repeated', () => {
    for (const pattern of PATTERNS) {
      for (const head of [
        '',
        Buffer.from(corpus[0] as string)
          .toString('latin1')
          .slice(0, 12),
      ]) {
        const of = (length: number) =>
          Buffer.from(head + pattern.repeat(Math.ceil(length / pattern.length)), 'latin1').subarray(
            0,
            length,
          );
        const [short, long] = [of(LENGTH), of(GROWTH * LENGTH)];
        const longMs = cpuMs(() => attempt(long));
        if (longMs < CPU_MS_MIN) continue;
        expect(longMs / cpuMs(() => attempt(short)), JSON.stringify(pattern)).toBeLessThan(GROWTH_MAX);
      }
    }
  });
});
