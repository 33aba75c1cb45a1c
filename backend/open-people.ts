import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import { type Access, createAccess } from './access.ts';
import { connectRedis } from './locks/redis-connection.ts';
import { createPeople, type PeopleService } from './people/people.ts';
import { createPolicy, type PolicyService } from './people/policy.ts';
import { redisSessions } from './people/redis-sessions.ts';
import { databaseSessions, type SessionStore } from './people/session-store.ts';
import { createSessions } from './people/sessions.ts';
import { createSignInCheck } from './people/sign-in.ts';
import { createTokenKeys, type KeyPlace } from './people/token-keys.ts';
import { createTokens, type TokenSmith } from './people/tokens.ts';
import { createSignInDesk, type SignInDesk } from './sign-in-desk.ts';
import type { Store } from './store/store.ts';
import type { Mode } from './store/till.ts';

/** Where people's sessions are kept, for a till of this mode. */
export type OpenSessions = (store: Store, mode: Mode) => SessionStore;

export const sessionsInDatabase: OpenSessions = (store) => databaseSessions(store);

/** In the Redis that several backends share. Play money and real money never meet, not even there. */
export function sessionsInRedis(ports: { url: string; clock: Clock; log: Log }): OpenSessions {
  return (_store, mode) =>
    redisSessions(connectRedis({ url: ports.url, keyPrefix: `mianfu:${mode}:` }, ports));
}

/** Everything about who may what, put together. */
export function openPeople(deps: {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  tillId: string;
  mode: Mode;
  tokenKeys: KeyPlace;
  openSessions: OpenSessions;
}): {
  access: Access;
  desk: SignInDesk;
  people: PeopleService;
  policy: PolicyService;
  tokens: TokenSmith;
  close(): void;
} {
  const { store, clock, random, log, tillId } = deps;
  const check = createSignInCheck({ store, clock });
  const keys = createTokenKeys({
    place: deps.tokenKeys,
    random,
    alone: (work) => store.transact(work),
    onUnkept: (err) => log.warn({ err }, 'keys for tokens not kept; a restart signs everybody out'),
  });
  const tokens = createTokens({ keys, clock, random, tillId });
  const kept = deps.openSessions(store, deps.mode);
  const sessions = createSessions({ store, clock, kept, tokens });
  const people = createPeople({ store, clock, random, check, sessions });
  const access = createAccess({ store, sessions, check });
  return {
    access,
    desk: createSignInDesk({ access, check, sessions, people }),
    people,
    policy: createPolicy({ store, clock }),
    tokens,
    close: kept.close,
  };
}
