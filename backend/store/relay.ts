import type { Db } from './database.ts';

/** Where the till is enrolled, and how far it has read there. */
export interface Enrolment {
  /** The address that a person gave. */
  url: string;
  /** The till's name there. */
  till: string;
  /** The relay's own name: the till signs for no other. */
  relay: string;
  pushUrl: string;
  /** What wallets are told, with `{channel}` to be replaced. */
  notifyUrl: string;
  /** Ed25519, 32 bytes in base64url. */
  publicKey: string;
  enrolledAtMs: number;
  /** Up to here every delivery is committed or rejected; null before the first. */
  after: { epoch: string; seq: number } | null;
}

interface Row {
  url: string;
  till_name: string;
  relay_name: string;
  push_url: string;
  notify_url: string;
  public_key: string;
  enrolled_at_ms: number;
  epoch: string | null;
  seq: number | null;
}

export type RelayTable = ReturnType<typeof relayTable>;

/** The table `relay`: one row, or none. Call what writes inside a transaction. */
export function relayTable(db: Db) {
  const get = db.prepare<[], Row>('SELECT * FROM relay');
  const replace = db.prepare(
    `INSERT OR REPLACE INTO relay (only_row, url, till_name, relay_name, push_url, notify_url, public_key, enrolled_at_ms)
     VALUES (1, :url, :till, :relay, :pushUrl, :notifyUrl, :publicKey, :enrolledAtMs)`,
  );
  const reach = db.prepare('UPDATE relay SET epoch = :epoch, seq = :seq WHERE public_key = :publicKey');

  return {
    get(): Enrolment | null {
      const row = get.get();
      if (!row) return null;
      return {
        url: row.url,
        till: row.till_name,
        relay: row.relay_name,
        pushUrl: row.push_url,
        notifyUrl: row.notify_url,
        publicKey: row.public_key,
        enrolledAtMs: row.enrolled_at_ms,
        after: row.epoch === null || row.seq === null ? null : { epoch: row.epoch, seq: row.seq },
      };
    },
    /** Replaces an earlier enrolment, and how far it had been read. */
    enrol(enrolment: Omit<Enrolment, 'after'>): void {
      replace.run(enrolment);
    },
    /** Everything up to here is settled; of another key than the enrolled one nothing is kept. */
    reached(publicKey: string, after: { epoch: string; seq: number }): void {
      reach.run({ publicKey, ...after });
    },
  };
}
