import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { backupFolder, backupNow, listBackups } from './backup-files.ts';
import { migrate, migrations, openStorage, StorageError } from './database.ts';
import { createStore } from './store.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-upgrade-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A till as its first version left it, with a live order, brought up to `version`. */
function tillOfVersion(version: number): string {
  const data = join(dir, `v${version}`);
  mkdirSync(data);
  const db = new Database(join(data, 'till.sqlite'));
  db.pragma('journal_mode = WAL');
  migrate(db, migrations().slice(0, 1));
  db.exec(`
    INSERT INTO till (only_row, till_id, mode, created_at_ms) VALUES (1, 'T0MW', 'sandbox', 1);
    INSERT INTO orders VALUES ('LIVE-1', 1250, '拿铁', NULL, 'open', 'till', 1000, NULL);
    INSERT INTO charges VALUES ('CHARGE', 'LIVE-1', 1000, 121000, NULL);
    INSERT INTO trades (trade_no, order_no, charge_id, channel, state, amount_fen, subject, created_at_ms, expires_at_ms, code_url)
      VALUES ('TRADE-1', 'LIVE-1', 'CHARGE', 'alipay', 'awaiting_payment', 1250, '拿铁', 1000, 121000, 'https://qr');`);
  migrate(
    db,
    migrations().filter((each) => each.version <= version),
  );
  db.close();
  return data;
}

const backUp = (db: Database.Database, tillId: string) =>
  void backupNow(db, backupFolder(join(dir, 'backups'), tillId, false), 1_000);

test.each(migrations().map(({ version }) => version))(
  'a till of schema %i with a live order comes up, its backup made first',
  (version) => {
    const storage = openStorage(tillOfVersion(version), 'alone', { beforeMigration: backUp });
    const store = createStore(storage.db);
    expect(storage.db.pragma('user_version', { simple: true })).toBe(migrations().at(-1)?.version);
    expect(store.outbox.ofTrade('TRADE-1')).toMatchObject({ kind: 'query', state: 'due' });
    expect(store.charges.live()).toHaveLength(1);
    expect(store.orders.list({ text: '铁', limit: 5 }).items).toHaveLength(1);
    storage.close();
    const isOld = version < (migrations().at(-1)?.version ?? 0);
    const made = isOld ? listBackups(join(dir, 'backups', 'T0MW')) : [];
    expect(made.map((each) => each.schema)).toEqual(isOld ? [version] : []);
    for (const { path } of made) {
      const copy = new Database(path, { readonly: true });
      expect(copy.prepare('SELECT state FROM trades').pluck().all()).toEqual(['awaiting_payment']);
      copy.close();
    }
  },
);

test.each(['automatic', 'manager'])(
  'a second payment that was owed (%s) before refunds existed waits for a person, once',
  (by) => {
    const data = tillOfVersion(7);
    const old = new Database(join(data, 'till.sqlite'));
    old.exec(`
      UPDATE trades SET state = 'paid', paid_at_ms = 2000, surplus = 1, refund_due = '${by}';
      DELETE FROM outbox;
      INSERT INTO outbox (kind, queue, lane, order_no, trade_no, state, parked_why, priority, created_at_ms, due_at_ms)
        VALUES ('refund', 'refunds', 'refund:TRADE-1', 'LIVE-1', 'TRADE-1', 'parked', 'refund_surplus', 1, 2000, 2000);`);
    old.close();
    const storage = openStorage(data, 'alone', { beforeMigration: backUp });
    const store = createStore(storage.db);
    expect(store.outbox.list({ state: 'parked', limit: 5 }).items).toMatchObject([
      { kind: 'give_back', queue: 'alipay', tradeNo: 'TRADE-1', state: 'parked', why: 'refund_surplus' },
    ]);
    expect(store.trades.byNo('TRADE-1')).toMatchObject({
      state: 'paid',
      surplus: true,
      refundDue: 'manager',
    });
    expect(store.refunds.sums('TRADE-1')).toMatchObject({ succeededFen: 0, heldFen: 0 });
    storage.close();
  },
);

test('without a backup nothing is changed', () => {
  const data = tillOfVersion(1);
  const before = readFileSync(join(data, 'till.sqlite'));
  const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  expect(() =>
    openStorage(data, 'alone', {
      beforeMigration() {
        throw full;
      },
    }),
  ).toThrow(StorageError);
  expect(readFileSync(join(data, 'till.sqlite')).equals(before)).toBe(true);
});

test('a migration that fails leaves the version before it, and the backup', () => {
  const data = tillOfVersion(1);
  const db = new Database(join(data, 'till.sqlite'));
  backUp(db, 'T0MW');
  const broken = [...migrations(), { version: 9_000, name: '9000.sql', sql: 'DROP TABLE orders; NOT SQL;' }];
  expect(() => migrate(db, broken)).toThrow();
  expect(db.pragma('user_version', { simple: true })).toBe(migrations().at(-1)?.version);
  expect(db.prepare('SELECT order_no FROM orders').pluck().all()).toEqual(['LIVE-1']);
  db.close();
  expect(listBackups(join(dir, 'backups', 'T0MW'))).toHaveLength(1);
});

test('a database of a newer version is refused, with the backup that fits', () => {
  const data = tillOfVersion(1);
  const db = new Database(join(data, 'till.sqlite'));
  db.pragma('user_version = 9999');
  db.close();
  expect(() => openStorage(data, 'alone', { beforeMigration: backUp })).toThrow(
    /restore a backup of schema \d+ or older/,
  );
});
