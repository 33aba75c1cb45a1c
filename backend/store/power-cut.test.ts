import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStorage } from './database.ts';
import { createStore } from './store.ts';
import { writeSale } from './test-rows.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-cut-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Sells from `first` on, checkpoints now and then, and says the number of each sale that is committed. */
const SELLER = `
  const at = (file) => new URL(file, ${JSON.stringify(import.meta.url)}).href;
  const { openStorage } = await import(at('./database.ts'));
  const { createStore } = await import(at('./store.ts'));
  const { writeSale } = await import(at('./test-rows.ts'));
  const { writeSync } = await import('node:fs');
  const [dir, first] = process.argv.slice(1);
  const store = createStore(openStorage(dir).db);
  for (let n = Number(first); ; n++) {
    writeSale(store, n);
    writeSync(1, n + '\\n');
    if (n % 7 === 0) store.checkpoint();
    if (n % 5 === 0) store.transact(() => store.orders.index(20));
  }`;

/** The last committed sale that was answered before the kill; `first - 1` when there was none. */
async function sellUntilKilled(data: string, first: number, answers: number): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SELLER, data, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  let killed = false;
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
    if (!killed && said.split('\n').length > answers) {
      killed = true;
      // Anywhere between two writes, or in one.
      setTimeout(() => child.kill('SIGKILL'), Math.random() * 3);
    }
  });
  await new Promise((resolve) => child.once('close', resolve));
  const lines = said.split('\n').slice(0, -1);
  return lines.length === 0 ? first - 1 : Number(lines.at(-1));
}

/** That the database is sound, and how many whole sales it holds, numbered from 0. */
function salesIn(path: string): number {
  const db = new Database(path);
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(db.pragma('foreign_key_check')).toEqual([]);
    const numbers = db
      .prepare<[], number>('SELECT CAST(substr(trade_no, 7) AS INTEGER) AS n FROM trades ORDER BY n')
      .pluck()
      .all();
    expect(numbers).toEqual(numbers.map((_, index) => index));
    expect(db.prepare('SELECT count(*) FROM orders').pluck().get()).toBe(numbers.length);
    expect(db.prepare('SELECT count(*) FROM searched_orders').pluck().get()).toBe(numbers.length);
    return numbers.length;
  } finally {
    db.close();
  }
}

test('every answered commit survives fifty kills at any moment, and nothing is half there', {
  timeout: 120_000,
}, async () => {
  const tills = [0, 1].map((till) => join(dir, String(till)));
  await Promise.all(
    tills.map(async (data) => {
      let next = 0;
      for (let kill = 0; kill < 26; kill++) {
        const answered = await sellUntilKilled(data, next, kill % 9);
        const there = salesIn(join(data, 'till.sqlite'));
        expect(there).toBeGreaterThan(answered);
        // At most the one that was under way.
        expect(there).toBeLessThanOrEqual(answered + 2);
        next = there;
      }
      openStorage(data).close();
    }),
  );
});

test('a log that is cut anywhere opens to the commits before the cut', () => {
  const data = join(dir, 'till');
  const storage = openStorage(data);
  const store = createStore(storage.db);
  const ends: number[] = [];
  const pageSize = storage.db.pragma('page_size', { simple: true }) as number;
  store.checkpoint();
  for (let n = 0; n < 40; n++) {
    writeSale(store, n);
    const [{ log = 0 } = {}] = storage.db.pragma('wal_checkpoint(NOOP)') as { log?: number }[];
    ends.push(32 + log * (pageSize + 24));
  }
  const copy = join(dir, 'copy');
  mkdirSync(copy);
  const [db, wal] = [join(copy, 'till.sqlite'), join(copy, 'till.sqlite-wal')];
  const size = Math.min(ends.at(-1) ?? 0, statSync(`${storage.path}-wal`).size);
  for (let cut = 0; cut < 60; cut++) {
    const at = Math.floor((size * cut) / 60 + Math.random() * 500);
    copyFileSync(storage.path, db);
    copyFileSync(`${storage.path}-wal`, wal);
    rmSync(`${db}-shm`, { force: true });
    truncateSync(wal, at);
    expect([at, salesIn(db)]).toEqual([at, ends.filter((end) => end <= at).length]);
  }
  storage.close();
});
