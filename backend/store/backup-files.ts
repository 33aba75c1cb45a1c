import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';

/** A finished backup: one whole database file. */
export interface BackupFile {
  path: string;
  atMs: number;
  /** Version of the schema in it. */
  schema: number;
  bytes: number;
}

const NAME = /^till-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-v(\d+)\.sqlite$/;
const JOURNAL_NAME = /^journal-(\d{4})(\d\d)(\d\d)\.jsonl$/;
const DAY_MS = 86_400_000;
const KEPT_NEWEST = 24;
const KEPT_DAYS = 30;

export function backupName(atMs: number, schema: number): string {
  return `till-${new Date(atMs).toISOString().replace(/[-:.]/g, '')}-v${schema}.sqlite`;
}

export function journalName(atMs: number): string {
  return `journal-${new Date(atMs).toISOString().slice(0, 10).replaceAll('-', '')}.jsonl`;
}

/** The finished backups in a folder, newest first. Throws what the file system throws. */
export function listBackups(folder: string): BackupFile[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const match = NAME.exec(name);
      if (!match) return [];
      const [year, month, day, hour, minute, second, ms, schema] = match.slice(1).map(Number);
      const path = join(folder, name);
      return {
        path,
        atMs: Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second, ms),
        schema: schema ?? 0,
        bytes: statSync(path).size,
      };
    })
    .sort((a, b) => b.atMs - a.atMs);
}

/** The journals in a folder, oldest first; `endMs` is the instant after the last one that can be in it. */
export function listJournals(folder: string): { path: string; endMs: number }[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const match = JOURNAL_NAME.exec(name);
      if (!match) return [];
      const [year, month, day] = match.slice(1).map(Number);
      return { path: join(folder, name), endMs: Date.UTC(year ?? 0, (month ?? 1) - 1, day) + DAY_MS };
    })
    .sort((a, b) => a.endMs - b.endMs);
}

/** Those of `files` (newest first) that need not be kept: beyond the newest 24 and the last of each of 30 days. */
export function superfluous(files: readonly BackupFile[], nowMs: number): BackupFile[] {
  const days = new Set<number>();
  return files.filter((file, index) => {
    const day = Math.floor(file.atMs / DAY_MS);
    const isLastOfDay = !days.has(day);
    days.add(day);
    return index >= KEPT_NEWEST && !(isLastOfDay && nowMs - file.atMs <= KEPT_DAYS * DAY_MS);
  });
}

/** Deletes backups that need not be kept, and journals that end before the oldest kept backup. */
export function prune(folder: string, nowMs: number): void {
  const files = listBackups(folder);
  const gone = new Set(superfluous(files, nowMs));
  for (const file of gone) rmSync(file.path);
  const oldest = files.findLast((file) => !gone.has(file));
  if (!oldest) return;
  // A clock may have been set back by an hour or so: a day more is kept.
  for (const journal of listJournals(folder)) if (journal.endMs + DAY_MS < oldest.atMs) rmSync(journal.path);
}

/** Throws `SQLITE_CORRUPT` unless the file is a sound database; leaves it without a log of its own. */
export function soundCopy(path: string, check: 'quick_check' | 'integrity_check'): void {
  const copy = new Database(path, { fileMustExist: true });
  try {
    copy.pragma('journal_mode = DELETE');
    mustBeSound(copy, check);
  } finally {
    copy.close();
  }
}

/** Throws `SQLITE_CORRUPT` when what is read through is not as it should be. */
export function mustBeSound(db: Database.Database, check: 'quick_check' | 'integrity_check'): void {
  const found = db.pragma(`${check}(1)`, { simple: true });
  if (found !== 'ok') throw Object.assign(new Error(`Damaged: ${String(found)}`), { code: 'SQLITE_CORRUPT' });
}

/** What a process that is gone left behind is removed after this; until then it may be at it still. */
const UNFINISHED_MAX_MS = 3_600_000;

/** An empty file for the next backup that nobody else can read, and no other process that shares the data. */
export function beginCopy(folder: string, atMs: number): string {
  for (const name of readdirSync(folder)) {
    const isOurs = name.startsWith(`unfinished-${process.pid}.`);
    const path = join(folder, name);
    if (isOurs || (name.startsWith('unfinished-') && atMs - statSync(path).mtimeMs > UNFINISHED_MAX_MS))
      rmSync(path, { force: true });
  }
  const path = join(folder, `unfinished-${process.pid}.sqlite`);
  closeSync(openSync(path, 'wx', 0o600));
  return path;
}

/** Gives a checked copy its name, once it and then the name are on disk. */
export function finishCopy(path: string, name: string): string {
  const finished = join(dirname(path), name);
  syncFile(path);
  renameSync(path, finished);
  syncFolder(dirname(path));
  return finished;
}

export function syncFile(path: string): void {
  const file = openSync(path, 'r+');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes renames in a folder durable. Windows knows no such thing and needs none. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const file = openSync(folder, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * The till's own folder among the backups of perhaps several tills. `dir` itself is not made when a person
 * named it: where a stick should be and is not, the backup would go to the disk under it.
 */
export function backupFolder(dir: string, tillId: string, isNamed: boolean): string {
  if (isNamed) statSync(dir);
  else mkdirSync(dir, { recursive: true, mode: 0o700 });
  const folder = join(dir, tillId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Copies the whole database at once, before anything else is done with it. Throws what the disk throws. */
export function backupNow(db: Database.Database, folder: string, atMs: number): string {
  const path = beginCopy(folder, atMs);
  try {
    db.prepare('VACUUM INTO ?').run(path);
    soundCopy(path, 'quick_check');
    return finishCopy(path, backupName(atMs, db.pragma('user_version', { simple: true }) as number));
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}
