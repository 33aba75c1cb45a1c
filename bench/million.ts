import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrate, migrations } from '../backend/store/database.ts';

export const NOW_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
const MILLION = 1_000_000;

/** A till's folder with a million trades, one a second up to now: as the first schema left it; every thousandth subject is a rare one. */
export function fillMillion(dir: string): void {
  mkdirSync(dir);
  const db = new Database(join(dir, 'till.sqlite'));
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = OFF');
  migrate(db, migrations().slice(0, 1));
  const numbers = `WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < ${MILLION - 1})`;
  const stamp = `${NOW_MS - MILLION * 1_000} + i * 1000`;
  const subject =
    "CASE WHEN i % 10000 = 0 THEN '稀客套餐 ' || i ELSE CASE i % 4 WHEN 0 THEN '桂花拿铁' WHEN 1 THEN '美式' WHEN 2 THEN '豆浆油条' ELSE '拿铁 大杯' END END";
  db.exec(`
    BEGIN;
    INSERT INTO till (only_row, till_id, mode, created_at_ms) VALUES (1, 'T0MW', 'sandbox', 1);
    INSERT INTO orders ${numbers} SELECT printf('T0MW260101000000O%09d', i), 1 + i % 20000, ${subject}, NULL, 'paid', 'till', ${stamp}, ${stamp} FROM n;
    INSERT INTO charges ${numbers} SELECT printf('T0MW260101000000C%09d', i), printf('T0MW260101000000O%09d', i), ${stamp}, ${stamp} + 120000, ${stamp} FROM n;
    INSERT INTO trades (trade_no, order_no, charge_id, channel, state, amount_fen, subject, created_at_ms, expires_at_ms, provider_trade_no, paid_at_ms)
      ${numbers} SELECT printf('T0MW260101000000T%09d', i), printf('T0MW260101000000O%09d', i), printf('T0MW260101000000C%09d', i),
        CASE i % 2 WHEN 0 THEN 'alipay' ELSE 'wechat' END, CASE WHEN i % 20000 = 7 THEN 'failed' ELSE 'paid' END, 1 + i % 20000, ${subject}, ${stamp}, ${stamp} + 120000,
        CASE WHEN i % 20000 = 7 THEN NULL ELSE printf('420000%020d', i) END, CASE WHEN i % 20000 = 7 THEN NULL ELSE ${stamp} END FROM n;
    COMMIT;`);
  db.close();
}
