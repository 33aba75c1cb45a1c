import type Database from 'better-sqlite3';
import { type Db, openMemoryDatabase } from '../../backend/store/database.ts';
import { Dead, type Life } from './life.ts';

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

  /** Around the moment at which something becomes durable. */
  function committing<T>(commit: () => T): T {
    mustLive();
    if (disk.isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    if (life.diesAt('before_commit')) throw new Dead();
    const result = commit();
    onCommit();
    if (life.diesAt('after_commit')) throw new Dead();
    return result;
  }

  function transaction(work: (...args: unknown[]) => unknown) {
    const real = raw.transaction((...args: unknown[]) => {
      const result = work(...args);
      mustLive();
      return result;
    });
    const as = (kind: 'default' | 'deferred' | 'immediate' | 'exclusive') => {
      const run = real[kind] as (...args: unknown[]) => unknown;
      // A commit is refused or died before at its end, so that all its work is rolled back.
      const guarded = raw.transaction((...args: unknown[]) => {
        const result = work(...args);
        mustLive();
        if (disk.isFull) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
        if (life.diesAt('before_commit')) throw new Dead();
        return result;
      })[kind] as (...args: unknown[]) => unknown;
      return (...args: unknown[]) => {
        mustLive();
        if (raw.inTransaction) return run(...args);
        const result = guarded(...args);
        onCommit();
        if (life.diesAt('after_commit')) throw new Dead();
        return result;
      };
    };
    return Object.assign(as('default'), {
      default: as('default'),
      deferred: as('deferred'),
      immediate: as('immediate'),
      exclusive: as('exclusive'),
    });
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

  const known: Partial<Record<keyof Db, unknown>> = {
    transaction,
    prepare: (sql: string) => statement(raw.prepare(sql)),
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

/** An empty database with the current schema. */
export const freshDatabase = openMemoryDatabase;
