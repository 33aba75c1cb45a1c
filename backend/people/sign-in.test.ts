import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { codeOf, NAMES, newWindow, PINS, staffed } from '../../test/fakes/staff.ts';
import { runningTill, saidOfPeople, staffedTill } from '../../test/fakes/staffed-till.ts';
import type { CallContext } from '../access.ts';
import { openMemoryDatabase } from '../store/database.ts';
import { portSeat } from './sessions.ts';

const MINUTE = 60_000;

describe('signing in', () => {
  test('after five wrong PINs nothing is looked at, longer each time, and a restart does not help', async () => {
    const db = openMemoryDatabase();
    const first = runningTill({ db });
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
    const again = runningTill({ db, clock: first.clock });
    expect(await again.login(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    expect(await again.login(NAMES.manager, PINS.manager)).toBe('done');
    await first.clock.advance(MINUTE);
    expect(await wrong(1)).toEqual(['sign_in_locked']);
    await first.clock.advance(MINUTE);
    expect(await first.login(NAMES.cashier, PINS.cashier)).toBe('sign_in_locked');
    await first.clock.advance(MINUTE);
    expect(await first.login(NAMES.cashier, PINS.cashier)).toBe('done');
    expect(await wrong(4)).toEqual(Array(4).fill('sign_in_refused'));
    expect(saidOfPeople(first).filter((line) => line.startsWith('sign_in.locked'))).toHaveLength(2);
  });

  test('a hundred guesses at once are a hundred', async () => {
    const { login } = await staffedTill();
    const codes = await Promise.all(Array.from({ length: 100 }, () => login(NAMES.cashier, '000000')));
    expect(codes.filter((code) => code === 'sign_in_refused').length).toBeLessThanOrEqual(4);
    expect(codes.filter((code) => code === 'sign_in_locked').length).toBeGreaterThanOrEqual(96);
  });

  test('a name that nobody has is answered and locked in the same way', async () => {
    const { login } = await staffedTill();
    const of = async (name: string) => {
      const codes = [];
      for (let n = 0; n < 6; n++) codes.push(await login(name, '000000'));
      return codes;
    };
    expect(await of('nobody')).toEqual(await of(NAMES.cashier));
  });

  test('who guesses over the network locks nobody out at the till, and runs out of tries by address', async () => {
    const { api, login } = await staffedTill();
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
    const { api, login, staff } = await staffedTill();
    expect(await login(NAMES.manager, PINS.manager, staff.cashier)).toBe('done');
    const now = await call(api.auth.session, undefined, { context: staff.cashier });
    expect(now.person?.name).toBe(NAMES.manager);
  });

  test('a port that broke is followed by another without a PIN, by the window’s token', async () => {
    const { api } = await staffedTill();
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
    const { api, staff } = await staffedTill();
    const stream = await call(api.events, undefined, { context: staff.cashier });
    await stream.next();
    const ended = stream.next();
    await call(api.people.disable, { personId: staff.ids.cashier, reason: '离职' }, { context: staff.owner });
    expect(await ended).toMatchObject({ done: true });
  });
});

describe('the locked screen', () => {
  test('shows what runs, does nothing, and opens by the PIN of whoever locked it', async () => {
    const { api, staff } = await staffedTill();
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
