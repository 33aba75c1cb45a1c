import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { SimClock } from '../../ports/sim-clock.ts';
import { httpTill } from '../../test/fakes/http-till.ts';
import { NAMES, PINS, staffed } from '../../test/fakes/staff.ts';
import { START_MS } from '../../test/fakes/till.ts';
import { haveRedis, sweep, testPrefix, testRedis } from '../../test/locks/redis.ts';
import { openStorage } from '../store/database.ts';
import { createStore } from '../store/store.ts';
import { redisSessions } from './redis-sessions.ts';
import { tokenKeyFile } from './token-keys.ts';

const device = { 'mianfu-device': 'a-device-of-the-office-0001' };
const MINUTE = 60_000;

/** Two backends on one folder whose sessions are in one Redis. */
async function two() {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-several-'));
  const prefix = testPrefix();
  const broom = await testRedis(prefix);
  const clock = new SimClock(START_MS);
  const storages = [openStorage(dir, 'shared'), openStorage(dir, 'shared')];
  onTestFinished(async () => {
    await sweep(broom, prefix);
    broom.close();
    for (const storage of storages) storage.close();
    rmSync(dir, { recursive: true });
  });
  const backends = [];
  for (const { db } of storages) {
    const redis = await testRedis(prefix);
    backends.push(
      await httpTill({
        db,
        clock,
        isFolderShared: true,
        tokenKeys: tokenKeyFile(dir),
        openSessions: () => redisSessions(redis),
      }),
    );
  }
  const [one, other] = backends;
  if (!one || !other) throw new Error('There are two.');
  const staff = await staffed(one.backend);
  const login = async (till: typeof one, role: 'owner' | 'manager' = 'manager') =>
    (await till.api('POST', '/auth/login', device, { operator: NAMES[role], pin: PINS[role] })).body;
  const refresh = (till: typeof one, refreshToken: unknown) =>
    till.api('POST', '/auth/refresh', device, { refreshToken });
  const at = (token: unknown) => ({ ...device, authorization: `Bearer ${token}` });
  const people = async (till: typeof one, token: unknown) =>
    (await till.api('GET', '/people', at(token))).body.code ?? 'done';
  return { one, other, staff, clock, login, refresh, at, people, storages };
}

describe.runIf(await haveRedis())('several backends with one Redis', () => {
  test('know each other’s sessions, and refresh them by turns', async () => {
    const { one, other, clock, login, refresh, people } = await two();
    let { accessToken, refreshToken } = await login(one);
    expect(await people(other, accessToken)).toBe('done');
    for (const till of [other, one, other]) {
      await clock.advance(MINUTE);
      const fresh = await refresh(till, refreshToken);
      expect(fresh.status).toBe(200);
      ({ accessToken, refreshToken } = fresh.body);
      expect(await people(one, accessToken)).toBe('done');
    }
  });

  test('keep a person in whose twenty refreshes meet at both of them', async () => {
    const { one, other, clock, login, refresh, people } = await two();
    const { refreshToken } = await login(one);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, nth) => refresh(nth % 2 === 0 ? one : other, refreshToken)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refreshToken)).size).toBe(1);
    await clock.advance(MINUTE);
    const last = await refresh(other, answers[13]?.body.refreshToken);
    expect(await people(one, last.body.accessToken)).toBe('done');
  });

  test('end a session at once everywhere: signed out, disabled, or its token replayed at the other', async () => {
    const { one, other, staff, clock, login, refresh, at, people } = await two();
    const left = await login(one);
    await other.api('POST', '/auth/logout', at(left.accessToken));
    expect(await people(one, left.accessToken)).toBe('unauthorized');

    const stolen = await login(one);
    const fresh = await refresh(one, stolen.refreshToken);
    await clock.advance(11_000);
    expect((await refresh(other, stolen.refreshToken)).body.code).toBe('session_over');
    expect(await people(one, fresh.body.accessToken)).toBe('unauthorized');
    expect((await refresh(one, fresh.body.refreshToken)).body.code).toBe('session_over');

    const gone = await login(other);
    const owner = await login(one, 'owner');
    const path = `/people/${staff.ids.manager}/disable`;
    expect((await one.api('POST', path, at(owner.accessToken), { reason: '离职' })).status).toBe(200);
    expect(await people(other, gone.accessToken)).toBe('unauthorized');
  });

  test('lock what was left alone at both of them, once, and open it at either', async () => {
    const { one, other, clock, login, refresh, at, people, storages } = await two();
    const { refreshToken } = await login(one);
    await clock.advance(4 * MINUTE);
    expect(
      (await other.api('POST', '/auth/present', at((await refresh(one, refreshToken)).body.accessToken)))
        .status,
    ).toBe(200);
    const fresh = await refresh(one, (await refresh(other, refreshToken)).body.refreshToken);
    await clock.advance(4 * MINUTE);
    expect(await people(one, fresh.body.accessToken)).toBe('done');
    await clock.advance(2 * MINUTE);
    const { accessToken } = (await refresh(one, fresh.body.refreshToken)).body;
    const seen = await Promise.all([one, other, one, other].map((till) => people(till, accessToken)));
    expect(seen).toEqual(Array(4).fill('screen_locked'));
    const locked =
      storages[0] &&
      createStore(storages[0].db)
        .events.after(0, 100)
        .filter(({ what }) => what === 'idle');
    expect(locked).toHaveLength(1);
    await other.api('POST', '/auth/unlock', at(accessToken), { pin: PINS.manager });
    expect(await people(one, accessToken)).toBe('done');
  });
});
