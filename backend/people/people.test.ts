import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { windowOf } from '../../test/fakes/client.ts';
import { codeOf, NAMES, newWindow, PINS, staffed } from '../../test/fakes/staff.ts';
import { type TestTill, testTill } from '../../test/fakes/till.ts';
import type { CallContext } from '../access.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { portSeat } from './sessions.ts';

const MINUTE = 60_000;
const INTEGRATOR: CallContext = { caller: 'integrator' };

async function made(change: Parameters<typeof testTill>[0] = {}) {
  const till = testTill(change);
  till.backend.start();
  const { api } = till.backend;
  return {
    ...till,
    api,
    login: (operator: string, pin: string, context = newWindow()) =>
      codeOf(call(api.auth.login, { operator, pin }, { context })),
  };
}

async function withStaff() {
  const till = await made();
  return { ...till, staff: await staffed(till.backend) };
}

/** What the ledger says about people: type, who did it, to whom. */
function said({ db }: TestTill): string[] {
  return createStore(db)
    .events.after(0, 1_000)
    .filter(({ orderNo }) => orderNo === null)
    .map(({ type, by, what }) => `${type}${what === null ? '' : ` ${what}`} by ${by?.actor.kind}`);
}

describe('signing in', () => {
  test('after five wrong PINs nothing is looked at, longer each time, and a restart does not help', async () => {
    const db = openMemoryDatabase();
    const first = await made({ db });
    await staffed(first.backend);
    const wrong = async (times: number) => {
      const codes = [];
      for (let n = 0; n < times; n++) codes.push(await first.login(NAMES.cashier, '000000'));
      return codes;
    };
    expect(await wrong(4)).toEqual(Array(4).fill('sign_in_refused'));
    const locked = call(
      first.api.auth.login,
      { operator: NAMES.cashier, pin: '000000' },
      { context: newWindow() },
    );
    await expect(locked).rejects.toMatchObject({
      code: 'sign_in_locked',
      data: { until: '2026-11-21T14:33:10.000+08:00' },
    });
    expect(await first.login(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    const again = await made({ db, clock: first.clock });
    expect(await again.login(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    expect(await again.login(NAMES.manager, PINS.manager)).toBe('done');
    await first.clock.advance(MINUTE);
    expect(await wrong(1)).toEqual(['sign_in_locked']);
    await first.clock.advance(MINUTE);
    expect(await first.login(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    await first.clock.advance(MINUTE);
    expect(await first.login(NAMES.cashier, PINS.cashier)).toBe('done');
    expect(await wrong(4)).toEqual(Array(4).fill('sign_in_refused'));
    expect(said(first).filter((line) => line.startsWith('sign_in.locked'))).toHaveLength(2);
  });

  test('a hundred guesses at once are a hundred', async () => {
    const { login } = await withStaff();
    const codes = await Promise.all(Array.from({ length: 100 }, () => login(NAMES.cashier, '000000')));
    expect(codes.filter((code) => code === 'sign_in_refused').length).toBeLessThanOrEqual(4);
    expect(codes.filter((code) => code === 'sign_in_locked').length).toBeGreaterThanOrEqual(96);
  });

  test('a name that nobody has is answered and locked in the same way', async () => {
    const { login } = await withStaff();
    const of = async (name: string) => {
      const codes = [];
      for (let n = 0; n < 6; n++) codes.push(await login(name, '000000'));
      return codes;
    };
    expect(await of('nobody')).toEqual(await of(NAMES.cashier));
  });

  test('who guesses over the network locks nobody out at the till, and runs out of tries by address', async () => {
    const { api, login } = await withStaff();
    const seat = { ...portSeat('T'), place: { at: 'network' as const, address: '10.0.0.9' } };
    const context: CallContext = { caller: 'stranger', seat };
    const guess = (operator: string, pin: string) =>
      codeOf(call(api.auth.login, { operator, pin }, { context }));
    const codes = [];
    for (let n = 0; n < 21; n++) codes.push(await guess(`name ${n}`, '000000'));
    expect(codes.slice(0, 20)).toEqual(Array(20).fill('sign_in_refused'));
    expect(codes[20]).toBe('sign_in_locked');
    expect(await guess(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    expect(await login(NAMES.cashier, PINS.cashier)).toBe('done');
  });

  test('another person at the same window ends the first one’s session', async () => {
    const { api, login, staff } = await withStaff();
    expect(await login(NAMES.manager, PINS.manager, staff.cashier)).toBe('done');
    const now = await call(api.auth.session, undefined, { context: staff.cashier });
    expect(now.person?.name).toBe(NAMES.manager);
  });

  test('a port that broke is followed by another without a PIN, by the window’s token', async () => {
    const { api } = await withStaff();
    const context = newWindow();
    const { refreshToken } = await call(
      api.auth.login,
      { operator: NAMES.cashier, pin: PINS.cashier },
      { context },
    );
    const after = newWindow();
    const fresh = await call(api.auth.refresh, { refreshToken: refreshToken ?? '' }, { context: after });
    expect(fresh.person?.name).toBe(NAMES.cashier);
    expect((await call(api.auth.session, undefined, { context: after })).person?.name).toBe(NAMES.cashier);
  });

  test('the stream of a person who is disabled ends at once', async () => {
    const { api, staff } = await withStaff();
    const stream = await call(api.events, undefined, { context: staff.cashier });
    await stream.next();
    const ended = stream.next();
    await call(api.people.disable, { personId: staff.ids.cashier }, { context: staff.owner });
    expect(await ended).toMatchObject({ done: true });
  });
});

describe('the locked screen', () => {
  test('shows what runs, does nothing, and opens by the PIN of whoever locked it', async () => {
    const { api, staff } = await withStaff();
    const at = { context: staff.cashier };
    expect(await call(api.auth.lock, undefined, at)).toMatchObject({
      isLocked: true,
      person: { name: NAMES.cashier },
    });
    expect(await codeOf(call(api.charges.live, undefined, at))).toBe('done');
    expect(await codeOf(call(api.charges.create, { amountFen: 1 }, at))).toBe('screen_locked');
    expect(await codeOf(call(api.auth.unlock, { pin: PINS.manager }, at))).toBe('sign_in_refused');
    expect(await call(api.auth.unlock, { pin: PINS.cashier }, at)).toMatchObject({ isLocked: false });
  });
});

describe('people', () => {
  test('a till without people asks nothing; its first person is the owner, once', async () => {
    const { api } = await made();
    const window = newWindow();
    const first = { name: NAMES.cashier, role: 'cashier' as const, pin: PINS.cashier };
    expect(await codeOf(call(api.people.add, first, { context: window }))).toBe('sign_in_needed');
    const tries = [1, 2].map((nth) =>
      codeOf(
        call(api.people.setUpOwner, { name: `owner ${nth}`, pin: PINS.owner }, { context: newWindow() }),
      ),
    );
    expect((await Promise.all(tries)).sort()).toEqual(['done', 'people_exist']);
    expect(await codeOf(call(api.orders.list, {}, { context: window }))).toBe('sign_in_needed');
    const stranger = { context: { caller: 'stranger' as const } };
    expect(await codeOf(call(api.people.setUpOwner, { name: 'x', pin: PINS.owner }, stranger))).toBe(
      'unauthorized',
    );
  });

  test('a manager decides about cashiers alone, and nobody about the last owner', async () => {
    const { api, staff } = await withStaff();
    const manager = { context: staff.manager };
    const owner = { context: staff.owner };
    const add = (name: string, role: 'owner' | 'manager' | 'cashier', as: { context: CallContext }) =>
      codeOf(call(api.people.add, { name, role, pin: '640281' }, as));
    expect(await add('赵一', 'manager', manager)).toBe('not_allowed');
    expect(await add('赵一', 'cashier', manager)).toBe('done');
    const [first] = await call(api.people.list, undefined, owner);
    const ownerId = first?.personId ?? '';
    expect(await codeOf(call(api.people.resetPin, { personId: ownerId, pin: '640281' }, manager))).toBe(
      'not_allowed',
    );
    expect(await codeOf(call(api.people.disable, { personId: ownerId }, manager))).toBe('not_allowed');
    expect(await codeOf(call(api.people.disable, { personId: ownerId }, owner))).toBe('last_owner');
    expect(await codeOf(call(api.people.change, { personId: ownerId, role: 'cashier' }, owner))).toBe(
      'last_owner',
    );
    const promote = { personId: staff.ids.cashier, role: 'owner' as const };
    expect(await codeOf(call(api.people.change, promote, manager))).toBe('not_allowed');
    expect(await add('老板', 'cashier', owner)).toBe('person_name_taken');
    expect(await add(' 老板 ', 'cashier', owner)).toBe('person_name_taken');
    expect(await codeOf(call(api.people.add, { name: '钱二', role: 'cashier', pin: '123456' }, owner))).toBe(
      'pin_too_simple',
    );
  });

  test('one’s own PIN is changed with the old one, and ends one’s other sessions', async () => {
    const { api, staff, login } = await withStaff();
    const elsewhere = await staff.signIn('cashier');
    const change = (pin: string) =>
      codeOf(call(api.people.changePin, { pin, newPin: '640281' }, { context: staff.cashier }));
    expect(await change('111111')).toBe('sign_in_refused');
    expect(await change(PINS.cashier)).toBe('done');
    expect(await codeOf(call(api.orders.list, {}, { context: elsewhere }))).toBe('sign_in_needed');
    expect(await codeOf(call(api.orders.list, {}, { context: staff.cashier }))).toBe('done');
    expect(await login(NAMES.cashier, '640281')).toBe('done');
  });

  test('a disabled person is out at once, stays in the list, and leaves the name to another', async () => {
    const { api, staff, login, db } = await withStaff();
    const owner = { context: staff.owner };
    await call(api.people.disable, { personId: staff.ids.cashier }, owner);
    expect(await codeOf(call(api.orders.list, {}, { context: staff.cashier }))).toBe('sign_in_needed');
    expect(await login(NAMES.cashier, PINS.cashier)).toBe('sign_in_refused');
    expect(await call(api.auth.names, undefined, owner)).toEqual([NAMES.owner, NAMES.manager]);
    expect(
      (await call(api.people.list, undefined, owner)).map(({ disabledAt }) => disabledAt !== null),
    ).toContain(true);
    const next = { name: NAMES.cashier, role: 'cashier' as const, pin: '640281' };
    expect(await codeOf(call(api.people.add, next, owner))).toBe('done');
    expect(() => db.prepare('DELETE FROM people').run()).toThrow('never deleted');
  });

  test('every change of people is in the ledger, with who did it and without a PIN', async () => {
    const till = await withStaff();
    const { api, staff } = till;
    await call(
      api.people.change,
      { personId: staff.ids.cashier, name: '李小敏' },
      { context: staff.manager },
    );
    await call(
      api.people.resetPin,
      { personId: staff.ids.cashier, pin: '640281' },
      { context: staff.manager },
    );
    await call(api.people.disable, { personId: staff.ids.cashier }, { context: staff.owner });
    expect(said(till)).toEqual([
      'person.created by till',
      'session.started by person',
      'person.created by person',
      'person.created by person',
      'session.started by person',
      'session.started by person',
      'person.changed by person',
      'person.pin_reset by person',
      'person.disabled by person',
    ]);
    const kept = JSON.stringify(till.db.prepare('SELECT * FROM events').all());
    for (const pin of [...Object.values(PINS), '640281']) expect(kept).not.toContain(pin);
  });
});

describe('a second person', () => {
  const wanted = { lockAfterMinutes: 3, refundApprovalAboveFen: 100 };

  test('is asked for, checked in the same call, and named by the event', async () => {
    const till = await withStaff();
    const { api, staff } = till;
    const set = (approval: object | undefined, context = staff.manager) =>
      codeOf(call(api.policy.set, { ...wanted, approval } as never, { context }));
    expect(await set(undefined)).toBe('approval_needed');
    expect(await set({ operator: NAMES.manager, pin: '000000' })).toBe('approval_refused');
    expect(await set({ operator: NAMES.cashier, pin: PINS.cashier })).toBe('approval_refused');
    expect(await set({ operator: 'nobody', pin: PINS.owner })).toBe('approval_refused');
    expect((await call(api.policy.get, undefined, { context: staff.cashier })).lockAfterMinutes).toBe(5);
    expect(await set({ operator: NAMES.owner, pin: PINS.owner })).toBe('done');
    const last = createStore(till.db).events.after(0, 1_000).at(-1);
    expect(last).toMatchObject({
      type: 'setting.changed',
      by: { actor: { personId: staff.ids.manager }, approvedBy: expect.stringMatching(/^\w{12}$/) },
      data: { before: { lockAfterMinutes: 5 }, now: wanted },
    });
  });

  test('may be the manager whose screen it is, by typing the PIN; and guessing is throttled as signing in', async () => {
    const { api, staff, login } = await withStaff();
    const set = (pin: string) =>
      codeOf(
        call(
          api.policy.set,
          { ...wanted, approval: { operator: NAMES.manager, pin } },
          { context: staff.manager },
        ),
      );
    expect(await set(PINS.manager)).toBe('done');
    for (let n = 0; n < 4; n++) expect(await set('000000')).toBe('approval_refused');
    expect(await set('000000')).toBe('sign_in_locked');
    expect(await set(PINS.manager)).toBe('sign_in_locked');
    expect(await login(NAMES.manager, PINS.manager)).toBe('sign_in_locked');
  });

  test('is asked for by what a person ends by hand; a cashier may with it', async () => {
    const { api, staff } = await withStaff();
    const end = (context: CallContext, approval?: { operator: string; pin: string }) =>
      codeOf(call(api.outbox.setAside, { entryId: 1, reason: 'because', approval }, { context }));
    expect(await end(staff.cashier)).toBe('approval_needed');
    expect(await end(staff.owner)).toBe('approval_needed');
    expect(await end(staff.cashier, { operator: NAMES.manager, pin: PINS.manager })).toBe('entry_not_found');
  });

  test('is asked for by refunds above the limit, also in many small ones', async () => {
    const till = await made();
    const charge = await windowOf(till.backend, till.clock).charge({ orderNo: 'A1', amountFen: 50_000 });
    const tradeNo = charge.trades[0]?.tradeNo ?? '';
    till.alipay.status.set(tradeNo, 'paid');
    await till.clock.advance(3_000);
    const staff = await staffed(till.backend);
    const refund = (amountFen: number, refundNo: string, context: CallContext, approval?: object) =>
      codeOf(
        call(till.api.refunds.create, { tradeNo, refundNo, amountFen, reason: '退货', approval } as never, {
          context,
        }),
      );
    const manager = { operator: NAMES.manager, pin: PINS.manager };
    expect(await refund(20_001, 'R00001', staff.cashier)).toBe('approval_needed');
    expect(await refund(20_001, 'R00001', INTEGRATOR, manager)).toBe('approval_by_person');
    expect(await refund(15_000, 'R00002', staff.cashier)).toBe('done');
    expect(await refund(15_000, 'R00002', staff.cashier)).toBe('done');
    expect(await refund(5_001, 'R00003', staff.cashier)).toBe('approval_needed');
    expect(await refund(5_001, 'R00003', staff.cashier, manager)).toBe('done');
    const created = createStore(till.db)
      .events.after(0, 1_000)
      .filter(({ by }) => by?.approvedBy);
    expect(created[0]?.by).toMatchObject({
      actor: { personId: staff.ids.cashier },
      approvedBy: staff.ids.manager,
    });
  });

  test('cannot be a machine’s', async () => {
    const { api } = await withStaff();
    const approval = { operator: NAMES.owner, pin: PINS.owner };
    expect(await codeOf(call(api.policy.set, { ...wanted, approval }, { context: INTEGRATOR }))).toBe(
      'approval_by_person',
    );
  });

  test('who was disabled the moment before approves nothing', async () => {
    const { api, staff } = await withStaff();
    await call(api.people.disable, { personId: staff.ids.manager }, { context: staff.owner });
    const approval = { operator: NAMES.manager, pin: PINS.manager };
    expect(await codeOf(call(api.policy.set, { ...wanted, approval }, { context: staff.owner }))).toBe(
      'approval_refused',
    );
  });
});
