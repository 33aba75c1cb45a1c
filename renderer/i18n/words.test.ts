import { expect, test } from 'vitest';
import { ERRORS, LINK_ERROR_CODES } from '../../contract/errors.ts';
import { ChargeState } from '../../contract/order.ts';
import { OutboxKind, ParkedWhy } from '../../contract/outbox.ts';
import { Ability } from '../../contract/till.ts';
import { Refusal, TRADE_STATES } from '../../contract/trade.ts';
import { SCREEN_OF_CHARGE } from '../store/screen.ts';
import { en } from './en.ts';
import { zh } from './zh.ts';

test('both languages have every key, and no key is empty', () => {
  expect(Object.keys(zh).sort()).toEqual(Object.keys(en).sort());
  expect(Object.values({ ...en, ...zh }).every((words) => words.trim() !== '')).toBe(true);
});

test('both languages name the same values in each sentence', () => {
  const names = (words: string) => [...words.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]).sort();
  const differing = Object.entries(en).filter(
    // An English sentence may say “once” where Chinese counts.
    ([key, words]) =>
      !key.endsWith('_one') && String(names(words)) !== String(names(zh[key as keyof typeof en])),
  );
  expect(differing).toEqual([]);
});

test('every code, reason and state of the contract has words', () => {
  const reasons = Ability.shape.reason.unwrap().options;
  const keys = [
    ...[...Object.keys(ERRORS), ...LINK_ERROR_CODES].map((code) => `errors.${code}`),
    ...reasons.map((reason) => `reason.${reason}`),
    ...Refusal.shape.reason.options.map((reason) => `refusal.${reason}`),
    ...TRADE_STATES.map((state) => `state.${state}`),
    ...ChargeState.options.map((state) => `tray.${SCREEN_OF_CHARGE[state]}`),
    ...OutboxKind.options.map((kind) => `attention.asked.${kind}`),
    ...ParkedWhy.options.flatMap((why) =>
      ['title', 'story', 'steps'].map((part) => `attention.${part}.${why}`),
    ),
  ];
  expect(keys.filter((key) => !(key in en))).toEqual([]);
});
