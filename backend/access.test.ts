import { type AnyProcedure, call, isProcedure } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../ports/clock.ts';
import { testTill } from '../test/fakes/till.ts';
import type { CallContext } from './access.ts';
import { RIGHTS_TABLE, STANDINGS, type Standing } from './domain/rights.ts';

const ALL = 'owner manager cashier integrator';

/** Each procedure with an input that it takes and who may call it: said here a second time, on purpose. */
const EXPECTED: Record<string, { input?: object; may: string }> = {
  'till.get': { may: `${ALL} locked nobody` },
  'till.status': { may: `${ALL} locked nobody` },
  'till.today': { may: `${ALL} locked` },
  'orders.create': { input: { orderNo: 'A1', amountFen: 1, subject: 'x' }, may: ALL },
  'orders.list': { input: {}, may: `${ALL} locked` },
  'orders.get': { input: { orderNo: 'A1' }, may: `${ALL} locked` },
  'orders.cancel': { input: { orderNo: 'A1' }, may: ALL },
  'charges.create': { input: { orderNo: 'A2' }, may: ALL },
  'charges.cancel': { input: { chargeId: 'none' }, may: ALL },
  'charges.check': { input: { chargeId: 'none' }, may: ALL },
  'charges.live': { may: `${ALL} locked` },
  'trades.list': { input: {}, may: `${ALL} locked` },
  'trades.get': { input: { tradeNo: '1'.repeat(24) }, may: `${ALL} locked` },
  'outbox.list': { input: {}, may: `${ALL} locked` },
  'outbox.retry': { input: { entryId: 1 }, may: ALL },
  'outbox.setAside': { input: { entryId: 1, reason: 'because' }, may: ALL },
  'relay.status': { may: `${ALL} locked` },
  'relay.enrol': { input: { code: 'x' }, may: 'owner manager integrator' },
  'relay.test': { may: 'owner manager integrator' },
  events: { may: `${ALL} locked` },
};

/** What a caller hears who may not. */
const REFUSALS: Record<Standing, string> = {
  owner: 'not_allowed',
  manager: 'not_allowed',
  cashier: 'not_allowed',
  integrator: 'not_allowed',
  locked: 'screen_locked',
  nobody: 'sign_in_needed',
  stranger: 'unauthorized',
};

function procedures(router: object, path: string[] = []): [string, AnyProcedure][] {
  return Object.entries(router).flatMap(([name, each]): [string, AnyProcedure][] => {
    const here = [...path, name];
    return isProcedure(each) ? [[here.join('.'), each]] : procedures(each as object, here);
  });
}

describe('who may call what', () => {
  test('every procedure is known here, and names a right of the table', () => {
    const found = procedures(testTill().backend.api);
    expect(found.map(([name]) => name).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const [name, procedure] of found)
      expect([name, procedure['~orpc'].meta.needs in RIGHTS_TABLE]).toEqual([name, true]);
  });

  test.each<[Standing, CallContext]>([
    ['owner', { caller: 'window' }],
    ['integrator', { caller: 'integrator' }],
    ['stranger', { caller: 'stranger' }],
  ])('%s gets through to what the table allows, and to nothing else', async (standing, context) => {
    const { backend } = testTill({ clock: systemClock() as never });
    backend.start();
    const wrong: string[] = [];
    for (const [name, procedure] of procedures(backend.api)) {
      const expected = EXPECTED[name];
      const code = await call(procedure as never, expected?.input as never, { context } as never).then(
        () => 'done',
        (error: { code?: string }) => error.code ?? 'no code',
      );
      const isRefused = code === REFUSALS[standing];
      if (isRefused === expected?.may.split(' ').includes(standing)) wrong.push(`${name}: ${code}`);
    }
    await backend.stop();
    expect(wrong).toEqual([]);
  });

  test('each right is somebody’s, and has a reason', () => {
    for (const { may, why } of Object.values(RIGHTS_TABLE)) {
      expect(STANDINGS.some((standing) => may[standing])).toBe(true);
      expect(why.length).toBeGreaterThan(10);
    }
  });
});
