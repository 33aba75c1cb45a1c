import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The till's database, read beside the till. */
export interface Book {
  /** Whether there is nothing to do before the time moves. */
  isQuiet(nowMs: number): boolean;
  /** Whether a question is under way. */
  isAsking(): boolean;
  /** Whether a trade has no code yet. */
  isOpening(): boolean;
  /** When there is; null when nothing is planned. */
  nextMs(): number | null;
  /** When the next question matters: a pending code's end, the end of what cannot be closed, or a plain repeat. */
  nextEndMs(): number | null;
  /** What is planned, in words for a person: milliseconds from now. */
  plans(nowMs: number): object[];
  /** Another number after every commit of whoever writes. */
  changes(): number;
  /** What SQLite says of the file: `ok`. */
  soundness(): string;
  all<Row>(sql: string, ...values: unknown[]): Row[];
  close(): void;
}

const LIVE = "('created', 'awaiting_payment', 'paying')";

export function openBook(dataDir: string): Book {
  const path = join(dataDir, 'till.sqlite');
  const db = new Database(path, { readonly: true });
  const busy = db
    .prepare<[{ nowMs: number }], number>(
      `SELECT (SELECT count(*) FROM outbox WHERE state = 'due' AND (lease_holder IS NOT NULL OR due_at_ms <= :nowMs))
         + (SELECT count(*) FROM trades WHERE state IN ${LIVE} AND expires_at_ms <= :nowMs)`,
    )
    .pluck();
  const asking = db.prepare<[], number>('SELECT count(*) FROM outbox WHERE lease_until_ms > 0').pluck();
  const opening = db.prepare<[], number>("SELECT count(*) FROM trades WHERE state = 'created'").pluck();
  const next = db
    .prepare<[], number | null>(
      `SELECT min(at_ms) FROM (SELECT due_at_ms AS at_ms FROM outbox WHERE state = 'due'
         UNION ALL SELECT expires_at_ms FROM trades WHERE state IN ${LIVE})`,
    )
    .pluck();
  const nextEnd = db
    .prepare<[], number | null>(
      `SELECT min(CASE WHEN t.state IN ${LIVE} THEN t.expires_at_ms
         ELSE max(o.due_at_ms, coalesce(t.payable_until_ms, 0)) END)
       FROM outbox o JOIN trades t USING (trade_no) WHERE o.state = 'due'`,
    )
    .pluck();
  return {
    isQuiet: (nowMs) => busy.get({ nowMs }) === 0,
    isAsking: () => asking.get() !== 0,
    isOpening: () => opening.get() !== 0,
    nextMs: () => next.get() ?? null,
    nextEndMs: () => nextEnd.get() ?? null,
    plans: (nowMs) =>
      db
        .prepare(
          `SELECT o.kind, o.state, o.due_at_ms - ? AS due, o.lease_holder IS NOT NULL AS leased, t.channel, t.state AS trade,
             t.expires_at_ms - ? AS expires FROM outbox o LEFT JOIN trades t USING (trade_no)`,
        )
        .all(nowMs, nowMs) as object[],
    changes: () => db.pragma('data_version', { simple: true }) as number,
    soundness() {
      // A connection that has checked before takes its memory of the search index for the file's (SQLite's FTS5).
      const fresh = new Database(path, { readonly: true });
      const said = String(fresh.pragma('integrity_check', { simple: true }));
      fresh.close();
      return said;
    },
    all: <Row>(sql: string, ...values: unknown[]) => db.prepare(sql).all(...values) as Row[],
    close: () => db.close(),
  };
}
