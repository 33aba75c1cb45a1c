import type { PersonRole, Person as PersonView, Right } from '../../contract/people.ts';
import type { Clock } from '../../ports/clock.ts';
import { ALPHANUMERIC, type Random, randomText } from '../../ports/random.ts';
import type { By } from '../domain/actor.ts';
import { isTooSimple } from '../domain/pin.ts';
import { mayManage, RIGHTS_TABLE, type Standing } from '../domain/rights.ts';
import { storeInstant } from '../domain/store-time.ts';
import { ServiceError } from '../services/errors.ts';
import { atTheTill, type NewEvent } from '../store/events.ts';
import type { Person } from '../store/people.ts';
import type { Store } from '../store/store.ts';
import { hashPin } from './pin-hash.ts';
import type { Sessions } from './sessions.ts';
import type { Place, SignInCheck } from './sign-in.ts';

/** Who decides about people: how they stand by now, and in whose name it is written. */
export interface Decider {
  standing(): Standing;
  by: By;
}

export type PeopleService = ReturnType<typeof createPeople>;

/** The people of the till: added, renamed, given a PIN, disabled; never deleted. */
export function createPeople(deps: {
  store: Store;
  clock: Clock;
  random: Random;
  check: SignInCheck;
  sessions: Sessions;
}) {
  const { store, clock, random, check, sessions } = deps;
  const { people } = store;

  function say(type: Extract<NewEvent['type'], `person.${string}`>, data: Record<string, unknown>): void {
    store.events.append(atTheTill(type, clock.nowMs(), data));
  }

  function view(person: Person): PersonView {
    const lockedMs = check.lockedUntil(person.name);
    return {
      personId: person.personId,
      name: person.name,
      role: person.role,
      createdAt: storeInstant(person.createdAtMs),
      disabledAt: person.disabledAtMs === null ? null : storeInstant(person.disabledAtMs),
      lockedUntil: lockedMs === null || person.disabledAtMs !== null ? null : storeInstant(lockedMs),
    };
  }

  async function newPin(pin: string): Promise<string> {
    if (isTooSimple(pin)) throw new ServiceError('pin_too_simple');
    return await hashPin(random, pin);
  }

  /** Call inside a transaction. */
  function insert(name: string, role: PersonRole, pin: string): Person {
    if (people.byName(name)) throw new ServiceError('person_name_taken');
    const personId = randomText(random, ALPHANUMERIC, 12);
    const person = { personId, name, role, pin, createdAtMs: clock.nowMs() };
    people.insert(person);
    say('person.created', { personId, name, role });
    return { ...person, disabledAtMs: null };
  }

  /** Somebody whom the decider may decide about. Throws `person_not_found` or `not_allowed`. */
  function managed(personId: string, standing: Standing): Person {
    const person = people.byId(personId);
    if (!person || person.disabledAtMs !== null) throw new ServiceError('person_not_found');
    mustManage(standing, person.role);
    return person;
  }

  function mustManage(standing: Standing, target: PersonRole): void {
    if (standing !== 'owner' && standing !== 'manager') throw new ServiceError('not_allowed');
    if (!mayManage(standing, target)) throw new ServiceError('not_allowed');
  }

  function mustKeepAnOwner(but: Person): void {
    const others = people.list().filter((each) => each.role === 'owner' && each.disabledAtMs === null);
    if (but.role === 'owner' && others.length === 1) throw new ServiceError('last_owner');
  }

  return {
    list: (): PersonView[] => people.list().map(view),
    /** Names of those who can sign in, for the till's own screen; of those who `may` alone. */
    names: (may?: Right): string[] =>
      people
        .list()
        .filter((each) => each.disabledAtMs === null)
        .filter(({ role }) => may === undefined || RIGHTS_TABLE[may].may[role])
        .map((each) => each.name),
    /** The first person. From then on everybody signs in. Throws `people_exist`, `pin_too_simple`. */
    async setUpOwner(input: { name: string; pin: string }, by: By): Promise<Person> {
      if (people.any()) throw new ServiceError('people_exist');
      const pin = await newPin(input.pin);
      return store.transact(
        () => {
          if (people.any()) throw new ServiceError('people_exist');
          return insert(input.name, 'owner', pin);
        },
        { by },
      );
    },
    /** Throws `not_allowed`, `person_name_taken`, `pin_too_simple`; at a till without people `sign_in_needed`. */
    async add(
      input: { name: string; role: PersonRole; pin: string },
      { standing, by }: Decider,
    ): Promise<PersonView> {
      // The first one is the owner: nobody else could let anybody in.
      if (!people.any()) throw new ServiceError('sign_in_needed');
      mustManage(standing(), input.role);
      const pin = await newPin(input.pin);
      return view(
        store.transact(
          () => {
            mustManage(standing(), input.role);
            return insert(input.name, input.role, pin);
          },
          { by },
        ),
      );
    },
    /** Throws `person_not_found`, `not_allowed`, `person_name_taken`, `last_owner`. */
    change(
      input: { personId: string; name?: string | undefined; role?: PersonRole | undefined },
      { standing, by }: Decider,
    ): PersonView {
      return store.transact(
        () => {
          const before = managed(input.personId, standing());
          const { name = before.name, role = before.role } = input;
          mustManage(standing(), role);
          if (role !== 'owner') mustKeepAnOwner(before);
          const namesake = people.byName(name);
          if (namesake && namesake.personId !== before.personId) throw new ServiceError('person_name_taken');
          people.update({ ...before, name, role });
          say('person.changed', {
            personId: before.personId,
            before: { name: before.name, role: before.role },
            now: { name, role },
          });
          return view({ ...before, name, role });
        },
        { by },
      );
    },
    /** Throws `person_not_found`, `not_allowed`, `pin_too_simple`. Ends the person's sessions and opens a lock-out. */
    async resetPin(input: { personId: string; pin: string }, { standing, by }: Decider): Promise<PersonView> {
      managed(input.personId, standing());
      const pin = await newPin(input.pin);
      const person = store.transact(
        () => {
          const now = { ...managed(input.personId, standing()), pin };
          people.update(now);
          check.unlock(now.name);
          say('person.pin_reset', { personId: now.personId });
          return now;
        },
        { by },
      );
      await sessions.endAllOf(person.personId, null);
      return view(person);
    },
    /** One's own, the old one given. Other sessions of the person end. Throws as a sign-in does, and `pin_too_simple`. */
    async changePin(
      input: { pin: string; newPin: string },
      self: { personId: string; sessionId: string; place: Place },
      by: By,
    ): Promise<void> {
      const person = people.byId(self.personId);
      if (!person) throw new ServiceError('person_not_found');
      await check.check(person.name, input.pin, self.place, { by });
      const pin = await newPin(input.newPin);
      store.transact(
        () => {
          const now = people.byId(self.personId);
          if (!now || now.pin !== person.pin) throw new ServiceError('sign_in_refused');
          people.update({ ...now, pin });
          say('person.pin_changed', { personId: self.personId });
        },
        { by },
      );
      await sessions.endAllOf(self.personId, self.sessionId);
    },
    /** Revokes at once, for good. Throws `person_not_found`, `not_allowed`, `last_owner`. */
    async disable(personId: string, { standing, by }: Decider): Promise<PersonView> {
      const person = store.transact(
        () => {
          const before = managed(personId, standing());
          mustKeepAnOwner(before);
          const now = { ...before, pin: null, disabledAtMs: clock.nowMs() };
          people.update(now);
          say('person.disabled', { personId });
          return now;
        },
        { by },
      );
      await sessions.endAllOf(personId, null);
      return view(person);
    },
  };
}
