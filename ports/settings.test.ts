import { describe, expect, test } from 'vitest';
import { readSettings, SettingsError } from './settings.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe('where the shop’s systems are told', () => {
  test('is an https address, or http on this machine, with a secret', () => {
    for (const webhook of ['https://shop.example/m?x=1', 'http://127.0.0.1:8080/m', 'http://localhost/m']) {
      const env = { MIANFU_WEBHOOK: webhook, MIANFU_WEBHOOK_SECRET: SECRET };
      expect(readSettings('backend', [], env)).toMatchObject({ webhook, webhookSecret: SECRET });
    }
    const flag = readSettings('backend', ['--webhook', 'https://shop.example'], {
      MIANFU_WEBHOOK_SECRET: SECRET,
    });
    expect(flag).toMatchObject({ webhook: 'https://shop.example' });
    expect(readSettings('backend', [], {})).toMatchObject({ webhook: undefined, webhookSecret: undefined });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['no secret', { MIANFU_WEBHOOK: 'https://shop.example/m' }, /MIANFU_WEBHOOK_SECRET/],
    ['a short secret', { MIANFU_WEBHOOK_SECRET: `whsec_${btoa('x'.repeat(23))}` }, /24 to 64 random bytes/],
    ['a secret that is no base64', { MIANFU_WEBHOOK_SECRET: `${SECRET}*` }, /base64/],
    ['a secret of another kind', { MIANFU_WEBHOOK_SECRET: 'a-secret-of-another-kind' }, /whsec_/],
    ['plain http beyond this machine', { MIANFU_WEBHOOK: 'http://shop.example/m' }, /give https/],
    ['another scheme', { MIANFU_WEBHOOK: 'ftp://127.0.0.1/m' }, /MIANFU_WEBHOOK is not usable/],
    ['a password in the address', { MIANFU_WEBHOOK: 'https://a:b@shop.example/m' }, /no password/],
    ['no address at all', { MIANFU_WEBHOOK: 'shop' }, /MIANFU_WEBHOOK is not usable/],
  ])('is refused with %s, and no secret is repeated', (_, env, words) => {
    let refusal: unknown;
    try {
      readSettings('backend', [], env);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toBeInstanceOf(SettingsError);
    const { message } = refusal as SettingsError;
    expect(message).toMatch(words);
    expect(message).not.toContain(env.MIANFU_WEBHOOK_SECRET ?? 'no secret given');
  });
});
