import Database from 'better-sqlite3';
import { eventsTable, type LedgerHead, type NewEvent } from './events.ts';
import type { JournalEntry } from './journal.ts';

/** How far the ledger of the database to be replaced had come; null where it cannot be read. */
export function headOf(path: string): LedgerHead | null {
  try {
    const db = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return eventsTable(db).head();
    } finally {
      db.close();
    }
  } catch {
    return null;
  }
}

/** How far the ledger had come when the journal was last written; null when it does not say. */
export function lastHead(entries: readonly JournalEntry[]): LedgerHead | null {
  const last = entries.findLast((entry) => entry.kind === 'head');
  return last ? { seq: last.seq, hash: last.hash } : null;
}

/** What the ledger says first after a restore: where the backup's had come to, and the lost one's. */
export function ledgerRestored(backup: LedgerHead, before: LedgerHead | null, atMs: number): NewEvent {
  return {
    atMs,
    type: 'ledger.restored',
    orderNo: null,
    tradeNo: null,
    fromState: null,
    toState: null,
    what: null,
    data: { backup, before },
  };
}
