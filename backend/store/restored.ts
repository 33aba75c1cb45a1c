import type { Db } from './database.ts';

export type RestoredTable = ReturnType<typeof restoredTable>;

/** The table `restored_trades`: what a wallet has not answered since a restore. */
export function restoredTable(db: Db) {
  const waiting = db.prepare<[], string>('SELECT trade_no FROM restored_trades').pluck();
  const remove = db.prepare('DELETE FROM restored_trades WHERE trade_no = ?');
  const setAside = db
    .prepare<[], string>(
      'SELECT trade_no FROM restored_trades JOIN trades USING (trade_no) WHERE set_aside_at_ms IS NOT NULL',
    )
    .pluck();
  return {
    waiting: (): string[] => waiting.all(),
    /** Those that a person has ended by hand. */
    setAside: (): string[] => setAside.all(),
    answered(tradeNo: string): void {
      remove.run(tradeNo);
    },
  };
}
