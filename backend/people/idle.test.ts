import { call } from '@orpc/server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { httpTill } from '../../test/fakes/http-till.ts';
import { codeOf, NAMES, PINS, staffed } from '../../test/fakes/staff.ts';
import { saidOfPeople, staffedTill } from '../../test/fakes/staffed-till.ts';

const MINUTE = 60_000;
/** The shop's rule until it says otherwise, and how finely it is kept when somebody was there. */
const LIMIT = 5 * MINUTE;
const STEP = 10_000;

async function till() {
  const made = await staffedTill();
  onTestFinished(() => made.backend.stop());
  const at = { context: made.staff.cashier };
  return {
    ...made,
    /** What an act of the cashier ends with: there is no such entry, so nothing else happens. */
    act: () => codeOf(call(made.api.outbox.retry, { entryId: 1 }, at)),
    look: () => codeOf(call(made.api.charges.live, undefined, at)),
    present: () => call(made.api.auth.present, undefined, at),
    session: () => call(made.api.auth.session, undefined, at),
    unlock: (pin: string) => codeOf(call(made.api.auth.unlock, { pin }, at)),
  };
}

describe('a session that is left alone', () => {
  test('does nothing more until the PIN is typed, whatever the window says', async () => {
    const { clock, act, look, session, unlock, ...made } = await till();
    await clock.advance(LIMIT);
    expect(await act()).toBe('entry_not_found');
    await clock.advance(LIMIT + STEP);
    expect(await act()).toBe('screen_locked');
    expect(await session()).toMatchObject({ isLocked: true, person: { name: NAMES.cashier } });
    // What runs stays in sight.
    expect(await look()).toBe('done');
    expect(await unlock(PINS.manager)).toBe('sign_in_refused');
    expect(await unlock(PINS.cashier)).toBe('done');
    expect(await act()).toBe('entry_not_found');
    expect(saidOfPeople(made).slice(-2)).toEqual([
      'session.locked idle by till',
      'session.unlocked by person',
    ]);
  });

  test('is not one where somebody acts, or is at the window; looking alone is not being there', async () => {
    const { clock, act, look, present } = await till();
    for (let minute = 0; minute < 12; minute++) {
      await clock.advance(MINUTE);
      if (minute % 2 === 0) expect(await present()).toMatchObject({ isLocked: false });
      else expect(await act()).toBe('entry_not_found');
    }
    for (let waited = 0; waited < LIMIT + STEP; waited += MINUTE) {
      await clock.advance(MINUTE);
      await look();
    }
    expect(await act()).toBe('screen_locked');
    // Too late: only the PIN opens it.
    expect(await present()).toMatchObject({ isLocked: true });
    expect(await act()).toBe('screen_locked');
  });

  test('is locked once, however many calls find it so at once', async () => {
    const { clock, act, ...made } = await till();
    await clock.advance(LIMIT + STEP);
    expect(new Set(await Promise.all(Array.from({ length: 20 }, act)))).toEqual(new Set(['screen_locked']));
    expect(saidOfPeople(made).filter((line) => line.startsWith('session.locked'))).toHaveLength(1);
  });

  test('is locked after as many minutes as the shop says now; never, where it says so', async () => {
    const { clock, act, api, staff } = await till();
    const approval = { operator: NAMES.owner, pin: PINS.owner };
    const set = (lockAfterMinutes: number) =>
      call(
        api.policy.set,
        { lockAfterMinutes, refundApprovalAboveFen: 20_000, reason: '人手变化', approval },
        { context: staff.owner },
      );
    await set(0);
    await clock.advance(10 * 60 * MINUTE);
    expect(await act()).toBe('entry_not_found');
    await set(2);
    await clock.advance(2 * MINUTE + STEP - 1);
    expect(await act()).toBe('entry_not_found');
    await clock.advance(2 * MINUTE + STEP);
    expect(await act()).toBe('screen_locked');
  });

  test('over HTTP needs the PIN in the same way, and its token alone opens nothing', async () => {
    const made = await httpTill();
    await staffed(made.backend);
    const device = { 'mianfu-device': 'a-device-of-the-office-0001' };
    const signedIn = await made.api('POST', '/auth/login', device, {
      operator: NAMES.manager,
      pin: PINS.manager,
    });
    const at = (token: unknown) => ({ ...device, authorization: `Bearer ${token}` });
    const people = async (token: unknown) =>
      (await made.api('GET', '/people', at(token))).body.code ?? 'done';
    await made.clock.advance(4 * MINUTE);
    expect(await people(signedIn.body.accessToken)).toBe('done');
    await made.clock.advance(MINUTE + STEP);
    const fresh = await made.api('POST', '/auth/refresh', device, {
      refreshToken: signedIn.body.refreshToken,
    });
    expect(fresh).toMatchObject({ status: 200, body: { isLocked: true } });
    expect(await people(fresh.body.accessToken)).toBe('screen_locked');
    const unlock = (pin: string) => made.api('POST', '/auth/unlock', at(fresh.body.accessToken), { pin });
    expect((await unlock('000000')).body.code).toBe('sign_in_refused');
    expect((await unlock(PINS.manager)).body).toMatchObject({ isLocked: false });
    expect(await people(fresh.body.accessToken)).toBe('done');
  });
});
