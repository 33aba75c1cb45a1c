import { call } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { codeOf, NAMES, newWindow, PINS } from '../../test/fakes/staff.ts';
import { staffedTill } from '../../test/fakes/staffed-till.ts';
import type { Db } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { databaseSessions } from './session-store.ts';

const reason = '离职';
const RULES = { lockAfterMinutes: 3, refundApprovalAboveFen: 100 };

/** While a PIN is looked at, or made, the till goes on: what is called here after `begun` happens before it ends. */
async function till() {
  const made = await staffedTill();
  onTestFinished(() => made.backend.stop());
  const { api, staff } = made;
  const byOwner = { context: staff.owner };
  return {
    ...made,
    rules: () => call(api.policy.get, undefined, byOwner),
    names: async () => (await call(api.people.list, undefined, byOwner)).map(({ name }) => name),
    disable: (personId: string) => call(api.people.disable, { personId, reason }, byOwner),
    demote: (personId: string) => call(api.people.change, { personId, role: 'cashier', reason }, byOwner),
    /** A manager sets the rules; `operator` allows it. */
    set: (operator: 'owner' | 'manager') =>
      codeOf(
        call(
          api.policy.set,
          { ...RULES, reason, approval: { operator: NAMES[operator], pin: PINS[operator] } },
          { context: operator === 'owner' ? staff.manager : staff.owner },
        ),
      ),
  };
}

/** Until a PIN is looked at, and counted for that; or until it was right, and is counted no more. */
async function lookedAt(db: Db, isCounted: boolean): Promise<void> {
  const counted = db.prepare('SELECT 1 FROM attempts');
  while ((counted.get() !== undefined) !== isCounted) await new Promise(setImmediate);
}

describe('what changes while a call waits holds when it goes on:', () => {
  test('whoever is disabled, or is no manager any more, while their PIN is looked at allows nothing', async () => {
    for (const change of ['disable', 'demote'] as const) {
      const made = await till();
      const before = await made.rules();
      const begun = made.set('manager');
      await made[change](made.staff.ids.manager);
      expect([change, await begun]).toEqual([change, 'approval_refused']);
      expect(await made.rules()).toEqual(before);
    }
  });

  test('whoever asks for something and is disabled, or loses the right, before it is allowed changes nothing', async () => {
    for (const [change, code] of [
      ['disable', 'sign_in_needed'],
      ['demote', 'not_allowed'],
    ] as const) {
      const made = await till();
      const before = await made.rules();
      const begun = made.set('owner');
      await made[change](made.staff.ids.manager);
      expect([change, await begun]).toEqual([change, code]);
      expect(await made.rules()).toEqual(before);
    }
  });

  test('whoever asks for something and is given another PIN at another process before it is allowed changes nothing', async () => {
    const made = await till();
    const before = await made.rules();
    const begun = made.set('owner');
    const { people, transact } = createStore(made.db);
    await lookedAt(made.db, true);
    const [manager, cashier] = [people.byName(NAMES.manager), people.byName(NAMES.cashier)];
    if (!manager || !cashier) throw new Error('They are there.');
    transact(() => people.update({ ...manager, pin: cashier.pin }));
    expect(await begun).toBe('sign_in_needed');
    expect(await made.rules()).toEqual(before);
  });

  test('a shift is not handed over by somebody who is disabled while the next one’s PIN is looked at', async () => {
    const { api, staff, disable } = await till();
    const at = { context: staff.manager };
    await call(api.shifts.open, undefined, at);
    const to = { operator: NAMES.cashier, pin: PINS.cashier };
    const begun = codeOf(call(api.shifts.handOver, { to }, at));
    await disable(staff.ids.manager);
    expect(await begun).toBe('sign_in_needed');
    expect(await call(api.shifts.current, undefined, { context: staff.cashier })).toMatchObject({
      shiftId: 1,
    });
  });

  test('whoever loses the right to while a new PIN is made lets nobody in, and changes nobody’s', async () => {
    for (const change of ['disable', 'demote'] as const) {
      const { api, staff, names, login, ...made } = await till();
      const at = { context: staff.manager };
      const added = codeOf(
        call(api.people.add, { name: '生人', role: 'cashier', pin: '640281', reason }, at),
      );
      const reset = codeOf(
        call(api.people.resetPin, { personId: staff.ids.cashier, pin: '640281', reason }, at),
      );
      await made[change](staff.ids.manager);
      expect([change, await added, await reset]).toEqual([change, 'not_allowed', 'not_allowed']);
      expect(await names()).not.toContain('生人');
      expect(await login(NAMES.cashier, PINS.cashier)).toBe('done');
    }
  });

  test('whoever signs in with a PIN that is replaced before the session begins is not in', async () => {
    let isHeld = false;
    let goOn = () => {};
    const made = await staffedTill({
      openSessions: (store) => {
        const kept = databaseSessions(store);
        return {
          ...kept,
          async begin(session) {
            if (isHeld)
              await new Promise<void>((resolve) => {
                goOn = resolve;
              });
            await kept.begin(session);
          },
        };
      },
    });
    onTestFinished(() => made.backend.stop());
    const { api, staff, login } = made;
    isHeld = true;
    const context = newWindow();
    const begun = login(NAMES.cashier, PINS.cashier, context);
    const reset = { personId: staff.ids.cashier, pin: '640281', reason };
    // The PIN was right when it was looked at.
    await lookedAt(made.db, true);
    await lookedAt(made.db, false);
    await call(api.people.resetPin, reset, { context: staff.owner });
    goOn();
    expect(await begun).toBe('sign_in_refused');
    expect((await call(api.auth.session, undefined, { context })).person).toBeNull();
    expect(
      made.db
        .prepare('SELECT count(*) FROM sign_ins WHERE ended_at_ms IS NULL AND person_id = ?')
        .pluck()
        .get(staff.ids.cashier),
    ).toBe(0);
    isHeld = false;
    expect(await login(NAMES.cashier, '640281', context)).toBe('done');
  });
});
