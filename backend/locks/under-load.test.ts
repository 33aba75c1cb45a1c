import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe } from 'vitest';
import { processGround, redisGround, sqliteGround } from '../../test/locks/grounds.ts';
import { haveRedis } from '../../test/locks/redis.ts';
import { mutexConformance } from './conformance.ts';

/** Two processes that never rest: 200 % of a processor beside the suite. */
const burners: ChildProcess[] = [];

const withRedis = await haveRedis();

describe('with both processors busy', () => {
  beforeAll(() => {
    for (let n = 0; n < 2; n++)
      burners.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  });
  afterAll(() => {
    for (const burner of burners) burner.kill('SIGKILL');
  });

  mutexConformance('in one process', false, processGround);
  mutexConformance('in a table that several processes share', true, sqliteGround);
  describe.skipIf(!withRedis)('and the real Redis', () => {
    mutexConformance('in Redis', true, redisGround);
  });
});
