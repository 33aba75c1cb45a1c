import { LEDGER_START, type LedgerRow } from '../domain/ledger.ts';
import type { Db } from './database.ts';
import { ledgerHash } from './ledger-chain.ts';

/** Every event's hashes as they are kept, and the hash that it should have after those before it. */
export function chainOf(db: Db): { seq: number; previous: string; own: string; due: string }[] {
  let previous = LEDGER_START;
  return db
    .prepare<[], LedgerRow & { prev_hash: Buffer; hash: Buffer }>('SELECT * FROM events ORDER BY seq')
    .all()
    .map((row) => {
      const due = ledgerHash(previous, row);
      previous = due;
      return { seq: row.seq, previous: row.prev_hash.toString('hex'), own: row.hash.toString('hex'), due };
    });
}
