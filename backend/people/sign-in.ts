import { createHash } from 'node:crypto';
import type { Clock } from '../../ports/clock.ts';
import { afterFailure, lockedUntilMs } from '../domain/attempts.ts';
import { storeInstant } from '../domain/store-time.ts';
import { ServiceError } from '../services/errors.ts';
import { atTheTill } from '../store/events.ts';
import { foldedName, type Person } from '../store/people.ts';
import type { Store, Writer } from '../store/store.ts';
import { isPin } from './pin-hash.ts';

/** Where a PIN is typed. Who guesses over the network locks nobody out at the till. */
export interface Place {
  at: 'till' | 'network';
  /** Of the network: the caller's address. */
  address: string | null;
}

/** Wrong PINs from one address, of whatever names, before nothing of it is looked at. */
const ADDRESS_FREE = 20;

export type SignInCheck = ReturnType<typeof createSignInCheck>;

/** Whether a name and a PIN belong together, throttled over restarts. */
export function createSignInCheck(deps: { store: Store; clock: Clock }) {
  const { store, clock } = deps;
  const { people } = store;

  const nameKey = (name: string, at: Place['at']) => keyOf(`${at} name ${foldedName(name)}`);

  /**
   * Counts the attempt before it is looked at, so that a hundred at once are a hundred. Throws
   * `sign_in_locked`, the same whether or not somebody has this name.
   */
  function count(keys: { key: string; free?: number }[]): void {
    const nowMs = clock.nowMs();
    const until = store.transact(() => {
      const locks = keys.flatMap(({ key }) => lockedUntilMs(people.attempts(key), nowMs) ?? []);
      if (locks.length > 0) return Math.max(...locks);
      for (const { key, free } of keys)
        people.setAttempts(key, afterFailure(people.attempts(key), nowMs, free));
      return null;
    });
    if (until !== null) throw locked(until);
  }

  return {
    /** The person. Throws `sign_in_refused`, after the same time and in the same words for a name that nobody has. */
    async check(operator: string, pin: string, place: Place, as?: Writer): Promise<Person> {
      const ofName = nameKey(operator, place.at);
      const ofAddress = place.address === null ? null : keyOf(`address ${place.address}`);
      count([{ key: ofName }, ...(ofAddress === null ? [] : [{ key: ofAddress, free: ADDRESS_FREE }])]);
      const person = people.byName(operator);
      const isRight = await isPin(person?.pin ?? null, pin);
      // Disabled or given another PIN in the meantime: what was compared counts no more.
      const now = person && people.byId(person.personId);
      if (!now || !isRight || now.pin !== person.pin) {
        const until = lockedUntilMs(people.attempts(ofName), clock.nowMs());
        if (until === null) throw new ServiceError('sign_in_refused');
        if (person)
          store.transact(
            () =>
              store.events.append(
                atTheTill('sign_in.locked', clock.nowMs(), {
                  personId: person.personId,
                  at: place.at,
                  until: storeInstant(until),
                }),
              ),
            as,
          );
        throw locked(until);
      }
      store.transact(() => {
        people.forgetAttempts(ofName);
        const before = ofAddress === null ? undefined : people.attempts(ofAddress);
        // One good one does not make an address good: it takes back only itself.
        if (ofAddress !== null && before)
          people.setAttempts(ofAddress, { ...before, failures: before.failures - 1, lockedUntilMs: 0 });
      });
      return now;
    },
    /** Until when no PIN of this person is looked at, at the till. */
    lockedUntil(name: string): number | null {
      return lockedUntilMs(people.attempts(nameKey(name, 'till')), clock.nowMs());
    },
    /** Opens the till to a person again. Call inside a transaction. */
    unlock(name: string): void {
      people.forgetAttempts(nameKey(name, 'till'));
      people.forgetAttempts(nameKey(name, 'network'));
    },
  };
}

function locked(untilMs: number): ServiceError {
  return new ServiceError('sign_in_locked', { until: storeInstant(untilMs) });
}

/** What was typed as a name may have been a PIN: it is not kept in words. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
