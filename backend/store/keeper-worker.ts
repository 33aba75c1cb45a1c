import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { mustBeSound, soundCopy } from './backup-files.ts';

/** One question to the worker, and its answer; the first word, under id 0, answers none: SQLite is loaded. */
export type KeeperTask = { id: number } & (
  | { do: 'checkpoint' }
  | { do: 'look' }
  | { do: 'check'; path: string }
);
export type KeeperAnswer = { id: number; fault?: { code: string; message: string } };

/** Frames of the log beyond which writers wait until it begins anew (16 MB): else it grows as long as they are busy. */
const LOG_FRAMES_MAX = 4_000;

/** What waits long for the disk, on a connection of its own, so that the till goes on meanwhile. */
const path = String(workerData);
const db = new Database(path);

function checkpoint(): void {
  const [state] = db.pragma('wal_checkpoint(PASSIVE)') as { log: number }[];
  if ((state?.log ?? 0) > LOG_FRAMES_MAX) db.pragma('wal_checkpoint(RESTART)');
}

/** On a connection of its own each time: one that has read an index before may take what another wrote since for damage. */
function look(): void {
  const fresh = new Database(path, { fileMustExist: true });
  try {
    mustBeSound(fresh, 'quick_check');
  } finally {
    fresh.close();
  }
}

parentPort?.on('message', (task: KeeperTask) => {
  const answer: KeeperAnswer = { id: task.id };
  try {
    if (task.do === 'checkpoint') checkpoint();
    else if (task.do === 'look') look();
    else soundCopy(task.path, 'integrity_check');
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    answer.fault = { code: code ?? '', message };
  }
  parentPort?.postMessage(answer);
});
parentPort?.postMessage({ id: 0 } satisfies KeeperAnswer);
