import type { Journal } from '../registry.ts';
import type { Db } from './database.ts';

/** The journal of a relay that is one process. */
export function createSqliteJournal(db: Db): Journal {
  const all = db.prepare<[], string>('SELECT record FROM journal ORDER BY position').pluck();
  const add = db.prepare<[string]>('INSERT INTO journal (record) VALUES (?)');
  let follower: (record: string) => void = () => {};
  return {
    async follow(apply) {
      for (const record of all.all()) apply(record);
      follower = apply;
    },
    async append(record) {
      add.run(record);
      follower(record);
    },
  };
}
