import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaleOf } from './scale.ts';

test('a scale holds every bar, wastes less than half of its height, and has two to five lines in whole yuan', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 99_999_999_999 }), { maxLength: 30 }), (values) => {
      const { topFen, lines } = scaleOf(values);
      const most = Math.max(100, ...values);
      expect(topFen).toBeGreaterThanOrEqual(most);
      expect(topFen).toBeLessThanOrEqual(2 * most);
      expect(lines[0]).toBe(0);
      expect(lines.at(-1)).toBe(topFen);
      expect(lines.length).toBeGreaterThanOrEqual(2);
      expect(lines.length).toBeLessThanOrEqual(5);
      for (const line of lines) expect(line % 100).toBe(0);
    }),
  );
});

test('a day without takings has a scale all the same', () => {
  expect(scaleOf([0, 0])).toEqual({ topFen: 100, lines: [0, 100] });
});
