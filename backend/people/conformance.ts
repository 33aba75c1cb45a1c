import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SessionStore } from './session-store.ts';

const NOW = Date.parse('2026-11-21T14:32:10.000+08:00');
const DAY = 86_400_000;
const GRACE = 10_000;

/** What every place for sessions promises. `setup` is run before each test. */
export function sessionConformance(
  name: string,
  setup: () => Promise<{ kept: SessionStore; addPerson(personId: string): void; close(): Promise<void> }>,
): void {
  describe(`sessions in ${name}`, () => {
    let ground: Awaited<ReturnType<typeof setup>>;
    beforeEach(async () => {
      ground = await setup();
      for (const personId of ['p1', 'p2']) ground.addPerson(personId);
    });
    afterEach(() => ground.close());

    const begin = (sessionId: string, personId = 'p1') =>
      ground.kept.begin({
        sessionId,
        personId,
        deviceHash: 'd1',
        nowMs: NOW,
        untilMs: NOW + DAY,
        tokenHash: `${sessionId}-t0`,
      });
    const show = (tokenHash: string, nextHash: string, nowMs = NOW, deviceHash = 'd1') =>
      ground.kept.rotate({ tokenHash, nextHash, deviceHash, nowMs, graceMs: GRACE, untilMs: nowMs + DAY });

    test('a session lasts until its end, and not beyond', async () => {
      await begin('s1');
      expect(await ground.kept.alive('s1', NOW)).toEqual({
        sessionId: 's1',
        personId: 'p1',
        deviceHash: 'd1',
        lockedAtMs: null,
        seenAtMs: NOW,
      });
      expect(await ground.kept.alive('s1', NOW + DAY)).toBeNull();
      expect(await ground.kept.alive('other', NOW)).toBeNull();
      expect(await show('s1-t0', 's1-t1', NOW + DAY)).toEqual({ kind: 'unknown' });
    });

    test('a token is good once; its successor prolongs the session', async () => {
      await begin('s1');
      expect(await show('s1-t0', 's1-t1', NOW + DAY - 1)).toMatchObject({ kind: 'rotated' });
      expect(await ground.kept.alive('s1', NOW + DAY + 1)).toMatchObject({ personId: 'p1' });
      expect(await show('s1-t1', 's1-t2', NOW + DAY)).toMatchObject({ kind: 'rotated' });
      expect(await show('s1-t0', 's1-t1', NOW + DAY + GRACE)).toMatchObject({ kind: 'unknown' });
    });

    test('of twenty that show it at once one uses it, and all may go on', async () => {
      await begin('s1');
      const seen = await Promise.all(Array.from({ length: 20 }, () => show('s1-t0', 's1-t1')));
      expect(seen.map(({ kind }) => kind).sort()).toEqual([...Array(19).fill('again'), 'rotated']);
      expect(await show('s1-t1', 's1-t2')).toMatchObject({ kind: 'rotated' });
    });

    test('shown again after the grace it is known as stolen', async () => {
      await begin('s1');
      await show('s1-t0', 's1-t1');
      expect(await show('s1-t0', 's1-t1', NOW + GRACE)).toMatchObject({ kind: 'again' });
      expect(await show('s1-t0', 's1-t1', NOW + GRACE + 1)).toMatchObject({
        kind: 'reused',
        signIn: { sessionId: 's1', personId: 'p1' },
      });
    });

    test('another device is known as one, and uses nothing up', async () => {
      await begin('s1');
      expect(await show('s1-t0', 's1-t1', NOW, 'd2')).toMatchObject({ kind: 'other_device' });
      expect(await show('s1-t0', 's1-t1')).toMatchObject({ kind: 'rotated' });
    });

    test('an ended session is dead for its tokens, too', async () => {
      await begin('s1');
      await show('s1-t0', 's1-t1');
      await ground.kept.end('s1', NOW);
      expect(await ground.kept.alive('s1', NOW)).toBeNull();
      expect(await show('s1-t1', 's1-t2')).toEqual({ kind: 'unknown' });
      await ground.kept.end('s1', NOW);
    });

    test('all sessions of one person end but one, and nobody else’s', async () => {
      await begin('s1');
      await begin('s2');
      await begin('s3');
      await begin('s4', 'p2');
      expect((await ground.kept.endAllOf('p1', NOW, 's2')).sort()).toEqual(['s1', 's3']);
      const alive = await Promise.all(['s1', 's2', 's3', 's4'].map((id) => ground.kept.alive(id, NOW)));
      expect(alive.map((each) => each?.sessionId)).toEqual([undefined, 's2', undefined, 's4']);
      expect(await ground.kept.endAllOf('p1', NOW, null)).toEqual(['s2']);
    });

    test('when its person was last seen is kept, through a refresh, too', async () => {
      await begin('s1');
      await ground.kept.seen('s1', NOW + 5_000);
      expect(await ground.kept.alive('s1', NOW)).toMatchObject({ seenAtMs: NOW + 5_000 });
      expect(await show('s1-t0', 's1-t1')).toMatchObject({ signIn: { seenAtMs: NOW + 5_000 } });
    });

    test('a lock is kept until it is taken away; an ended session is not locked into being', async () => {
      await begin('s1');
      expect(await ground.kept.lock('s1', NOW)).toBe(true);
      expect(await ground.kept.lock('s1', NOW + 1)).toBe(false);
      expect(await ground.kept.alive('s1', NOW)).toMatchObject({ lockedAtMs: NOW });
      expect(await show('s1-t0', 's1-t1')).toMatchObject({ kind: 'rotated', signIn: { lockedAtMs: NOW } });
      expect(await ground.kept.lock('s1', null)).toBe(true);
      expect(await ground.kept.lock('s1', null)).toBe(false);
      expect(await ground.kept.alive('s1', NOW)).toMatchObject({ lockedAtMs: null });
      await ground.kept.end('s1', NOW);
      await ground.kept.lock('s1', NOW);
      await ground.kept.seen('s1', NOW);
      expect(await ground.kept.alive('s1', NOW)).toBeNull();
    });
  });
}
