import { expect, test } from 'vitest';
import { sourceOf } from './source.ts';

const from = (remoteAddress: string, forwarded?: string) =>
  sourceOf(
    {
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      socket: { remoteAddress },
    } as never,
    new Set(['127.0.0.1', '10.0.0.2']),
  );

test.each<[string, string, string | undefined, string]>([
  ['a stranger is who he is', '203.0.113.9', undefined, '203.0.113.9'],
  ['a stranger cannot say that he is another', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['a trusted proxy says who it was', '127.0.0.1', '203.0.113.9', '203.0.113.9'],
  [
    'what was in the header before the proxy is not believed',
    '127.0.0.1',
    '1.1.1.1, 203.0.113.9',
    '203.0.113.9',
  ],
  ['a chain of trusted proxies is seen through', '::ffff:127.0.0.1', '203.0.113.9, 10.0.0.2', '203.0.113.9'],
  ['a proxy that says nothing is itself', '127.0.0.1', undefined, '127.0.0.1'],
])('%s', (_, peer, forwarded, source) => {
  expect(from(peer, forwarded)).toBe(source);
});
