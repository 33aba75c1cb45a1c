import { describe } from 'vitest';
import { redisGround } from '../../test/locks/grounds.ts';
import { haveRedis } from '../../test/locks/redis.ts';
import { mutexConformance } from './conformance.ts';

describe.skipIf(!(await haveRedis()))('with the real Redis', () => {
  mutexConformance('in Redis', true, redisGround);
});
