import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { teachLedger } from './ledger-chain.ts';
import { teachSearch } from './search.ts';

export type Db = Database.Database;

/**
 * What the disk did to us, classified once:
 * `newer` made by a newer program · `in_use` another till runs on the folder · `readonly` · `full` ·
 * `corrupt` not a sound database · `half_restored` a restore was interrupted · `other_mode` play money and real money mixed · `io` anything else.
 * Nothing was written when one is thrown.
 */
export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly kind: 'newer' | 'in_use' | 'readonly' | 'full' | 'corrupt' | 'half_restored' | 'other_mode' | 'io';
  constructor(kind: StorageError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export interface Storage {
  db: Db;
  /** For the leases of the order locks alone; null unless the folder is shared. See {@link openLeases}. */
  leases: Db | null;
  /** Of the database file. */
  path: string;
  /** The file should be read through, but is too large to do so before the till serves. */
  isUnchecked: boolean;
  close(): void;
}

export const DATABASE_FILE = 'till.sqlite';
/** What a restore prepares; while it lies there, the database beside it is not the one to open. */
export const RESTORING_FILE = 'till.restoring.sqlite';
const LOCK_FILE = 'till.lock';
/** A database that ended well is read through once in this time; after an unclean end at once. */
const CHECK_EVERY_MS = 86_400_000;
/** A file of this size is read through in about a second; a larger one while the till already serves. */
const CHECK_AT_ONCE_BYTES = 100_000_000;

/** `alone`: no other process may use the folder. `shared`: others may, if they share it too. */
type FolderUse = 'alone' | 'shared';

/** The disk as a port: opens a database file, made if absent. */
export type OpenFile = (path: string) => Db;

interface OpenOptions {
  nowMs?: number;
  /** Absent: this machine's disk. */
  openFile?: OpenFile | undefined;
  /** Hears of the database and of whose it is, before anything in it is changed. */
  beforeMigration?: (db: Db, tillId: string) => void;
}

/**
 * Opens the till's database in `dir` (made if absent), checks it, and brings its schema up to date.
 * Holds the folder until `close`, so that a second till cannot start on it unless both share it; the hold
 * ends with the process, however it ends. A database with a till in it is first handed to `beforeMigration`,
 * when there is something to bring up. Throws {@link StorageError}.
 */
export function openStorage(dir: string, use: FolderUse = 'alone', options: OpenOptions = {}): Storage {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asStorageError(error, dir);
  }
  const hold = use === 'alone' ? holdFolder(dir) : shareFolder(dir);
  try {
    if (existsSync(join(dir, RESTORING_FILE))) throw halfRestored(dir);
    const path = join(dir, DATABASE_FILE);
    const { db, isUnchecked } = inTurn(dir, use, () => openDatabase(path, dir, options));
    const leases = use === 'shared' ? openLeases(dir) : null;
    return {
      db,
      leases,
      path,
      isUnchecked,
      close() {
        leases?.close();
        // Without room for it the log stays beside the database, as after a power cut.
        try {
          db.pragma('wal_checkpoint(TRUNCATE)');
        } catch (error) {
          if (!isStorageFault(error)) throw error;
        }
        db.close();
        hold.close();
      },
    };
  } catch (error) {
    hold.close();
    throw asStorageError(error, dir);
  }
}

/** A database in memory with the current schema, for tests and simulations. */
export function openMemoryDatabase(): Db {
  template ??= emptyDatabase();
  const db = new Database(template);
  db.pragma('foreign_keys = ON');
  teachSearch(db);
  return db;
}

/** Migrated once for all databases in memory: each takes 18 ms to make, and 1 ms to copy. */
let template: Buffer | undefined;

function emptyDatabase(): Buffer {
  const db = new Database(':memory:');
  migrate(db, migrations());
  const bytes = db.serialize();
  db.close();
  return bytes;
}

export interface Migration {
  version: number;
  name: string;
  sql: string;
}

/** The numbered migrations, oldest first. A shipped file is never edited; a change is a further file. */
export function migrations(): Migration[] {
  const folder = new URL('./migrations/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({
      version: Number(name.slice(0, 4)),
      name,
      sql: readFileSync(new URL(name, folder), 'utf8'),
    }));
}

