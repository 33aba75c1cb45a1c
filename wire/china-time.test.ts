import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alipayTime, alipayTimeMs, wechatTime, wechatTimeMs } from './china-time.ts';

const seconds = fc.integer({ min: 0, max: 4_000_000_000 }).map((value) => value * 1_000);

test('both forms give the same moment back, whatever zone the machine is in', () => {
  fc.assert(
    fc.property(seconds, (ms) => {
      expect(alipayTimeMs(alipayTime(ms))).toBe(ms);
      expect(wechatTimeMs(wechatTime(ms))).toBe(ms);
    }),
  );
});

test('times are written in UTC+8 without fractions', () => {
  const ms = Date.UTC(2024, 6, 23, 19, 7, 50, 999);
  expect(alipayTime(ms)).toBe('2024-07-24 03:07:50');
  expect(wechatTime(ms)).toBe('2024-07-24T03:07:50+08:00');
});

test('what is not such a time is null', () => {
  for (const text of ['', '2024-02-30 00:00:00', '2024-07-24 25:00:00', '2024-07-24T03:07:50', '2024-07-24'])
    expect(alipayTimeMs(text)).toBeNull();
  for (const text of ['', '2024-07-24T03:07:50', '2024-07-24 03:07:50+08:00', '2024-13-24T03:07:50Z', 'now'])
    expect(wechatTimeMs(text)).toBeNull();
});
