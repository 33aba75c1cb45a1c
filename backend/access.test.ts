import { type AnyProcedure, call, isProcedure } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../ports/clock.ts';
import { codeOf, newWindow, staffed } from '../test/fakes/staff.ts';
import { type TestTill, testTill } from '../test/fakes/till.ts';
import type { CallContext } from './access.ts';
import { RIGHTS_TABLE, STANDINGS, type Standing } from './domain/rights.ts';

const PEOPLE = 'owner manager cashier';
const ALL = `${PEOPLE} integrator`;

/** Each procedure with an input that it takes and who may call it: said here a second time, on purpose. */
const EXPECTED: Record<string, { input?: object; may: string }> = {
  'till.get': { may: `${ALL} locked nobody` },
  'till.status': { may: `${ALL} locked nobody` },
  'till.today': { may: `${ALL} locked` },
  'orders.create': { input: { orderNo: 'A1', amountFen: 1, subject: 'x' }, may: ALL },
  'orders.list': { input: {}, may: `${ALL} locked` },
  'orders.get': { input: { orderNo: 'A1' }, may: `${ALL} locked` },
  'orders.cancel': { input: { orderNo: 'A1' }, may: ALL },
  'orders.incidentFile': { input: { orderNo: 'A1', format: 'json' }, may: 'owner manager integrator' },
  'charges.create': { input: { orderNo: 'A2' }, may: ALL },
  'charges.cancel': { input: { chargeId: 'none' }, may: ALL },
  'charges.check': { input: { chargeId: 'none' }, may: ALL },
  'charges.live': { may: `${ALL} locked` },
  'trades.list': { input: {}, may: `${ALL} locked` },
  'trades.get': { input: { tradeNo: '1'.repeat(24) }, may: `${ALL} locked` },
  'refunds.create': { input: { tradeNo: 'T00001', amountFen: 1, reason: '退货' }, may: ALL },
  'refunds.list': { input: {}, may: `${ALL} locked` },
  'refunds.get': { input: { refundNo: 'R00001' }, may: `${ALL} locked` },
  'refunds.withdraw': { input: { refundNo: 'R00001' }, may: ALL },
  'refunds.check': { input: { refundNo: 'R00001' }, may: `${ALL} locked` },
  'refunds.giveBack': { input: { tradeNo: 'T00001' }, may: ALL },
  'refunds.keep': { input: { tradeNo: 'T00001', reason: 'because' }, may: ALL },
  'outbox.list': { input: {}, may: `${ALL} locked` },
  'outbox.retry': { input: { entryId: 1 }, may: ALL },
  'outbox.setAside': { input: { entryId: 1, reason: 'because' }, may: ALL },
  'relay.status': { may: `${ALL} locked` },
  'relay.enrol': { input: { code: 'x' }, may: 'owner manager integrator' },
  'relay.test': { may: 'owner manager integrator' },
  'shifts.current': { may: PEOPLE },
  'shifts.list': { input: {}, may: PEOPLE },
  'shifts.open': { may: PEOPLE },
  'shifts.close': { input: {}, may: PEOPLE },
  'bills.list': { input: {}, may: 'owner manager' },
  'bills.get': { input: { billId: 1 }, may: 'owner manager' },
  'bills.fetch': { input: { channel: 'alipay', day: '2026-11-20' }, may: 'owner manager' },
  'bills.drop': { input: { channel: 'alipay', day: '2026-11-20', fileName: 'x' }, may: 'owner manager' },
  'bills.piece': { input: { billId: 1, position: 0, base64: '', isLast: true }, may: 'owner manager' },
  'bills.lines': { input: { billId: 1 }, may: 'owner manager' },
  'bills.ask': { input: { billId: 1 }, may: 'owner manager' },
  'bills.resolve': { input: { billId: 1, line: 1, reason: 'because' }, may: 'owner manager' },
  'bills.csv': { input: { billId: 1 }, may: 'owner manager' },
  'auth.login': { input: { operator: 'x', pin: '0000' }, may: `${PEOPLE} locked nobody stranger` },
  'auth.refresh': { input: { refreshToken: 'none' }, may: `${PEOPLE} locked nobody stranger` },
  'auth.session': { may: `${ALL} locked nobody` },
  'auth.names': { may: `${PEOPLE} locked nobody` },
  'auth.unlock': { input: { pin: '0000' }, may: `${PEOPLE} locked nobody stranger` },
  'people.list': { may: 'owner manager' },
  'people.setUpOwner': { input: { name: 'x', pin: '903751' }, may: 'owner manager' },
  'people.add': { input: { name: 'x', role: 'cashier', pin: '0000' }, may: 'owner manager' },
  'people.change': { input: { personId: 'none' }, may: 'owner manager' },
  'people.resetPin': { input: { personId: 'none', pin: '0000' }, may: 'owner manager' },
  'people.disable': { input: { personId: 'none' }, may: 'owner manager' },
  'people.changePin': { input: { pin: '0000', newPin: '0000' }, may: PEOPLE },
  'policy.get': { may: `${ALL} locked` },
  'policy.set': {
    input: { lockAfterMinutes: 1, refundApprovalAboveFen: 1 },
    may: 'owner manager integrator',
  },
  // Last: they change how the caller stands.
  'auth.lock': { may: `${PEOPLE} locked nobody stranger` },
  'auth.logout': { may: `${PEOPLE} locked nobody stranger` },
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

  /** In the order of the table; what ends or locks the caller's session last, each on a session of its own. */
  async function walk(
    standing: Standing,
    till: TestTill,
    ask: (name: string, procedure: AnyProcedure, input: unknown) => Promise<string>,
  ): Promise<string[]> {
    const wrong: string[] = [];
    const found = new Map(procedures(till.backend.api));
    for (const [name, { input, may }] of Object.entries(EXPECTED)) {
      const procedure = found.get(name);
      const code = procedure ? await ask(name, procedure, input) : 'no such procedure';
      const isRefused = code === REFUSALS[standing];
      if (isRefused === may.split(' ').includes(standing)) wrong.push(`${name}: ${code}`);
    }
    return wrong;
  }

  /** A staffed till, and a way to be seated in it as somebody who stands like that. */
  async function seated(standing: Standing) {
    const till = testTill({ clock: systemClock() as never });
    till.backend.start();
    onTestFinished(() => till.backend.stop());
    const staff = await staffed(till.backend);
    const seat = async (): Promise<CallContext> => {
      if (standing === 'integrator' || standing === 'stranger') return { caller: standing };
      if (standing === 'nobody') return newWindow();
      const context = await staff.signIn(standing === 'locked' ? 'cashier' : standing);
      if (standing === 'locked') await call(till.backend.api.auth.lock, undefined, { context });
      return context;
    };
    return { till, seat };
  }

  test.each(STANDINGS)('%s gets through to what the table allows, and to nothing else', async (standing) => {
    const { till, seat } = await seated(standing);
    let context = await seat();
    const wrong = await walk(standing, till, async (name, procedure, input) => {
      const code = await codeOf(call(procedure as never, input as never, { context } as never));
      if (name.startsWith('auth.')) context = await seat();
      return code;
    });
    expect(wrong).toEqual([]);
  });

  test('a till without people is open to its window, and to no stranger', async () => {
    const till = testTill({ clock: systemClock() as never });
    till.backend.start();
    onTestFinished(() => till.backend.stop());
    const window: CallContext = { caller: 'window' };
    const { api } = till.backend;
    expect(
      await codeOf(call(api.outbox.setAside, { entryId: 1, reason: 'because' }, { context: window })),
    ).toBe('entry_not_found');
    expect(await call(api.auth.session, undefined, { context: window })).toMatchObject({
      hasPeople: false,
      person: null,
    });
    expect(await codeOf(call(api.till.get, undefined, { context: { caller: 'stranger' } }))).toBe(
      'unauthorized',
    );
  });

  test('each right is somebody’s, and has a reason', () => {
    for (const { may, why } of Object.values(RIGHTS_TABLE)) {
      expect(STANDINGS.some((standing) => may[standing])).toBe(true);
      expect(why.length).toBeGreaterThan(10);
    }
  });
});