/** Applies what is missing, each in a transaction of its own with its version. Throws {@link StorageError} `newer`. */
export function migrate(db: Db, all: readonly Migration[]): void {
  const current = db.pragma('user_version', { simple: true }) as number;
  const newest = all.at(-1)?.version ?? 0;
  if (current > newest) {
    throw new StorageError(
      'newer',
      `The data was written by a newer version (schema ${current}, this program knows ${newest}). Install the newer version again, or restore a backup of schema ${newest} or older; nothing was changed.`,
    );
  }
  teachSearch(db);
  teachLedger(db);
  for (const migration of all) {
    if (migration.version <= current) continue;
    db.transaction(() => {
      // Another process on the folder may have been first.
      if ((db.pragma('user_version', { simple: true }) as number) >= migration.version) return;
      db.exec(migration.sql);
      db.pragma(`user_version = ${migration.version}`);
    }).immediate();
  }
}

function openDatabase(path: string, dir: string, options: OpenOptions): { db: Db; isUnchecked: boolean } {
  const { nowMs = null } = options;
  // A till that ended well has moved its log into the database and taken it away.
  const endedWell = !existsSync(`${path}-wal`);
  const db = options.openFile?.(path) ?? new Database(path);
  try {
    db.pragma('journal_mode = WAL');
    // Money: a commit that was answered survives a power cut.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    // Checkpoints stay off the hot path: the backend runs them when it is idle.
    db.pragma('wal_autocheckpoint = 0');
    const lastCheckMs = lastCheck(db);
    const isChecked =
      endedWell && nowMs !== null && lastCheckMs !== null && Math.abs(nowMs - lastCheckMs) < CHECK_EVERY_MS;
    const isLarge = statSync(path).size > CHECK_AT_ONCE_BYTES;
    if (!isChecked && !isLarge) {
      const health = db.pragma('quick_check(1)', { simple: true });
      if (health !== 'ok') throw new StorageError('corrupt', `${damaged(dir)} (${String(health)})`);
    }
    const all = migrations();
    const version = db.pragma('user_version', { simple: true }) as number;
    const tillId = version > 0 ? tillIdOf(db) : undefined;
    if (tillId !== undefined && version < (all.at(-1)?.version ?? 0)) options.beforeMigration?.(db, tillId);
    migrate(db, all);
    if (!isChecked && !isLarge && nowMs !== null) noteCheck(db, nowMs);
    layOutLog(db);
    keepUndoInMemory(db);
    return { db, isUnchecked: !isChecked && isLarge };
  } catch (error) {
    db.close();
    throw error;
  }
}

function lastCheck(db: Db): number | null {
  if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'upkeep'").get()) return null;
  return (db.prepare('SELECT checked_at_ms FROM upkeep').pluck().get() as number | null | undefined) ?? null;
}

/** Where there is no room to remember the check, it is made again at the next start. */
export function noteCheck(db: Db, nowMs: number): void {
  try {
    db.prepare('UPDATE upkeep SET checked_at_ms = ?').run(nowMs);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
  }
}

/** The id of the till that wrote the database; undefined before its first start has ended. */
export function tillIdOf(db: Db): string | undefined {
  return db.prepare('SELECT till_id FROM till').pluck().get() as string | undefined;
}

function damaged(dir: string): string {
  return `The database in ${dir} is damaged. Leave the folder as it is, and restore a backup: ${restoreCommand(dir)}`;
}

/** What a person types to get the newest backup back. */
function restoreCommand(dir: string): string {
  return `npm run restore -- --data ${dir}`;
}

function halfRestored(dir: string): StorageError {
  return new StorageError(
    'half_restored',
    `A restore of ${dir} was interrupted. Run it again: ${restoreCommand(dir)}`,
  );
}

/** The write-ahead log is grown to this size at start. */
const LOG_BYTES = 4_000_000;

/**
 * Grows the write-ahead log once, by a transaction that spills into it and is rolled back: a commit that
 * also has to lengthen the file waits for the disk almost twice as long (0.23 ms against 0.14 ms at the
 * median, measured). Without room for it the till works all the same.
 */
function layOutLog(db: Db): void {
  const cacheSize = db.pragma('cache_size', { simple: true }) as number;
  db.pragma('cache_size = 10');
  try {
    db.exec('BEGIN IMMEDIATE');
    db.exec('CREATE TABLE log_layout (filler BLOB) STRICT');
    db.prepare('INSERT INTO log_layout VALUES (zeroblob(?))').run(LOG_BYTES);
  } catch (error) {
    if (!isStorageFault(error)) throw error;
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.pragma(`cache_size = ${cacheSize}`);
  }
}

