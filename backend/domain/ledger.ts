/** A row of the table `events` without its own hash, in the order in which it is hashed. */
export interface LedgerRow {
  seq: number;
  at_ms: number;
  type: string;
  order_no: string | null;
  trade_no: string | null;
  refund_no: string | null;
  from_state: string | null;
  to_state: string | null;
  what: string | null;
  data: string | null;
  actor: string | null;
  actor_id: string | null;
  via: string | null;
  reason: string | null;
  approved_by: string | null;
}

/** What stands for the hash of the event before the first. */
export const LEDGER_START = '0'.repeat(64);

/**
 * The text whose UTF-8 bytes are hashed with SHA-256 to give an event's hash: a JSON array without spaces, as
 * `JSON.stringify` writes it, of the form's name, the previous event's hash (64 small hexadecimal digits), and every
 * column in the order of {@link LedgerRow}. docs/decisions/0018 tells why.
 */
export function ledgerText(prevHash: string, row: LedgerRow): string {
  return JSON.stringify([
    'mianfu-ledger-1',
    prevHash,
    row.seq,
    row.at_ms,
    row.type,
    row.order_no,
    row.trade_no,
    row.refund_no,
    row.from_state,
    row.to_state,
    row.what,
    row.data,
    row.actor,
    row.actor_id,
    row.via,
    row.reason,
    row.approved_by,
  ]);
}
