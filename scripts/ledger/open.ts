import { accessSync, constants, copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';

/** A till's database to be read, and what to do when that is done. */
export interface OpenedLedger {
  db: Database.Database;
  close(): void;
}

/**
 * Opens a till's database without changing it and leaves nothing beside it, whether or not a till runs on it. Throws
 * what SQLite says of a file that it cannot open.
 */
export function openLedger(file: string): OpenedLedger {
  const [hasLog, hasIndex] = [existsSync(`${file}-wal`), existsSync(`${file}-shm`)];
  // A till runs, or lost its power: whoever only reads makes no further file, and takes none away.
  if (hasLog && hasIndex) return opened(file, { readonly: true });
  // Who only reads would leave an empty log behind: only who may write takes it away again at the end.
  if (!hasLog && !hasIndex && mayWrite(file)) return opened(file, { readonly: false });
  return openedCopy(file);
}

function opened(file: string, { readonly }: { readonly: boolean }): OpenedLedger {
  const db = new Database(file, { readonly, fileMustExist: true });
  db.pragma('query_only = ON');
  return { db, close: () => void db.close() };
}

/** From a medium that cannot be written, or with half of what a running till leaves. */
function openedCopy(file: string): OpenedLedger {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-ledger-'));
  const remove = () => rmSync(dir, { recursive: true, force: true });
  try {
    const copy = join(dir, 'copy.sqlite');
    copyFileSync(file, copy);
    if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    const { db } = opened(copy, { readonly: false });
    return {
      db,
      close() {
        db.close();
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}

function mayWrite(file: string): boolean {
  try {
    accessSync(file, constants.W_OK);
    accessSync(dirname(file), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
