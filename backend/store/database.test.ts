import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate, migrations, openMemoryDatabase, openStorage, StorageError } from './database.ts';
import { createStore } from './store.ts';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-store-'));
});

afterEach(() => {
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true, force: true });
});

function failure(work: () => unknown): StorageError {
  try {
    work();
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('opening the storage', () => {
  test('brings a new folder to the newest schema, and finds it again', () => {
    openStorage(dir).close();
    const again = openStorage(dir);
    expect(again.db.pragma('user_version', { simple: true })).toBe(migrations().at(-1)?.version);
    expect(again.db.pragma('synchronous', { simple: true })).toBe(2);
    expect(again.db.pragma('journal_mode', { simple: true })).toBe('wal');
    again.close();
  });

  test('lays out the log beforehand, and leaves nothing of that in the database', () => {
    const storage = openStorage(dir);
    expect(statSync(join(dir, 'till.sqlite-wal')).size).toBeGreaterThan(3_000_000);
    expect(storage.db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'log_layout'").get()).toBeUndefined();
    storage.close();
    expect(statSync(join(dir, 'till.sqlite')).size).toBeLessThan(500_000);
  });

  test('refuses a database of a newer version, and leaves it as it was', () => {
    const storage = openStorage(dir);
    storage.db.pragma('user_version = 9999');
    storage.close();
    const before = readFileSync(join(dir, 'till.sqlite'));
    expect(failure(() => openStorage(dir)).kind).toBe('newer');
    expect(readFileSync(join(dir, 'till.sqlite')).equals(before)).toBe(true);
  });

  test('refuses a second till on the same folder, and lets it in once the first has ended', () => {
    const first = openStorage(dir);
    expect(failure(() => openStorage(dir)).kind).toBe('in_use');
    first.close();
    openStorage(dir).close();
  });

  test('is not kept out by a till that was killed', () => {
    const script = `
      const { openStorage } = await import(${JSON.stringify(new URL('./database.ts', import.meta.url).href)});
      openStorage(${JSON.stringify(dir)});
      process.kill(process.pid, 'SIGKILL');`;
    const killed = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    expect(killed.signal).toBe('SIGKILL');
    openStorage(dir).close();
  });

  test('says that a folder cannot be written', () => {
    // Root writes anywhere: a file in place of the folder refuses everybody alike.
    const file = join(dir, 'file');
    writeFileSync(file, '');
    const error = failure(() => openStorage(join(file, 'data')));
    expect(['readonly', 'io']).toContain(error.kind);
    expect(error.message).toContain(file);
  });

  test('says that the database is damaged, and does not touch it', () => {
    openStorage(dir).close();
    const path = join(dir, 'till.sqlite');
    const damaged = readFileSync(path).fill(0xa5, 0, 4_096);
    writeFileSync(path, damaged);
    expect(failure(() => openStorage(dir)).kind).toBe('corrupt');
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });

  test('keeps the folder to its owner', () => {
    const data = join(dir, 'data');
    openStorage(data).close();
    expect(statSync(data).mode & 0o077).toBe(0);
  });
});

describe('writing', () => {
  test('to a full disk writes nothing, says so, and works again when there is room', () => {
    const storage = openStorage(dir);
    const faults: string[] = [];
    const store = createStore(storage.db, {
      onFault: (fault) => faults.push(fault.kind),
      onCommit() {},
    });
    const pages = storage.db.pragma('page_count', { simple: true }) as number;
    storage.db.pragma(`max_page_count = ${pages}`);
    const order = (orderNo: string) => ({
      orderNo,
      amountFen: 1 as never,
      subject: 'x'.repeat(20_000),
      note: null,
      state: 'open' as const,
      source: 'till' as const,
      createdAtMs: 1,
      paidAtMs: null,
    });
    const error = failure(() => store.transact(() => store.orders.insert(order('A1'))));
    expect(error.kind).toBe('full');
    expect(faults).toEqual(['full']);
    expect(store.orders.byNo('A1')).toBeUndefined();
    storage.db.pragma('max_page_count = 1000000');
    store.transact(() => store.orders.insert(order('A1')));
    expect(store.orders.byNo('A1')?.orderNo).toBe('A1');
    storage.close();
  });

  test('leaves nothing half written when the work fails', () => {
    const store = createStore(openMemoryDatabase());
    expect(() =>
      store.transact(() => {
        store.till.identify('live', 1, Uint8Array.of(1, 2, 3, 4));
        throw new Error('power cut');
      }),
    ).toThrow('power cut');
    expect(store.transact(() => store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4)))).toMatch(
      /^[A-Z]/,
    );
  });

  test('never mixes play money with real money', () => {
    const store = createStore(openMemoryDatabase());
    store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
    expect(failure(() => store.till.identify('live', 1, Uint8Array.of(1, 2, 3, 4))).kind).toBe('other_mode');
  });
});

describe('the schema', () => {
  test('is the committed dump', async () => {
    const db = new Database(':memory:');
    migrate(db, migrations());
    const rows = db
      .prepare<[], { sql: string }>(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY tbl_name, type DESC, name",
      )
      .all();
    const dump = `${rows.map((row) => `${row.sql};`).join('\n\n')}\n`;
    await expect(dump).toMatchFileSnapshot('./schema.sql');
  });

  test('keeps every table STRICT and money an INTEGER', () => {
    const db = openMemoryDatabase();
    const tables = db
      .prepare<[], { name: string; strict: number }>(
        "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
      )
      .all();
    expect(tables.length).toBeGreaterThan(5);
    for (const table of tables) {
      expect([table.name, table.strict]).toEqual([table.name, 1]);
      const columns = db
        .prepare<[string], { name: string; type: string }>('SELECT name, type FROM pragma_table_info(?)')
        .all(table.name);
      for (const column of columns)
        if (/_fen$|_ms$/.test(column.name))
          expect([column.name, column.type]).toEqual([column.name, 'INTEGER']);
    }
  });

  test('is brought up one numbered step at a time, each whole or not at all', () => {
    const db = new Database(':memory:');
    const broken = [
      ...migrations(),
      { version: 9_000, name: '9000_broken.sql', sql: 'CREATE TABLE half (x) STRICT; NOT SQL;' },
    ];
    expect(() => migrate(db, broken)).toThrow();
    expect(db.pragma('user_version', { simple: true })).toBe(migrations().at(-1)?.version);
    expect(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'half'").get()).toBeUndefined();
  });
});
