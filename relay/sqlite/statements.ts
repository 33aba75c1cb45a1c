import type { RelayChannel } from '../../wire/relay.ts';
import type { Notification, Outgoing } from '../mailbox.ts';
import type { Db } from './database.ts';

interface DeliveryRow {
  till: string;
  seq: number;
  id: string;
  channel: RelayChannel;
  received_ms: number;
  source: string;
  headers: string;
  body: Buffer;
}

/** The mailbox's SQL, named after what it answers. */
export function prepareStatements(db: Db) {
  const tills = db.prepare<
    [],
    { till: string; waiting: number; bytes: number; lastSeq: number; oldestMs: number }
  >(
    `SELECT till, count(*) AS waiting, sum(length(body)) AS bytes, max(seq) AS lastSeq, min(received_ms) AS oldestMs
       FROM deliveries GROUP BY till`,
  );
  const markSeen = db.prepare<[string, string, number, number]>(
    'INSERT OR IGNORE INTO seen (till, id, at_ms, seq) VALUES (?, ?, ?, ?)',
  );
  const unjudged = db
    .prepare<[string, string], Buffer>(
      `SELECT body FROM seen JOIN deliveries USING (till, seq, id) WHERE seen.till = ? AND seen.id = ?`,
    )
    .pluck();
  const unsee = db.prepare<[string, string]>('DELETE FROM seen WHERE till = ? AND id = ?');
  const insert = db.prepare<[string, number, string, string, number, string, string, Uint8Array]>(
    `INSERT INTO deliveries (till, seq, id, channel, received_ms, source, headers, body)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const next = db.prepare<[string, number, number], DeliveryRow>(
    'SELECT * FROM deliveries WHERE till = ? AND seq > ? ORDER BY seq LIMIT ?',
  );
  const remove = db.prepare<[string, number], { bytes: number; id: string; channel: RelayChannel }>(
    'DELETE FROM deliveries WHERE till = ? AND seq = ? RETURNING length(body) AS bytes, id, channel',
  );
  const upTo = db.prepare<[string, number], { seq: number }>(
    'SELECT seq FROM deliveries WHERE till = ? AND seq <= ?',
  );
  const returned = db.prepare<[string, number], { returns: number }>(
    'UPDATE deliveries SET returns = returns + 1 WHERE till = ? AND seq = ? RETURNING returns',
  );
  const oldest = db
    .prepare<[string], number>('SELECT received_ms FROM deliveries WHERE till = ? ORDER BY seq LIMIT 1')
    .pluck();
  const expired = db.prepare<[number, number], { till: string; seq: number }>(
    'SELECT till, seq FROM deliveries WHERE received_ms < ? LIMIT ?',
  );
  const bury = db.prepare<{ till: string; seq: number; reason: string; at: number }, { id: string }>(
    `INSERT OR REPLACE INTO dead_letters
     SELECT till, id, channel, received_ms, source, headers, body, :reason, :at FROM deliveries
      WHERE till = :till AND seq = :seq
     RETURNING id`,
  );
  const trimDead = db.prepare<[string, string, number]>(
    `DELETE FROM dead_letters WHERE till = ? AND rowid NOT IN
       (SELECT rowid FROM dead_letters WHERE till = ? ORDER BY rowid DESC LIMIT ?)`,
  );
  const deadCount = db.prepare<[string], number>('SELECT count(*) FROM dead_letters WHERE till = ?').pluck();
  const deadOf = db.prepare<
    [string, number],
    { id: string; channel: RelayChannel; receivedMs: number; bytes: number; reason: string }
  >(
    `SELECT id, channel, received_ms AS receivedMs, length(body) AS bytes, reason
       FROM dead_letters WHERE till = ? ORDER BY rowid DESC LIMIT ?`,
  );
  const exhume = db.prepare<{ till: string; id: string | null }, DeliveryRow>(
    `DELETE FROM dead_letters WHERE till = :till AND id = coalesce(:id, id)
     RETURNING till, 0 AS seq, id, channel, received_ms, source, headers, body`,
  );
  const forgetSeen = db.prepare<[number]>('DELETE FROM seen WHERE at_ms < ?');
  const forgetDead = db.prepare<[number]>('DELETE FROM dead_letters WHERE died_ms < ?');
  const drop = ['deliveries', 'seen', 'dead_letters'].map((table) =>
    db.prepare<[string]>(`DELETE FROM ${table} WHERE till = ?`),
  );

  return {
    tills: () => tills.all(),
    /** False when it was there already. */
    markSeen: (till: string, id: string, atMs: number, seq: number) =>
      markSeen.run(till, id, atMs, seq).changes > 0,
    /** The bytes that wait under an id; undefined when its till has acknowledged them. */
    unjudged: (till: string, id: string) => unjudged.get(till, id),
    unsee: (till: string, id: string) => unsee.run(till, id),
    insert({ till, id, channel, receivedMs, source, headers, body }: Notification, seq: number) {
      insert.run(till, seq, id, channel, receivedMs, source, JSON.stringify(headers), body);
    },
    next: (till: string, after: number, limit: number): Outgoing[] =>
      next.all(till, after, limit).map((row) => ({ seq: row.seq, notification: notificationOf(row) })),
    /** What it was, or undefined when it is gone. */
    remove: (till: string, seq: number) => remove.get(till, seq),
    upTo: (till: string, seq: number) => upTo.all(till, seq).map((row) => row.seq),
    /** How often it has come back unanswered. */
    returned: (till: string, seq: number) => returned.get(till, seq)?.returns ?? 0,
    oldestMs: (till: string) => oldest.get(till) ?? null,
    expired: (beforeMs: number, limit: number) => expired.all(beforeMs, limit),
    /** Copies a delivery to the dead letters; its id, or undefined when it is gone. */
    bury(till: string, seq: number, reason: string, at: number, keep: number) {
      const id = bury.get({ till, seq, reason, at })?.id;
      if (id !== undefined) trimDead.run(till, till, keep);
      return id;
    },
    deadCount: (till: string) => deadCount.get(till) ?? 0,
    deadOf: (till: string, limit: number) => deadOf.all(till, limit),
    exhume: (till: string, id: string | null) => exhume.all({ till, id }).map(notificationOf),
    forgetSeen: (beforeMs: number) => forgetSeen.run(beforeMs),
    forgetDead: (beforeMs: number) => forgetDead.run(beforeMs),
    drop: (till: string) => {
      for (const statement of drop) statement.run(till);
    },
  };
}

function notificationOf(row: DeliveryRow): Notification {
  const { id, till, channel, received_ms: receivedMs, source, headers, body } = row;
  return { id, till, channel, receivedMs, source, headers: JSON.parse(headers), body };
}
