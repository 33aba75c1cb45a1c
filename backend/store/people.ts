import type { PersonRole } from '../../contract/people.ts';
import { type Attempts, FORGET_MS } from '../domain/attempts.ts';
import type { Db } from './database.ts';

export interface Person {
  personId: string;
  name: string;
  role: PersonRole;
  /** As `pin-hash.ts` writes it; null once disabled. */
  pin: string | null;
  createdAtMs: number;
  disabledAtMs: number | null;
}

interface Row {
  person_id: string;
  name: string;
  role: PersonRole;
  pin: string | null;
  created_at_ms: number;
  disabled_at_ms: number | null;
}

export type PeopleTable = ReturnType<typeof peopleTable>;

/** The table `people`, and what is remembered of wrong PINs. Call what writes inside a transaction. */
export function peopleTable(db: Db) {
  const any = db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM people)').pluck();
  const byId = db.prepare<[string], Row>('SELECT * FROM people WHERE person_id = ?');
  const byName = db.prepare<[string], Row>(
    'SELECT * FROM people WHERE folded_name = ? AND disabled_at_ms IS NULL',
  );
  const list = db.prepare<[], Row>(`SELECT * FROM people ORDER BY disabled_at_ms IS NOT NULL,
       CASE role WHEN 'owner' THEN 1 WHEN 'manager' THEN 2 ELSE 3 END, created_at_ms, folded_name`);
  const insert = db.prepare(
    `INSERT INTO people (person_id, name, folded_name, role, pin, created_at_ms)
     VALUES (:personId, :name, :folded, :role, :pin, :createdAtMs)`,
  );
  const update = db.prepare(
    `UPDATE people SET name = :name, folded_name = :folded, role = :role, pin = :pin, disabled_at_ms = :disabledAtMs
     WHERE person_id = :personId`,
  );
  const attempts = db.prepare<[string], { failures: number; last_at_ms: number; locked_until_ms: number }>(
    'SELECT * FROM attempts WHERE key = ?',
  );
  const setAttempts = db.prepare(
    'INSERT OR REPLACE INTO attempts VALUES (:key, :failures, :lastAtMs, :lockedUntilMs)',
  );
  const forget = db.prepare('DELETE FROM attempts WHERE key = ?');
  const forgetOld = db.prepare('DELETE FROM attempts WHERE last_at_ms < ?');

  return {
    /** Whether the till has people at all: disabled ones count, or disabling would open it. */
    any(): boolean {
      return any.get() === 1;
    },
    byId(personId: string): Person | undefined {
      return fromRow(byId.get(personId));
    },
    /** Who signs in with this name. */
    byName(name: string): Person | undefined {
      return fromRow(byName.get(foldedName(name)));
    },
    /** Those who work here first, by role and how long they have been here. */
    list(): Person[] {
      return list.all().flatMap((row) => fromRow(row) ?? []);
    },
    insert(person: Omit<Person, 'disabledAtMs'>): void {
      insert.run({ ...person, folded: foldedName(person.name) });
    },
    update(person: Person): void {
      const { createdAtMs: _, ...rest } = person;
      update.run({ ...rest, folded: foldedName(person.name) });
    },
    attempts(key: string): Attempts | undefined {
      const row = attempts.get(key);
      return row && { failures: row.failures, lastAtMs: row.last_at_ms, lockedUntilMs: row.locked_until_ms };
    },
    setAttempts(key: string, now: Attempts): void {
      forgetOld.run(now.lastAtMs - FORGET_MS);
      setAttempts.run({ key, ...now });
    },
    forgetAttempts(key: string): void {
      forget.run(key);
    },
  };
}

/** Names that look alike are the same name. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase();
}

function fromRow(row: Row | undefined): Person | undefined {
  if (!row) return undefined;
  return {
    personId: row.person_id,
    name: row.name,
    role: row.role,
    pin: row.pin,
    createdAtMs: row.created_at_ms,
    disabledAtMs: row.disabled_at_ms,
  };
}
