import { expect, test } from 'vitest';
import { systemRandom } from './random.ts';

test('the system’s bytes come in every length, each time others, and belong to who asked', () => {
  const random = systemRandom();
  const drawn = Array.from({ length: 400 }, (_, n) => random.bytes(8 + (n % 16)));
  expect(drawn.map(({ length }) => length)).toEqual(drawn.map((_, n) => 8 + (n % 16)));
  const before = drawn.map((bytes) => Buffer.from(bytes).toString('hex'));
  expect(new Set(before.map((hex) => hex.slice(0, 16))).size).toBe(400);
  for (const length of [0, 1, 1_024, 1_025, 100_000]) expect(random.bytes(length)).toHaveLength(length);
  for (const bytes of drawn.slice(1)) bytes.fill(0);
  expect(Buffer.from(drawn[0] ?? []).toString('hex')).toBe(before[0]);
  const many = random.bytes(1_000);
  expect(new Set(many).size).toBeGreaterThan(200);
});
