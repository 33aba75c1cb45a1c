import type { Db } from './database.ts';

export type SessionsTable = ReturnType<typeof sessionsTable>;

/** The table `sessions`: windows that came in through a one-time link, by the hash of their cookie. */
export function sessionsTable(db: Db) {
  const insert = db.prepare('INSERT INTO sessions (token_hash, created_at_ms) VALUES (?, ?)');
  const has = db
    .prepare<[string, number], number>('SELECT 1 FROM sessions WHERE token_hash = ? AND created_at_ms > ?')
    .pluck();
  const prune = db.prepare('DELETE FROM sessions WHERE created_at_ms <= ?');

  return {
    /** Adds a session and drops those that started at or before `expiredMs`. */
    add(tokenHash: string, nowMs: number, expiredMs: number): void {
      prune.run(expiredMs);
      insert.run(tokenHash, nowMs);
    },
    has(tokenHash: string, expiredMs: number): boolean {
      return has.get(tokenHash, expiredMs) === 1;
    },
  };
}
