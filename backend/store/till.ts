import { formatTillId, type NumberState } from '../domain/numbers.ts';
import { type Db, StorageError } from './database.ts';

export type Mode = 'sandbox' | 'live';

export type TillTable = ReturnType<typeof tillTable>;

/** The table `till`: one row, made at first start. */
export function tillTable(db: Db) {
  const get = db.prepare<[], { till_id: string; mode: Mode }>('SELECT till_id, mode FROM till');
  const insert = db.prepare('INSERT INTO till (only_row, till_id, mode, created_at_ms) VALUES (1, ?, ?, ?)');
  const numbers = db.prepare<[], NumberState>(
    'SELECT number_second AS second, number_count AS count FROM till',
  );
  const setNumbers = db.prepare('UPDATE till SET number_second = ?, number_count = ?');
  const settings = db.prepare<[], string | null>('SELECT settings FROM till').pluck();
  const setSettings = db.prepare('UPDATE till SET settings = ?');

  return {
    /**
     * The till's id; made from `random` (4 bytes) at first start. Throws {@link StorageError} `other_mode`
     * when the folder belongs to the other mode: play money and real money never mix.
     */
    identify(mode: Mode, nowMs: number, random: Uint8Array): string {
      const row = get.get();
      if (!row) {
        const tillId = formatTillId(random);
        insert.run(tillId, mode, nowMs);
        return tillId;
      }
      if (row.mode !== mode) {
        throw new StorageError(
          'other_mode',
          `This data folder belongs to ${row.mode} mode; the till was started in ${mode} mode. Give each its own --data folder.`,
        );
      }
      return row.till_id;
    },
    numbers(): NumberState {
      return numbers.get() ?? { second: 0, count: 0 };
    },
    /** As the ledger was last told; null when it never was. */
    settings(): Readonly<Record<string, unknown>> | null {
      return JSON.parse(settings.get() ?? 'null');
    },
    setSettings(now: Readonly<Record<string, unknown>>): void {
      setSettings.run(JSON.stringify(now));
    },
    setNumbers(state: NumberState): void {
      setNumbers.run(state.second, state.count);
    },
  };
}
