import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { codeOf, NAMES, newWindow, PINS } from '../../test/fakes/staff.ts';
import { runningTill, saidOfPeople, staffedTill } from '../../test/fakes/staffed-till.ts';
import type { CallContext } from '../access.ts';

const reason = '换班';

describe('people', () => {
  test('a till without people asks nothing; its first person is the owner, once', async () => {
    const { api } = runningTill();
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
    const { api, staff } = await staffedTill();
    const manager = { context: staff.manager };
    const owner = { context: staff.owner };
    const add = (name: string, role: 'owner' | 'manager' | 'cashier', as: { context: CallContext }) =>
      codeOf(call(api.people.add, { name, role, pin: '640281' }, as));
    expect(await add('午班收银', 'manager', manager)).toBe('not_allowed');
    expect(await add('午班收银', 'cashier', manager)).toBe('done');
    const [first] = await call(api.people.list, undefined, owner);
    const ownerId = first?.personId ?? '';
    expect(
      await codeOf(call(api.people.resetPin, { personId: ownerId, pin: '640281', reason }, manager)),
    ).toBe('not_allowed');
    expect(await codeOf(call(api.people.disable, { personId: ownerId, reason }, manager))).toBe(
      'not_allowed',
    );
    expect(await codeOf(call(api.people.disable, { personId: ownerId, reason }, owner))).toBe('last_owner');
    expect(await codeOf(call(api.people.change, { personId: ownerId, role: 'cashier', reason }, owner))).toBe(
      'last_owner',
    );
    const promote = { personId: staff.ids.cashier, role: 'owner' as const, reason };
    expect(await codeOf(call(api.people.change, promote, manager))).toBe('not_allowed');
    expect(await add('老板', 'cashier', owner)).toBe('person_name_taken');
    expect(await add(' 老板 ', 'cashier', owner)).toBe('person_name_taken');
    expect(
      await codeOf(call(api.people.add, { name: '晚班收银', role: 'cashier', pin: '123456' }, owner)),
    ).toBe('pin_too_simple');
  });

  test('one’s own PIN is changed with the old one, and ends one’s other sessions', async () => {
    const { api, staff, login } = await staffedTill();
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
    const { api, staff, login, db } = await staffedTill();
    const owner = { context: staff.owner };
    await call(api.people.disable, { personId: staff.ids.cashier, reason }, owner);
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
    const till = await staffedTill();
    const { api, staff } = till;
    await call(
      api.people.change,
      { personId: staff.ids.cashier, name: '早班副手', reason },
      { context: staff.manager },
    );
    await call(
      api.people.resetPin,
      { personId: staff.ids.cashier, pin: '640281', reason },
      { context: staff.manager },
    );
    await call(api.people.disable, { personId: staff.ids.cashier, reason }, { context: staff.owner });
    expect(saidOfPeople(till)).toEqual([
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
