import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStorage } from '../../backend/store/database.ts';
import { createStore } from '../../backend/store/store.ts';
import type { Answer, Told } from './holder-process.ts';
import { haveRedis, sweep, testPrefix, testRedis } from './redis.ts';

const LEASE_MS = 1_000;
/** What a busy machine may add to a wait. */
const SLACK_MS = 2_000;

const withRedis = await haveRedis();
let dir: string;
let prefix: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-holders-'));
  prefix = testPrefix();
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

/** A holder in a process of its own, ready. */
async function holder(kind: string, name: string) {
  const child = fork(join(import.meta.dirname, 'holder-process.ts'), [
    kind,
    dir,
    prefix,
    name,
    String(LEASE_MS),
  ]);
  children.push(child);
  const next = async () => (await once(child, 'message'))[0] as Answer;
  await next();
  return {
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    tell(told: Told): Promise<Answer> {
      const answer = next();
      child.send(told);
      return answer;
    },
  };
}

function wasWritten(name: string): boolean {
  const storage = openStorage(dir, 'shared');
  const found = createStore(storage.db).sessions.has(name, 1);
  storage.close();
  return found;
}

describe.each(withRedis ? ['sqlite', 'redis'] : ['sqlite'])(
  'a holder in a process of its own, %s',
  (kind) => {
    afterEach(async () => {
      if (kind !== 'redis') return;
      const redis = await testRedis(prefix);
      await sweep(redis, prefix);
      redis.close();
    });

    test('that was stopped past its lease and then continued cannot write', async () => {
      const [stopped, next] = [await holder(kind, 'stopped'), await holder(kind, 'next')];
      await stopped.tell('take');
      stopped.kill('SIGSTOP');
      expect((await next.tell('take')).word).toBe('held');
      expect(await next.tell('write')).toMatchObject({ word: 'written', claimed: 'written' });
      expect((await next.tell('end')).word).toBe('ended');
      // Told while it sleeps: the write is the first thing that it does.
      const late = stopped.tell('write');
      stopped.kill('SIGCONT');
      const answer = await late;
      expect(answer.word).toBe('StaleHold');
      if (kind === 'redis') expect(answer.claimed).toBe('LeaseLost');
      expect([wasWritten('stopped'), wasWritten('next')]).toEqual([false, true]);
    });

    test('that was stopped past its lease cannot write even if nobody came meanwhile', async () => {
      const stopped = await holder(kind, 'stopped');
      const { atMs } = await stopped.tell('take');
      stopped.kill('SIGSTOP');
      const late = stopped.tell('write');
      await new Promise((resolve) => setTimeout(resolve, atMs + LEASE_MS + 100 - Date.now()));
      stopped.kill('SIGCONT');
      expect((await late).word).toBe('StaleHold');
      expect(wasWritten('stopped')).toBe(false);
    });

    test('that was killed makes the next wait no longer than its lease', async () => {
      const [killed, next] = [await holder(kind, 'killed'), await holder(kind, 'next')];
      await killed.tell('take');
      const killedAtMs = Date.now();
      killed.kill('SIGKILL');
      const held = await next.tell('take');
      expect(held.word).toBe('held');
      expect(held.atMs - killedAtMs).toBeLessThan(LEASE_MS + SLACK_MS);
      expect((await next.tell('write')).word).toBe('written');
    });
  },
);
