import { expect, test } from 'vitest';
import { errorWords } from './error-words.ts';
import { en } from './i18n/en.ts';
import type { Words } from './i18n/index.ts';
import { zh } from './i18n/zh.ts';

const wordsOf =
  (catalogue: Record<string, string>): Words =>
  (key, values) =>
    (catalogue[key] ?? '').replace(/\{\{(\w+)\}\}/g, (_, name) => String(values?.[name]));

const held = { holder: 'T0MW', until: '2026-11-21T14:36:40.000+08:00' };

test('who has an order, and until when, is said in both languages', () => {
  expect(errorWords(wordsOf(zh), 'order_elsewhere', held)).toBe(
    '收款台 T0MW 正在收这一单，请不要再收。最晚到 14:36:40。',
  );
  expect(errorWords(wordsOf(en), 'order_busy', held)).toBe(
    'Till T0MW is working on this order. Until 14:36:40 at the latest.',
  );
});

test('what is not known is not said', () => {
  expect(errorWords(wordsOf(en), 'order_busy', { holder: 'T0MW' })).toBe(
    'Till T0MW is working on this order.',
  );
  expect(errorWords(wordsOf(en), 'order_busy', {})).toBe(en['errors.order_busy']);
  expect(errorWords(wordsOf(en), 'order_paid', held)).toBe(en['errors.order_paid']);
});
