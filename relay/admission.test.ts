import { expect, test } from 'vitest';
import { SimClock } from '../ports/sim-clock.ts';
import { type AdmissionLimits, createAdmission, createRateLimit } from './admission.ts';

const LIMITS: AdmissionLimits = {
  inFlightMax: 5,
  inFlightPerTillMax: 3,
  inFlightPerSourceMax: 4,
  perTill: 10,
  perTillOfSource: 8,
  perSource: 1_000,
  inAll: 1_000,
};

function place(result: ReturnType<ReturnType<typeof createAdmission>['enter']>): { leave(): void } {
  if (typeof result === 'string') throw new Error(result);
  return result;
}

test('a till and a source have so many places at once, and all together so many', () => {
  const admission = createAdmission(new SimClock(0), LIMITS);
  const first = place(admission.enter('a', '1'));
  place(admission.enter('a', '1'));
  place(admission.enter('a', '1'));
  expect(admission.enter('a', '2')).toBe('too_many_at_once');
  place(admission.enter('b', '1'));
  expect(admission.enter('b', '1')).toBe('too_many_at_once');
  place(admission.enter('b', '2'));
  expect(admission.enter('c', '3')).toBe('too_many_at_once');
  first.leave();
  place(admission.enter('c', '3'));
});

test('one source that floods a till leaves room for its wallets', () => {
  const admission = createAdmission(new SimClock(0), {
    ...LIMITS,
    inFlightMax: 100,
    inFlightPerTillMax: 100,
  });
  const posts = (source: string, count: number) =>
    Array.from({ length: count }, () => {
      const result = admission.enter('a', source);
      if (typeof result !== 'string') result.leave();
      return result;
    }).filter((result) => typeof result !== 'string').length;
  expect(posts('stranger', 1_000)).toBe(32);
  expect(posts('wallet', 8)).toBe(8);
});

test('a rate is kept for long, with a burst of four seconds', async () => {
  const clock = new SimClock(0);
  const rate = createRateLimit(clock, 10);
  const taken = () => Array.from({ length: 100 }, () => rate.take('a')).filter(Boolean).length;
  expect(taken()).toBe(40);
  expect(rate.take('b')).toBe(true);
  await clock.advance(1_000);
  expect(taken()).toBe(10);
  await clock.advance(3_600_000);
  expect(taken()).toBe(40);
});

test('no source is refused because of all the others', () => {
  const rate = createRateLimit(new SimClock(0), 1);
  let refused = 0;
  for (let source = 0; source < 100_000; source++) if (!rate.take(`source-${source}`)) refused += 1;
  expect(refused).toBe(0);
});
