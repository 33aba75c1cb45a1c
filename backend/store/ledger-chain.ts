import { hash as digest } from 'node:crypto';
import type Database from 'better-sqlite3';
import { LEDGER_START, type LedgerRow, ledgerText } from '../domain/ledger.ts';

/** The hash of an event: SHA-256, 64 hexadecimal digits. */
export function ledgerHash(previous: string, row: LedgerRow): string {
  return digest('sha256', ledgerText(previous, row));
}

/** Gives the connection the function with which migration 0007 chains what was there before. Once, oldest first. */
export function teachLedger(db: Database.Database): void {
  let seq = 0;
  let previous = LEDGER_START;
  let own = LEDGER_START;
  db.function('ledger_link', { varargs: true }, (which, ...columns) => {
    const row = unsaid(columns as Before);
    if (row.seq !== seq) {
      seq = row.seq;
      previous = own;
      own = ledgerHash(previous, row);
    }
    return Buffer.from(which === 'own' ? own : previous, 'hex');
  });
}

type Before = [number, number, string, ...(string | null)[]];

function unsaid([seq, at_ms, type, order_no, trade_no, from_state, to_state, what]: Before): LedgerRow {
  const said = { seq, at_ms, type, order_no, trade_no, from_state, to_state, what } as LedgerRow;
  return {
    ...said,
    refund_no: null,
    data: null,
    actor: null,
    actor_id: null,
    via: null,
    reason: null,
    approved_by: null,
  };
}
