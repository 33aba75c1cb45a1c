import { z } from 'zod';
import type { Clock } from '../../ports/clock.ts';
import type { Claim, OrderClaims } from './order-claims.ts';
import { type Hold, LeaseLost, LockUnavailable } from './order-mutex.ts';
import { orderKeys, type RedisConnection, script } from './redis-connection.ts';

/** Claims in the Redis that the tills share, each with an end of its own. */
export function redisClaims(deps: { clock: Clock; redis: RedisConnection }): OrderClaims {
  const { clock, redis } = deps;

  async function write(hold: Hold, ...args: (string | number)[]): Promise<void> {
    const { token, claim } = orderKeys(hold.orderNo);
    const done = await redis.script(WRITE, [token, claim], [hold.token ?? 0, ...args]);
    if (done !== 1) throw new LeaseLost(hold.orderNo);
  }

  return {
    areShared: true,
    async read(orderNo) {
      const text = await redis.reach(() => redis.client.get(orderKeys(orderNo).claim));
      if (text === null) return null;
      try {
        return StoredClaim.parse(JSON.parse(text));
      } catch (cause) {
        // Somebody else's writing: nobody can say whether the order is free.
        throw new LockUnavailable('unreachable', { cause });
      }
    },
    async claim(hold, claim) {
      const lifeMs = Math.max(1, Math.ceil(claim.untilMs - clock.nowMs()));
      await write(hold, 'claim', JSON.stringify(claim), lifeMs);
    },
    release: (hold, holder) => write(hold, 'release', holder),
  };
}

const StoredClaim: z.ZodType<Claim> = z.object({
  holder: z.string(),
  untilMs: z.number(),
  state: z.enum(['live', 'paid', 'returning']),
});

/** Compares the writer's token with the last one given out, and writes, in one step. */
const WRITE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == 'claim' then
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[4])
  return 1
end
local stored = redis.call('GET', KEYS[2])
if stored then
  local claim = cjson.decode(stored)
  if claim.holder == ARGV[3] and claim.state == 'live' then redis.call('DEL', KEYS[2]) end
end
return 1
`);
