import Database from 'better-sqlite3';
import type { Db, OpenFile } from '../../backend/store/database.ts';
import type { FaultPoints } from './fault-points.ts';

/** A write within a transaction, with its values by name or by place. */
interface Write {
  sql: string;
  values: Record<string, unknown>;
}

/** Whole scripts are migrations. */
const SCRIPT = 'a script';

/**
 * Opens databases with fault points around every commit. Before: all of it is written, nothing of it stands. After: it
 * stands, and nobody has been told.
 */
export function databaseUnderFire(points: FaultPoints): OpenFile {
  return (path) => {
    const db = new Database(path);
    const { prepare, exec, transaction } = db;
    const plain = (sql: string) => prepare.call(db, sql);
    /** What the running transaction has written: by itself, then by each of the works that share it. */
    let shares: Write[][] = [];

    db.prepare = ((sql: string) => {
      const statement = plain(sql);
      const run = statement.run as (...values: unknown[]) => Database.RunResult;
      statement.run = (...values: unknown[]) => {
        const write: Write = { sql, values: byName(values) };
        if (db.inTransaction) {
          shares.at(-1)?.push(write);
          return run.apply(statement, values);
        }
        const step = `commit:${nameOf([write], plain)}`;
        points.pass('before', step);
        const result = run.apply(statement, values);
        points.pass('after', step);
        return result;
      };
      return statement;
    }) as Db['prepare'];

    db.exec = (sql) => {
      if (db.inTransaction) shares.at(-1)?.push({ sql: SCRIPT, values: {} });
      return exec.call(db, sql);
    };

    db.transaction = ((work: (...given: unknown[]) => unknown) => {
      let steps: string[] = [];
      const whole = transaction.call(db, (...given: unknown[]) => {
        shares = [[]];
        const result = work(...given);
        steps = stepsOf(shares, plain);
        for (const step of steps) points.pass('before', step);
        return result;
      });
      // Within another one it is a savepoint, and nothing is committed: a work that shares a commit with others.
      const part = transaction.call(db, (...given: unknown[]) => {
        shares.push([]);
        return work(...given);
      });
      const immediate = (...given: unknown[]) => {
        if (db.inTransaction) return part(...given);
        const result = whole.immediate(...given);
        for (const step of steps) points.pass('after', step);
        return result;
      };
      return Object.assign(immediate, { immediate });
    }) as unknown as Db['transaction'];
    return db;
  };
}

function byName(values: unknown[]): Record<string, unknown> {
  const [first] = values;
  if (typeof first === 'object' && first !== null) return first as Record<string, unknown>;
  return Object.fromEntries(values.entries());
}

/** A shared commit is a point of everything that shares it, however its works met. */
function stepsOf(shares: readonly Write[][], prepare: (sql: string) => Database.Statement): string[] {
  const written = shares.filter((writes) => writes.length > 0);
  return (written.length > 0 ? written : [[]]).map((writes) => `commit:${nameOf(writes, prepare)}`);
}

/** What a transaction is about, read from what it wrote. */
function nameOf(writes: readonly Write[], prepare: (sql: string) => Database.Statement): string {
  const find = (words: string) => writes.find(({ sql }) => sql.includes(words));
  const one = (sql: string, value: unknown) =>
    value === undefined ? undefined : prepare(sql).pluck().get(value);
  const channelOf = ({ values }: Write): unknown =>
    one('SELECT queue FROM outbox WHERE entry_id = ?', values.entryId) ??
    Object.values(values)
      .map((value) => one('SELECT channel FROM trades WHERE trade_no = ?', value))
      .find((channel) => channel !== undefined);

  if (writes.length === 0) return 'nothing';
  if (find(SCRIPT)) return 'migration';
  if (find('INSERT INTO charges')) return 'charge';
  if (find('INSERT INTO orders')) return 'order';
  const holding = (value: string) => writes.find(({ values }) => Object.values(values).includes(value));
  const decided = holding('deadline_passed');
  if (decided) return `deadline.${channelOf(decided)}`;
  if (holding('cancel_requested') || writes.some(({ values }) => values[0] === 'cancelled')) return 'cancel';
  const said = find('INSERT INTO exchanges');
  if (said) return `settle.${channelOf(said)}.${said.values.step}`;
  const tried = find('last_outcomes = json_set');
  if (tried) return `settle.${channelOf(tried)}.${tried.values.asked}`;
  if (holding('withdraw_requested')) return 'withdraw';
  if (find('INSERT INTO refunds')) return 'refund';
  // The wallet's last word brought nothing that was not known.
  const ended = find('DELETE FROM outbox');
  if (ended) return `settle.${channelOf(ended)}.end`;
  const sending = find('UPDATE refunds SET');
  if (sending)
    return `refund.${one('SELECT channel FROM refunds WHERE refund_no = ?', sending.values.refund_no)}.begin`;
  // Nothing may be sent yet: too soon after the last time.
  if (find('SET lease_holder = NULL, lease_until_ms = NULL, due_at_ms = ?')) return 'put-off';
  // Of one wallet's entries or of both's, as it happens.
  if (find('SET lease_holder = ?')) return 'lease';
  if (find('SET lease_until_ms = 0')) return 'take-up';
  // Due times are heeded anew after the wallets' time was set.
  if (find('SET due_at_ms = :nowMs')) return 'clock';
  // Asked for again under the same number: there is nothing to write but whose turn it was.
  if (find('INSERT INTO fences')) return 'again';
  // What it has told the other tills of its orders.
  if (find('INSERT INTO claims_told')) return 'claims';
  if (find('INSERT INTO till')) return 'identify';
  if (find('UPDATE till SET settings')) return 'settings';
  if (find('UPDATE upkeep')) return 'upkeep';
  throw new Error(`A commit without a name: ${writes.map(({ sql }) => sql).join('; ')}`);
}
