import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { StartError } from '../../ports/service.ts';

export type Db = Database.Database;

/**
 * Opens the relay's database in `dir` (made if absent) and brings its schema up to date. Holds the folder
 * until it is closed or the process ends: a second relay on it is refused. Throws {@link StartError}
 * `data_in_use`, `data_newer`, `data_damaged` or `data_unusable`.
 */
export function openRelayDatabase(dir: string): { db: Db; close(): void } {
  let db: Db | undefined;
  let hold: Db | undefined;
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    hold = new Database(join(dir, 'relay.lock'), { timeout: 0 });
    hold.pragma('locking_mode = EXCLUSIVE');
    hold.exec('BEGIN EXCLUSIVE');
    db = new Database(join(dir, 'relay.sqlite'));
    db.pragma('journal_mode = WAL');
    // A wallet that was answered well does not send again: what it sent must survive a power cut.
    db.pragma('synchronous = FULL');
    // Checkpoints are the mailbox's, after the answers.
    db.pragma('wal_autocheckpoint = 0');
    if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') {
      throw new StartError(
        'data_damaged',
        `The database in ${dir} is damaged. Keep the folder as it is and start with another --data.`,
      );
    }
    migrate(db);
    lengthenLog(db);
  } catch (error) {
    db?.close();
    hold?.close();
    throw asStartError(error, dir);
  }
  const opened = { db, hold };
  return {
    db,
    close() {
      opened.db.pragma('wal_checkpoint(TRUNCATE)');
      opened.db.close();
      opened.hold.close();
    },
  };
}

/** A database in memory with the current schema, for simulations. */
export function openRelayMemory(): Db {
  const db = new Database(':memory:');
  migrate(db);
  return db;
}

/** Applies what is missing, each file in a transaction of its own. A shipped file is never edited. */
function migrate(db: Db): void {
  const folder = new URL('./migrations/', import.meta.url);
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
  const current = db.pragma('user_version', { simple: true }) as number;
  if (current > files.length) {
    throw new StartError(
      'data_newer',
      `The data was written by a newer relay (schema ${current}, this one knows ${files.length}). Install the newer one again; nothing was changed.`,
    );
  }
  for (const [index, name] of files.entries()) {
    if (index < current) continue;
    db.transaction(() => {
      db.exec(readFileSync(new URL(name, folder), 'utf8'));
      db.pragma(`user_version = ${index + 1}`);
    }).immediate();
  }
}

/** How long the write-ahead log is made beforehand. */
export const LOG_BYTES = 8 * 1024 * 1024;

/**
 * A commit that also has to lengthen the log's file waits for the disk almost twice as long: so it is lengthened
 * once, by a transaction too large for the cache that is then taken back.
 */
function lengthenLog(db: Db): void {
  const cacheSize = db.pragma('cache_size', { simple: true }) as number;
  db.pragma('cache_size = 10');
  db.exec('BEGIN; CREATE TABLE filler (bytes BLOB) STRICT;');
  try {
    db.prepare('INSERT INTO filler VALUES (zeroblob(?))').run(LOG_BYTES);
  } catch (error) {
    // Without room for it the relay still hands out what it has.
    if ((error as { code?: string }).code !== 'SQLITE_FULL') throw error;
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.pragma(`cache_size = ${cacheSize}`);
  }
}

function asStartError(error: unknown, dir: string): unknown {
  if (error instanceof StartError) return error;
  const code = (error as { code?: string } | null)?.code ?? '';
  if (code.startsWith('SQLITE_BUSY')) {
    const text = `Another relay is already running on ${dir}. End it, or start this one with another --data.`;
    return new StartError('data_in_use', text, { cause: error });
  }
  if (code === '') return error;
  const text = `The data folder ${dir} cannot be used (${code}). Give this user write access to it, or choose another with --data.`;
  return new StartError('data_unusable', text, { cause: error });
}
