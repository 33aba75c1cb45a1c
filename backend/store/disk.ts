import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  type BackupFile,
  backupFolder,
  backupName,
  beginCopy,
  finishCopy,
  listBackups,
  prune,
} from './backup-files.ts';
import { type Db, noteCheck } from './database.ts';
import { createJournal, type Journal } from './journal.ts';
import { type Keeper, startKeeper } from './keeper.ts';

/** Pages that a backup copies before the till's other work is heard: a fraction of a millisecond. */
const PAGES_AT_ONCE = 64;

/** The till's files beside its database: checkpoints, backups, and the journal of what is newer. */
export interface Disk {
  checkpoint: Keeper['checkpoint'];
  /** Reads the database through when its start left that for later. Rejects with `SQLITE_CORRUPT`. */
  check(): Promise<void>;
  /** Copies the database while the till goes on; the copy is whole, checked and on disk when this resolves. */
  backup(): Promise<BackupFile>;
  /** The newest backup; null when there is none. Throws when the folder is not there. */
  newestBackup(): BackupFile | null;
  /** Whether the backups lie on the disk that holds the data: then they do not outlive it. */
  isSameDisk(): boolean;
  journal: Journal;
  everyMs: number;
  close(): Promise<void>;
}

export function createDisk(deps: {
  db: Db;
  databasePath: string;
  isUnchecked: boolean;
  tillId: string;
  backups: { dir: string; isNamed: boolean; everyMs: number };
  nowMs(): number;
  onJournal(error: unknown): void;
}): Disk {
  const { db, nowMs, backups } = deps;
  const keeper = startKeeper(deps.databasePath);
  const folder = () => backupFolder(backups.dir, deps.tillId, backups.isNamed);
  const journal = createJournal({ folder, nowMs, onState: deps.onJournal });
  let running: Promise<BackupFile> | null = null;
  let closed = false;

  async function backup(): Promise<BackupFile> {
    const atMs = nowMs();
    const into = folder();
    const unfinished = beginCopy(into, atMs);
    try {
      await db.backup(unfinished, {
        progress() {
          if (closed) throw new Error('The till is shutting down.');
          return PAGES_AT_ONCE;
        },
      });
      await keeper.check(unfinished);
      const schema = db.pragma('user_version', { simple: true }) as number;
      const path = finishCopy(unfinished, backupName(atMs, schema));
      prune(into, atMs);
      return { path, atMs, schema, bytes: statSync(path).size };
    } catch (error) {
      await rm(unfinished, { force: true }).catch(() => {});
      throw error;
    }
  }

  return {
    checkpoint: keeper.checkpoint,
    async check() {
      if (!deps.isUnchecked) return;
      await keeper.look();
      noteCheck(db, nowMs());
    },
    backup() {
      running ??= backup().finally(() => {
        running = null;
      });
      return running;
    },
    newestBackup: () => listBackups(folder())[0] ?? null,
    isSameDisk: () => statSync(folder()).dev === statSync(deps.databasePath).dev,
    journal,
    everyMs: backups.everyMs,
    async close() {
      closed = true;
      await journal.close();
      await running?.catch(() => {});
      await keeper.close();
    },
  };
}