/**
 * What a savepoint needs to be taken back grows past 64 kB within a payment, and SQLite then moves it to a
 * temporary file: made, written and removed inside every such commit, on a disk that may be full.
 */
function keepUndoInMemory(db: Db): void {
  db.pragma('temp_store = MEMORY');
}

/** An exclusive lock that the operating system releases when the process ends, even by kill -9. */
export function holdFolder(dir: string): Db {
  return lockFile(dir, 0, (lock) => {
    lock.pragma('locking_mode = EXCLUSIVE');
    lock.exec('BEGIN EXCLUSIVE');
  });
}

/** A lock that every process that shares the folder has, and that keeps out who wants it alone. */
function shareFolder(dir: string): Db {
  return lockFile(dir, 0, (lock) => {
    lock.exec('BEGIN');
    lock.prepare('SELECT count(*) FROM sqlite_schema').get();
  });
}

/** How long a process waits for another one that is just opening the shared database. */
const OPENING_MAX_MS = 20_000;

/** Processes that share a folder open its database one at a time: making and checking it is nothing to race for. */
function inTurn<T>(dir: string, use: FolderUse, open: () => T): T {
  if (use === 'alone') return open();
  const turn = lockFile(dir, OPENING_MAX_MS, (lock) => lock.exec('BEGIN IMMEDIATE'));
  try {
    return open();
  } finally {
    turn.close();
  }
}

function lockFile(dir: string, timeout: number, take: (lock: Db) => void): Db {
  let lock: Db | undefined;
  try {
    lock = new Database(join(dir, LOCK_FILE), { timeout });
    take(lock);
    return lock;
  } catch (error) {
    lock?.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) {
      throw new StorageError(
        'in_use',
        `Another till is already running on ${dir}. Use its window, or start this one with another --data folder. To run several on one folder, start each with --locks folder.`,
        { cause: error },
      );
    }
    throw asStorageError(error, dir);
  }
}

/** How long a lease waits for a writer before it looks again later. */
const LEASE_BUSY_MS = 100;

/**
 * A further connection to the database in `dir`, for the leases of the order locks alone: they must outlive
 * a process, not a power cut, so that no lease waits for the disk. The order's own write does, and takes the
 * lease's pages to the disk with it.
 */
function openLeases(dir: string): Db {
  const db = new Database(join(dir, DATABASE_FILE), { fileMustExist: true, timeout: LEASE_BUSY_MS });
  db.pragma('synchronous = NORMAL');
  db.pragma('wal_autocheckpoint = 0');
  return db;
}

/** Classifies what SQLite or the file system threw; passes a {@link StorageError} through. */
export function asStorageError(error: unknown, dir?: string): StorageError {
  if (error instanceof StorageError) return error;
  const code = (error as { code?: string } | null)?.code ?? '';
  const where = dir ? ` ${dir}` : '';
  const options = { cause: error };
  if (/^SQLITE_READONLY|^SQLITE_CANTOPEN|^EACCES$|^EROFS$|^EPERM$/.test(code)) {
    return new StorageError(
      'readonly',
      `The data folder${where} cannot be written. Give this user write access to it, or choose another with --data.`,
      options,
    );
  }
  if (/^SQLITE_FULL$|^ENOSPC$|^EDQUOT$|^SQLITE_IOERR_(WRITE|FSYNC|TRUNCATE|SHMSIZE)$/.test(code)) {
    return new StorageError(
      'full',
      `The disk of the data folder${where} is full. Free some space; nothing was saved.`,
      options,
    );
  }
  if (/^SQLITE_CORRUPT|^SQLITE_NOTADB$/.test(code)) {
    return new StorageError('corrupt', damaged(dir ?? 'the data folder'), options);
  }
  return new StorageError(
    'io',
    `The database${where} could not be used (${code || String(error)}).`,
    options,
  );
}

/** True for an error that SQLite or the file system threw, as opposed to a mistake of ours. */
export function isStorageFault(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return (
    error instanceof StorageError ||
    (typeof code === 'string' && /^SQLITE_(FULL|READONLY|IOERR|CANTOPEN|CORRUPT|NOTADB)/.test(code))
  );
}
