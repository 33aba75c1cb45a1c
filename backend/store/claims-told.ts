import type { Db } from './database.ts';

export type ClaimsToldTable = ReturnType<typeof claimsToldTable>;

/** The table `claims_told`: the position in `events` up to which other tills know how charges ended. */
export function claimsToldTable(db: Db) {
  const get = db.prepare<[], number>('SELECT seq FROM claims_told').pluck();
  const set = db.prepare(
    'INSERT INTO claims_told (only_row, seq) VALUES (1, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq',
  );
  return {
    /** Null when they were never told anything. */
    seq(): number | null {
      return get.get() ?? null;
    },
    setSeq(seq: number): void {
      set.run(seq);
    },
  };
}
