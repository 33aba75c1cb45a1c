import type { Db } from './database.ts';

/** A person's session on one device: the family of its refresh tokens. */
export interface SignIn {
  sessionId: string;
  personId: string;
  deviceHash: string;
  lockedAtMs: number | null;
  /** When its person last did something. */
  seenAtMs: number;
}

/** A session about to begin: nobody has locked it, and its person is there. */
export type NewSignIn = Omit<SignIn, 'lockedAtMs' | 'seenAtMs'>;

interface Row {
  session_id: string;
  person_id: string;
  device_hash: string;
  locked_at_ms: number | null;
  seen_at_ms: number;
}

interface TokenRow {
  session_id: string;
  used_at_ms: number | null;
  until_ms: number;
}

export type SignInsTable = ReturnType<typeof signInsTable>;

/** The tables `sign_ins` and `refresh_tokens`. Call what writes inside a transaction. */
export function signInsTable(db: Db) {
  const insert = db.prepare(
    `INSERT INTO sign_ins (session_id, person_id, device_hash, created_at_ms, until_ms, seen_at_ms)
     VALUES (:sessionId, :personId, :deviceHash, :nowMs, :untilMs, :nowMs)`,
  );
  const alive = db.prepare<[string, number], Row>(
    'SELECT * FROM sign_ins WHERE session_id = ? AND ended_at_ms IS NULL AND until_ms > ?',
  );
  const ofPerson = db
    .prepare<[string], string>('SELECT session_id FROM sign_ins WHERE person_id = ? AND ended_at_ms IS NULL')
    .pluck();
  const prolong = db.prepare('UPDATE sign_ins SET until_ms = ? WHERE session_id = ?');
  const lock = db.prepare(
    'UPDATE sign_ins SET locked_at_ms = :atMs WHERE session_id = :sessionId AND (locked_at_ms IS NULL) = (:atMs IS NOT NULL)',
  );
  const seen = db.prepare('UPDATE sign_ins SET seen_at_ms = ? WHERE session_id = ?');
  const end = db.prepare('UPDATE sign_ins SET ended_at_ms = ? WHERE session_id = ? AND ended_at_ms IS NULL');
  const token = db.prepare<[string], TokenRow>('SELECT * FROM refresh_tokens WHERE token_hash = ?');
  const addToken = db.prepare(
    'INSERT OR IGNORE INTO refresh_tokens (token_hash, session_id, until_ms) VALUES (?, ?, ?)',
  );
  const markUsedRow = db.prepare('UPDATE refresh_tokens SET used_at_ms = ? WHERE token_hash = ?');
  const forgetOld = db.prepare('DELETE FROM refresh_tokens WHERE until_ms <= ?');

  return {
    begin(signIn: NewSignIn & { nowMs: number; untilMs: number }): void {
      forgetOld.run(signIn.nowMs);
      insert.run(signIn);
    },
    /** The session, while it lasts. */
    alive(sessionId: string, nowMs: number): SignIn | undefined {
      const row = alive.get(sessionId, nowMs);
      return (
        row && {
          sessionId: row.session_id,
          personId: row.person_id,
          deviceHash: row.device_hash,
          lockedAtMs: row.locked_at_ms,
          seenAtMs: row.seen_at_ms,
        }
      );
    },
    ofPerson(personId: string): string[] {
      return ofPerson.all(personId);
    },
    prolong(sessionId: string, untilMs: number): void {
      prolong.run(untilMs, sessionId);
    },
    /** Whether it was not so before. */
    lock(sessionId: string, atMs: number | null): boolean {
      return lock.run({ atMs, sessionId }).changes > 0;
    },
    seen(sessionId: string, atMs: number): void {
      seen.run(atMs, sessionId);
    },
    end(sessionId: string, atMs: number): void {
      end.run(atMs, sessionId);
    },
    token(tokenHash: string): { sessionId: string; usedAtMs: number | null; untilMs: number } | undefined {
      const row = token.get(tokenHash);
      return row && { sessionId: row.session_id, usedAtMs: row.used_at_ms, untilMs: row.until_ms };
    },
    addToken(tokenHash: string, sessionId: string, untilMs: number): void {
      addToken.run(tokenHash, sessionId, untilMs);
    },
    markUsed(tokenHash: string, atMs: number): void {
      markUsedRow.run(atMs, tokenHash);
    },
  };
}
