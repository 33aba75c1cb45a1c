import { hash as digest } from 'node:crypto';
import type Database from 'better-sqlite3';
import { LEDGER_START, type LedgerRow, ledgerText } from '../../backend/domain/ledger.ts';

/**
 * The first entry that is not as it was written. `changed`: its content or a hash of it is another · `inserted`: it
 * was put in between · `missing`: before it there was another · `cut`: the last entries are gone, `seq` is the one
 * after which they were · `unreadable`: the file is damaged there.
 */
export interface BadEntry {
  seq: number;
  kind: 'changed' | 'inserted' | 'missing' | 'cut' | 'unreadable';
  /** What it says it is, as far as that can be read. */
  type: string | null;
  orderNo: string | null;
  after: number;
}

export interface ChainResult {
  /** Entries up to the first bad one. */
  sound: number;
  bad: BadEntry | null;
  /** Of the last sound entry. */
  head: { seq: number; hash: string };
}

export type Row = LedgerRow & { previous: string; own: string };

/** Rows read in one go: no transaction is held longer, so that a running till is not held up. */
const BATCH = 5_000;

/** The hash of a column that holds one; else what no hash is. Its bytes as a text are not what was written. */
const hexOf = (column: string) => `iif(typeof(${column}) = 'blob', lower(hex(${column})), '')`;
const COLUMNS = `seq, at_ms, type, order_no, trade_no, refund_no, from_state, to_state, what, data,
  actor, actor_id, via, reason, approved_by, ${hexOf('prev_hash')} AS previous, ${hexOf('hash')} AS own`;
const TEXTS = [
  'type',
  'order_no',
  'trade_no',
  'refund_no',
  'from_state',
  'to_state',
  'what',
  'data',
  'actor',
  'actor_id',
  'via',
  'reason',
  'approved_by',
] as const;

/**
 * Reads the table `events` from its first entry on and stops at the first that is not as it was written. `seen` is
 * told of each sound one; memory does not grow with the file.
 */
export function verifyChain(db: Database.Database, seen: (row: Row, done: number) => void): ChainResult {
  const page = db.prepare<[number, number], Row>(
    `SELECT ${COLUMNS} FROM events NOT INDEXED WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  const isExact = exactness(db);
  let head = { seq: 0, hash: LEDGER_START };
  // Positions begin at 1; a stranger's might not.
  let position = Number.MIN_SAFE_INTEGER;
  let sound = 0;
  for (;;) {
    let rows: Row[];
    try {
      rows = page.all(position, BATCH);
    } catch (error) {
      // Where exactly is only known row by row.
      rows = readable(page, position);
      if (rows.length === 0) return { sound, head, bad: unreadable(head.seq, error) };
    }
    for (const row of rows) {
      const text = ledgerText(head.hash, row);
      const due = digest('sha256', text);
      if (row.previous !== head.hash || row.own !== due || (text.includes('\uFFFD') && !isExact(row)))
        return { sound, head, bad: badEntry(db, row, head, position) };
      head = { seq: row.seq, hash: due };
      position = row.seq;
      sound += 1;
      seen(row, sound);
    }
    if (rows.length === 0) return { sound, head, bad: cutOff(db, head.seq) };
  }
}

/** One row at a time up to the one that cannot be read. */
function readable(page: Database.Statement<[number, number], Row>, after: number): Row[] {
  const rows: Row[] = [];
  try {
    while (rows.length < BATCH) {
      const [row] = page.all(rows.at(-1)?.seq ?? after, 1);
      if (!row) break;
      rows.push(row);
    }
  } catch {
    return rows;
  }
  return rows;
}

/** Bytes that are no UTF-8 all read as U+FFFD: whether the row's texts are what they read as, byte for byte. */
function exactness(db: Database.Database): (row: Row) => boolean {
  const bytes = db.prepare<[number], Record<string, Buffer | null>>(
    `SELECT ${TEXTS.map((name) => `CAST(${name} AS BLOB) AS ${name}`).join(', ')} FROM events WHERE seq = ?`,
  );
  return (row) => {
    const stored = bytes.get(row.seq) ?? {};
    return TEXTS.every((name) => {
      const text = row[name];
      return typeof text !== 'string' || stored[name]?.equals(Buffer.from(text)) === true;
    });
  };
}

/** What is wrong with the first row that does not follow `head`. */
function badEntry(
  db: Database.Database,
  row: Row,
  head: { seq: number; hash: string },
  position: number,
): BadEntry {
  const found = { type: row.type, orderNo: row.order_no, after: head.seq };
  const isWhole = row.own === digest('sha256', ledgerText(row.previous, row));
  // Altered in itself, or only the hash of the one before it in it.
  if (!isWhole || row.previous === head.hash) return { ...found, seq: row.seq, kind: 'changed' };
  // It is as it was written, and follows another entry than the one before it.
  const follows = row.previous === LEDGER_START ? Number.MIN_SAFE_INTEGER : seqOf(db, row.previous, row.seq);
  if (follows === null || follows >= position) return { ...found, seq: row.seq, kind: 'missing' };
  const stranger = db
    .prepare<[number], { seq: number; type: string; orderNo: string | null }>(
      'SELECT seq, type, order_no AS orderNo FROM events WHERE seq > ? ORDER BY seq LIMIT 1',
    )
    .get(follows);
  return stranger
    ? { ...stranger, kind: 'inserted', after: Math.max(0, follows) }
    : { ...found, seq: row.seq, kind: 'missing' };
}

function seqOf(db: Database.Database, hash: string, before: number): number | null {
  return (
    db
      .prepare<[string, number], number>(
        'SELECT seq FROM events NOT INDEXED WHERE hash = unhex(?) AND seq < ? ORDER BY seq LIMIT 1',
      )
      .pluck()
      .get(hash, before) ?? null
  );
}

/** The file itself remembers the last position that it gave out. */
function cutOff(db: Database.Database, lastSeq: number): BadEntry | null {
  const given = db.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'events'").pluck().get();
  if (given === undefined || given <= lastSeq) return null;
  // A running till may have written in between.
  const last = db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck().get() ?? 0;
  return last >= given ? null : { seq: lastSeq, kind: 'cut', type: null, orderNo: null, after: lastSeq };
}

function unreadable(after: number, error: unknown): BadEntry {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) throw error;
  return { seq: after, kind: 'unreadable', type: null, orderNo: null, after };
}
