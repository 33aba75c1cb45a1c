import Database from 'better-sqlite3';
import { type Db, openMemoryDatabase } from '../../backend/store/database.ts';
import { teachSearch } from '../../backend/store/search.ts';
import { Dead, type Life } from './life.ts';

/** An empty database with the current schema, as bytes: a copy costs a hundredth of bringing one up. */
let empty: Buffer | null = null;

/** The database of a new till. */
export function newDatabase(): Db {
  empty ??= openMemoryDatabase().serialize();
  const db = new Database(empty);
  db.pragma('foreign_keys = ON');
  teachSearch(db);
  return db;
}

/** The statements that the lives of one till have prepared: each new life takes them over, since preparing is dear. */
type Prepared = Map<string, Database.Statement[]>;

const preparedOf = new WeakMap<Db, Prepared>();

/** Prepares for one life; no two callers within it share a statement. */
function preparing(raw: Db): (sql: string) => Database.Statement {
  const prepared = preparedOf.get(raw) ?? new Map<string, Database.Statement[]>();
  preparedOf.set(raw, prepared);
  const taken = new Map<string, number>();
  return (sql) => {
    const known = prepared.get(sql) ?? [];
    prepared.set(sql, known);
    const at = taken.get(sql) ?? 0;
    taken.set(sql, at + 1);
    const kept = known[at];
    const statement = kept && !kept.busy ? kept : raw.prepare(sql);
    known[at] = statement;
    if (statement.reader) statement.pluck(false);
    return statement;
  };
}

/** What the disk under a till does. */
export interface Disk {
  /** Refuses every commit, as a full disk does. */
  isFull: boolean;
}

/**
 * A till's database as one life of it sees it: the same data for every life, gone for good once the life is
 * over. A death before a commit rolls back; after it, the commit stands although nobody hears of it.
 */
export function mortalDatabase(raw: Db, life: Life, disk: Disk, onCommit: () => void): Db {
  const mustLive = () => {
    if (life.isOver) throw new Dead();
  };

  /** What stands before every commit. */
  function mayCommit(): void {
    mustLive();
    if (disk.isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    if (life.diesAt('before_commit')) throw new Dead();
  }

  /** It is durable from here on, whoever hears of it. */
  function committed(): void {
    onCommit();
    if (life.diesAt('after_commit')) throw new Dead();
  }

  function committing<T>(commit: () => T): T {
    mayCommit();
    const result = commit();
    committed();
    return result;
  }

  function transaction(work: (...args: unknown[]) => unknown) {
    // A commit that is refused, or before which the process dies, rolls all its work back.
    const outermost = raw.transaction((...args: unknown[]) => {
      const result = work(...args);
      mayCommit();
      return result;
    });
    const nested = raw.transaction(work);
    const as = (kind: 'default' | 'deferred' | 'immediate' | 'exclusive') => {
      const run = outermost[kind] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        mustLive();
        if (raw.inTransaction) return nested(...args);
        const result = run(...args);
        committed();
        return result;
      };
    };
    const kinds = {
      default: as('default'),
      deferred: as('deferred'),
      immediate: as('immediate'),
      exclusive: as('exclusive'),
    };
    return Object.assign(as('default'), kinds);
  }

  function statement(real: Database.Statement) {
    const writesAlone = () => !real.readonly && !raw.inTransaction;
    const mortal = {
      run(...args: unknown[]) {
        mustLive();
        if (isCommit(real.source)) return ended(() => real.run(...args));
        return writesAlone() ? committing(() => real.run(...args)) : real.run(...args);
      },
      get(...args: unknown[]) {
        mustLive();
        return writesAlone() ? committing(() => real.get(...args)) : real.get(...args);
      },
      all(...args: unknown[]) {
        mustLive();
        return writesAlone() ? committing(() => real.all(...args)) : real.all(...args);
      },
      iterate(...args: unknown[]) {
        mustLive();
        return real.iterate(...args);
      },
      pluck(on = true) {
        real.pluck(on);
        return mortal;
      },
      raw(on = true) {
        real.raw(on);
        return mortal;
      },
    };
    return mortal;
  }

  /** A transaction that is opened and closed by hand. */
  function ended<T>(commit: () => T): T {
    try {
      return committing(commit);
    } catch (error) {
      if (raw.inTransaction) raw.exec('ROLLBACK');
      throw error;
    }
  }

  const prepare = preparing(raw);
  const known: Partial<Record<keyof Db, unknown>> = {
    transaction,
    prepare: (sql: string) => statement(prepare(sql)),
    exec(sql: string) {
      mustLive();
      return isCommit(sql) ? ended(() => raw.exec(sql)) : raw.exec(sql);
    },
    pragma(sql: string, options?: Database.PragmaOptions) {
      mustLive();
      return raw.pragma(sql, options);
    },
  };
  return new Proxy(raw, {
    get(target, name: keyof Db) {
      if (name in known) return known[name];
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function isCommit(sql: string): boolean {
  return /^\s*(COMMIT|END)\b/i.test(sql);
}
