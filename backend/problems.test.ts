import { expect, test } from 'vitest';
import { silentLog } from '../ports/log.ts';
import { systemRandom } from '../ports/random.ts';
import { LeaseLost, LockUnavailable, OrderBusy } from './locks/order-mutex.ts';
import { createProblems } from './problems.ts';
import { StaleHold } from './store/fences.ts';

const problems = createProblems({ log: silentLog(), random: systemRandom(), onStorageError() {} });

test.each([
  [new OrderBusy('A1', 'T0MW', Date.parse('2026-11-21T06:32:10Z')), 'order_busy', 409],
  [new StaleHold('A1'), 'order_busy', 409],
  [new LeaseLost('A1'), 'order_busy', 409],
  [new LockUnavailable('unreachable'), 'lock_unavailable', 503],
  [new LockUnavailable('stopping'), 'stopping', 503],
])('%o leaves as a contract error', (error, code, status) => {
  expect(problems.from(error, false)).toMatchObject({ code, status });
});

test('a busy order says who holds it and until when, and nothing that is not known', () => {
  const busy = new OrderBusy('A1', 'T0MW', Date.parse('2026-11-21T06:32:10Z'));
  expect(problems.from(busy, false).data).toEqual({
    orderNo: 'A1',
    holder: 'T0MW',
    until: '2026-11-21T14:32:10.000+08:00',
  });
  expect(problems.from(new OrderBusy('A1'), false).data).toEqual({ orderNo: 'A1' });
});
