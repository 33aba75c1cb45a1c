import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readAlipayAnswer, signAlipayAnswer, verifyAlipayAnswer } from './alipay-response.ts';
import { rawMembers } from './json-members.ts';
import { testPair } from './test-certificates.ts';

const METHOD = 'alipay.trade.query';
const ROOT = 'alipay_trade_query_response';
const pair = testPair();

/** Text that tries to end a string, open a bracket, or name a member. */
const nasty = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('"', '\\', '{', '}', '[', ']', ':', ',', 'sign', '\n', '\u2028', '测'), {
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    nasty,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(nasty, tie('value'), { maxKeys: 5 }),
})).object;
const space = fc.constantFrom('', ' ', '\n', '\t \r\n');

test('the signed node is found whatever its strings and its neighbours hold', () => {
  fc.assert(
    fc.property(json, json, space, fc.boolean(), fc.nat(4), (node, neighbour, gap, first, indent) => {
      const raw = JSON.stringify(node, null, indent);
      const members = [`${gap}"${ROOT}"${gap}:${gap}${raw}${gap}`, `"sign"${gap}:${gap}"c2lnbg=="${gap}`];
      if (!JSON.stringify(neighbour).includes(ROOT)) members.push(`"x":${JSON.stringify(neighbour)}`);
      const body = `{${(first ? members : members.toReversed()).join(',')}}`;
      const reading = readAlipayAnswer(body, METHOD);
      expect(reading).toMatchObject({ ok: true, answer: { node: raw, sign: 'c2lnbg==', root: 'method' } });
    }),
  );
});

test('a found node is exactly what a JSON parser would have found', () => {
  fc.assert(
    fc.property(
      fc.dictionary(nasty, fc.oneof(nasty, json, fc.double({ noNaN: true, noDefaultInfinity: true }))),
      (object) => {
        const members = rawMembers(JSON.stringify(object));
        const own = Object.entries(JSON.parse(JSON.stringify(object)));
        expect(members?.map(({ name, raw }) => [name, JSON.parse(raw)])).toEqual(own);
      },
    ),
  );
});

test('arbitrary bytes give a verdict, never a crash', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        nasty.map((text) => Buffer.from(`{"${ROOT}":${text}`)),
      ),
      (bytes) => {
        expect(verifyAlipayAnswer(bytes, METHOD, pair.publicKey).kind).not.toBe('genuine');
      },
    ),
  );
  expect(verifyAlipayAnswer('['.repeat(200_000), METHOD, pair.publicKey).kind).toBe('unreadable');
  expect(verifyAlipayAnswer(`{"${ROOT}":${'['.repeat(200_000)}`, METHOD, pair.publicKey).kind).toBe(
    'unreadable',
  );
});

test('every flipped bit of an answer is noticed', () => {
  const node = '{"code":"10000","total_amount":"88.88","trade_status":"TRADE_SUCCESS","n":"\\"}测"}';
  const body = Buffer.from(signAlipayAnswer({ method: METHOD, node, key: pair.privateKey }));
  expect(verifyAlipayAnswer(body, METHOD, pair.publicKey).kind).toBe('genuine');
  for (let at = 0; at < body.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ (1 << bit);
      expect(verifyAlipayAnswer(changed, METHOD, pair.publicKey).kind, `byte ${at} bit ${bit}`).not.toBe(
        'genuine',
      );
    }
    expect(verifyAlipayAnswer(body.subarray(0, at), METHOD, pair.publicKey).kind).toBe('unreadable');
  }
});

test('a root that comes twice is refused, in whatever spelling', () => {
  const good = signAlipayAnswer({ method: METHOD, node: '{"code":"10000"}', key: pair.privateKey });
  const evil = '{"code":"10000","trade_status":"TRADE_SUCCESS"}';
  const doubled = [
    `${good.slice(0, -1)},"${ROOT}":${evil}}`,
    `{"${ROOT}":${evil},${good.slice(1)}`,
    `${good.slice(0, -1)},"\\u0061${ROOT.slice(1)}":${evil}}`,
    `${good.slice(0, -1)},"x":{"${ROOT}":${evil}}}`,
    `${good.slice(0, -1)},"sign":"x"}`,
  ];
  for (const body of doubled)
    expect(verifyAlipayAnswer(body, METHOD, pair.publicKey)).toEqual({
      kind: 'unreadable',
      why: 'duplicate',
    });
});

test('an answer to one method is none to another', () => {
  const body = signAlipayAnswer({ method: METHOD, node: '{"code":"10000"}', key: pair.privateKey });
  expect(verifyAlipayAnswer(body, 'alipay.trade.close', pair.publicKey)).toEqual({
    kind: 'unreadable',
    why: 'no_node',
  });
});

test('an unsigned answer is told from a forged one', () => {
  const parts = { method: METHOD, node: '{"code":"40002"}', root: 'error' as const };
  expect(verifyAlipayAnswer(signAlipayAnswer(parts), METHOD, pair.publicKey).kind).toBe('unsigned');
  const foreign = signAlipayAnswer({ ...parts, key: testPair().privateKey });
  expect(verifyAlipayAnswer(foreign, METHOD, pair.publicKey).kind).toBe('forged');
});
