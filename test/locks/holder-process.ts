import { databaseClaims } from '../../backend/locks/order-claims.ts';
import type { Hold } from '../../backend/locks/order-mutex.ts';
import { redisMutex } from '../../backend/locks/redis.ts';
import { redisClaims } from '../../backend/locks/redis-claims.ts';
import { sqliteLease } from '../../backend/locks/sqlite-lease.ts';
import { openStorage } from '../../backend/store/database.ts';
import { leasesTable } from '../../backend/store/leases.ts';
import { createStore } from '../../backend/store/store.ts';
import { systemClock } from '../../ports/clock.ts';
import { silentLog } from '../../ports/log.ts';
import { systemRandom } from '../../ports/random.ts';
import { testRedis } from './redis.ts';

/** What the test tells a holder in a process of its own, one at a time. */
export type Told = 'take' | 'write' | 'end';
/** What it answers: `held`, `written`, `ended`, or the name of the error; and when, Unix ms. */
export interface Answer {
  word: string;
  claimed?: string;
  atMs: number;
}

const [kind = '', dir = '', keyPrefix = '', holder = '', leaseMs = ''] = process.argv.slice(2);
const clock = systemClock();
const storage = openStorage(dir, 'shared');
const store = createStore(storage.db, undefined, kind === 'sqlite');
const ports = {
  clock,
  random: systemRandom(),
  log: silentLog(),
  holder,
  times: { leaseMs: Number(leaseMs), holdMaxMs: 60_000, ticketMs: Number(leaseMs) },
};
const redis = kind === 'redis' ? await testRedis(keyPrefix) : null;
const claims = redis ? redisClaims({ clock, redis }) : databaseClaims();
const mutex = redis
  ? redisMutex({ ...ports, redis, greatestSeen: (orderNo) => store.fences.greatest(orderNo) })
  : sqliteLease({ ...ports, leases: leasesTable(storage.leases ?? storage.db) });

let hold: Hold | undefined;
let end = () => {};

function answer(word: string, claimed?: string): void {
  process.send?.({ word, atMs: Date.now(), ...(claimed === undefined ? {} : { claimed }) } satisfies Answer);
}

async function outcome(work: () => unknown): Promise<string> {
  try {
    await work();
    return 'written';
  } catch (error) {
    return error instanceof Error ? error.name : String(error);
  }
}

async function obey(told: Told): Promise<void> {
  if (told === 'end') end();
  else if (told === 'take') {
    await mutex.run('A1', 60_000, async (held) => {
      hold = held;
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      answer('held');
      await ended;
    });
    answer('ended');
  } else if (hold) {
    const held = hold;
    const word = await outcome(() => store.transact(() => store.sessions.add(holder, 2, 1), { fence: held }));
    const claimed = await outcome(() =>
      claims.claim(held, { holder, untilMs: clock.nowMs() + 60_000, state: 'live' }),
    );
    answer(word, claimed);
  }
}

process.on('message', (told: Told) => void obey(told));
answer('ready');
