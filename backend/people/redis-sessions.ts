import { LockUnavailable } from '../locks/order-mutex.ts';
import { type RedisConnection, script } from '../locks/redis-connection.ts';
import { ServiceError } from '../services/errors.ts';
import type { SignIn } from '../store/sign-ins.ts';
import type { Rotation, SessionStore } from './session-store.ts';

/** The braces keep all of them on one node of a cluster: a script touches several. */
const sessionKey = (sessionId: string) => `{people}:session:${sessionId}`;
const tokenKey = (hash: string) => `{people}:token:${hash}`;
const personKey = (personId: string) => `{people}:person:${personId}`;

/** Sessions in the Redis that several backends share; what has run out goes by itself. */
export function redisSessions(redis: RedisConnection): SessionStore {
  /** A Redis that is away lets nobody in, and says so. */
  async function run(
    lua: ReturnType<typeof script>,
    keys: string[],
    args: (string | number)[],
  ): Promise<unknown> {
    return await reached(() => redis.script(lua, keys, args));
  }

  async function reached<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof LockUnavailable) throw new ServiceError('sessions_unavailable');
      throw error;
    }
  }

  return {
    async begin({ sessionId, personId, deviceHash, nowMs, untilMs, tokenHash }) {
      await run(
        BEGIN,
        [sessionKey(sessionId), tokenKey(tokenHash), personKey(personId)],
        [sessionId, personId, deviceHash, untilMs, untilMs - nowMs, nowMs],
      );
    },
    async rotate({ tokenHash, nextHash, deviceHash, nowMs, graceMs, untilMs }) {
      const [kind, ...fields] = (await run(
        ROTATE,
        [tokenKey(tokenHash), tokenKey(nextHash), sessionKey('')],
        [deviceHash, nowMs, graceMs, untilMs],
      )) as [Rotation['kind'], ...string[]];
      return kind === 'unknown' ? { kind } : { kind, signIn: signInOf(fields) };
    },
    async alive(sessionId, nowMs) {
      const fields = await reached(() =>
        redis.reach(() =>
          redis.client.hmget(sessionKey(sessionId), 'id', 'person', 'device', 'locked', 'seen', 'until'),
        ),
      );
      const [id, person, device, locked, seen, until] = fields;
      if (!id || !person || !device || Number(until) <= nowMs) return null;
      return signInOf([id, person, device, locked ?? '', seen ?? '']);
    },
    async lock(sessionId, atMs) {
      return (await run(LOCK, [sessionKey(sessionId)], [atMs ?? ''])) === 1;
    },
    async seen(sessionId, atMs) {
      await run(SEEN, [sessionKey(sessionId)], [atMs]);
    },
    async end(sessionId) {
      await run(END, [sessionKey(sessionId)], []);
    },
    async endAllOf(personId, _nowMs, but) {
      return (await run(END_ALL, [personKey(personId), sessionKey('')], [but ?? ''])) as string[];
    },
    close: redis.close,
  };
}

function signInOf([
  sessionId = '',
  personId = '',
  deviceHash = '',
  locked = '',
  seen = '',
]: string[]): SignIn {
  const lockedAtMs = locked === '' ? null : Number(locked);
  return { sessionId, personId, deviceHash, lockedAtMs, seenAtMs: Number(seen) };
}

const BEGIN = script(`
redis.call('HSET', KEYS[1], 'id', ARGV[1], 'person', ARGV[2], 'device', ARGV[3], 'locked', '', 'seen', ARGV[6], 'until', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('HSET', KEYS[2], 'session', ARGV[1], 'used', '', 'until', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
redis.call('SADD', KEYS[3], ARGV[1])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
`);

/** Looks at the token, its session, the device and the grace, and puts the successor in its place, in one step. */
const ROTATE = script(`
local now, grace, untilMs = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local token = redis.call('HMGET', KEYS[1], 'session', 'used', 'until')
if not token[1] or tonumber(token[3]) <= now then return {'unknown'} end
local key = KEYS[3] .. token[1]
local session = redis.call('HMGET', key, 'id', 'person', 'device', 'locked', 'seen', 'until')
if not session[1] or tonumber(session[6]) <= now then return {'unknown'} end
local function answer(kind) return {kind, session[1], session[2], session[3], session[4], session[5] or ''} end
if session[3] ~= ARGV[1] then return answer('other_device') end
local again = token[2] ~= ''
if again and math.abs(now - tonumber(token[2])) > grace then return answer('reused') end
if not again then redis.call('HSET', KEYS[1], 'used', ARGV[2]) end
local life = untilMs - now
if redis.call('EXISTS', KEYS[2]) == 0 then
  redis.call('HSET', KEYS[2], 'session', session[1], 'used', '', 'until', ARGV[4])
  redis.call('PEXPIRE', KEYS[2], life)
end
redis.call('HSET', key, 'until', ARGV[4])
redis.call('PEXPIRE', key, life)
redis.call('PEXPIRE', '{people}:person:' .. session[2], life)
return answer(again and 'again' or 'rotated')
`);

const LOCK = script(`
local locked = redis.call('HGET', KEYS[1], 'locked')
if not locked or (locked == '') == (ARGV[1] == '') then return 0 end
redis.call('HSET', KEYS[1], 'locked', ARGV[1])
return 1
`);

const SEEN = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'seen', ARGV[1]) end
`);

const END = script(`
local person = redis.call('HGET', KEYS[1], 'person')
if person then redis.call('SREM', '{people}:person:' .. person, redis.call('HGET', KEYS[1], 'id')) end
redis.call('DEL', KEYS[1])
`);

const END_ALL = script(`
local ended = {}
for _, id in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if id ~= ARGV[1] then
    redis.call('DEL', KEYS[2] .. id)
    redis.call('SREM', KEYS[1], id)
    ended[#ended + 1] = id
  end
end
return ended
`);
