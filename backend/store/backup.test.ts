import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backupName, listBackups, prune, soundCopy, superfluous } from './backup-files.ts';
import { openStorage, type Storage } from './database.ts';
import { createDisk, type Disk } from './disk.ts';
import { readJournals } from './journal.ts';
import { createStore, type Store } from './store.ts';
import { writeSale } from './test-rows.ts';

const NOW_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
const HOUR_MS = 3_600_000;

let dir: string;
let storage: Storage;
let disk: Disk;
let store: Store;
let journalFaults: unknown[];

function start(backups: { dir: string; isNamed: boolean }): void {
  storage = openStorage(join(dir, 'till'));
  journalFaults = [];
  disk = createDisk({
    db: storage.db,
    databasePath: storage.path,
    isUnchecked: false,
    tillId: 'T0MW',
    backups: { ...backups, everyMs: HOUR_MS },
    nowMs: () => NOW_MS,
    onJournal: (error) => {
      if (error) journalFaults.push(error);
    },
  });
  store = createStore(storage.db, { onFault() {}, onCommit: (written) => disk.journal.add(written) });
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-backup-'));
});

afterEach(async () => {
  await disk.close();
  storage.close();
  rmSync(dir, { recursive: true, force: true });
});

const backups = () => join(dir, 'backups');
const folder = () => join(backups(), 'T0MW');

describe('a backup', () => {
  test('is a whole, checked database that only its owner reads, made while the till writes on', async () => {
    start({ dir: backups(), isNamed: false });
    for (let n = 0; n < 20; n++) writeSale(store, n);
    storage.db.exec(`INSERT INTO sessions (token_hash, created_at_ms)
      WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 8000)
      SELECT hex(zeroblob(200)) || i, 1 FROM n`);
    const before = store.events.lastSeq();
    let written = 20;
    let done = false;
    const made = disk.backup().finally(() => {
      done = true;
    });
    while (!done) {
      writeSale(store, written++);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const backup = await made;
    expect(written).toBeGreaterThan(25);
    expect(before).toBe(store.events.lastSeq());
    expect(backup.path).toMatch(/till-20261121T063210000Z-v\d+\.sqlite$/);
    expect(statSync(backup.path).mode & 0o077).toBe(0);
    const copy = new Database(backup.path, { readonly: true });
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok');
    const orders = copy.prepare('SELECT count(*) FROM orders').pluck().get() as number;
    expect(orders).toBeGreaterThanOrEqual(20);
    expect(copy.prepare('SELECT count(*) FROM trades').pluck().get()).toBe(orders);
    copy.close();
    expect(readdirSync(folder()).filter((name) => !/^(till|journal)-/.test(name))).toEqual([]);
  });

  test('is not taken for one when its copy is damaged', async () => {
    start({ dir: backups(), isNamed: false });
    for (let n = 0; n < 200; n++) writeSale(store, n);
    const { path } = await disk.backup();
    const bytes = readFileSync(path);
    bytes.fill(0xa5, 8_192, 40_960);
    writeFileSync(path, bytes);
    expect(() => soundCopy(path, 'integrity_check')).toThrow(/[Dd]amaged|malformed/);
  });

  test('does not go to the disk under a stick that is not there', async () => {
    start({ dir: backups(), isNamed: true });
    await expect(disk.backup()).rejects.toMatchObject({ code: 'ENOENT' });
    expect(readdirSync(dir)).toEqual(['till']);
    mkdirSync(backups());
    expect((await disk.backup()).bytes).toBeGreaterThan(10_000);
  });

  test('removes what an interrupted one left', async () => {
    start({ dir: backups(), isNamed: false });
    mkdirSync(folder(), { recursive: true });
    const left = join(folder(), 'unfinished-1.sqlite');
    writeFileSync(left, 'half');
    utimesSync(left, 1, 1);
    await disk.backup();
    expect(readdirSync(folder())).toHaveLength(1);
  });
});

describe('keeping backups', () => {
  const at = (hoursAgo: number) => ({ path: '', atMs: NOW_MS - hoursAgo * HOUR_MS, schema: 4, bytes: 1 });

  test('keeps the newest 24, and the last of each of 30 days', () => {
    start({ dir: backups(), isNamed: false });
    const files = Array.from({ length: 24 * 40 }, (_, hour) => at(hour));
    const gone = new Set(superfluous(files, NOW_MS));
    const kept = files.filter((file) => !gone.has(file));
    expect(kept.slice(0, 24)).toEqual(files.slice(0, 24));
    const days = kept.map((file) => Math.floor(file.atMs / 86_400_000));
    expect(new Set(days).size).toBeGreaterThanOrEqual(30);
    expect(kept.length).toBeLessThanOrEqual(24 + 30);
    expect(Math.min(...kept.map((file) => file.atMs))).toBeGreaterThanOrEqual(NOW_MS - 30 * 86_400_000);
  });

  test('deletes journals older than the oldest backup that is kept, and nothing that is not ours', () => {
    start({ dir: backups(), isNamed: false });
    mkdirSync(folder(), { recursive: true });
    for (const name of [
      'journal-20261101.jsonl',
      'journal-20261119.jsonl',
      'journal-20261121.jsonl',
      'notes.txt',
    ])
      writeFileSync(join(folder(), name), '');
    writeFileSync(join(folder(), backupName(NOW_MS - 24 * HOUR_MS, 4)), '');
    prune(folder(), NOW_MS);
    expect(readdirSync(folder()).sort()).toEqual([
      'journal-20261119.jsonl',
      'journal-20261121.jsonl',
      'notes.txt',
      'till-20261120T063210000Z-v4.sqlite',
    ]);
    expect(listBackups(folder())).toHaveLength(1);
  });
});

describe('the journal', () => {
  test('holds every committed charge, and none that was taken back', async () => {
    start({ dir: backups(), isNamed: false });
    writeSale(store, 1);
    expect(() =>
      store.transact(() => {
        store.orders.insert({ ...must(store.orders.byNo('O1')), orderNo: 'O2' });
        throw new Error('power cut');
      }),
    ).toThrow('power cut');
    store.transact(() => store.orders.markCancelled('O1'));
    await disk.close();
    const { entries, unreadable } = readJournals(folder());
    expect(entries.map((entry) => entry.kind)).toEqual(['order', 'charge', 'trade', 'order_cancelled']);
    expect(entries[2]).toEqual({
      kind: 'trade',
      tradeNo: 'TRADE-1',
      orderNo: 'O1',
      chargeId: 'C1',
      channel: 'alipay',
      amountFen: 1250,
      subject: '拿铁',
      createdAtMs: 1_000,
      expiresAtMs: 121_000,
    });
    expect(unreadable).toBe(0);
    expect(statSync(join(folder(), 'journal-20261121.jsonl')).mode & 0o077).toBe(0);
  });

  test('is read up to a line that a power cut tore, and written on after it', async () => {
    start({ dir: backups(), isNamed: false });
    mkdirSync(folder(), { recursive: true });
    appendFileSync(join(folder(), 'journal-20261121.jsonl'), '{"kind":"order","orderNo":"A","amou');
    writeSale(store, 1);
    await disk.close();
    const { entries, unreadable } = readJournals(folder());
    expect(entries).toHaveLength(3);
    expect(unreadable).toBe(1);
  });

  test('waits for a stick that was pulled out, and loses nothing', async () => {
    start({ dir: backups(), isNamed: true });
    writeSale(store, 1);
    await expect.poll(() => journalFaults.length).toBeGreaterThan(0);
    expect(disk.journal.lagMs()).toBeGreaterThanOrEqual(0);
    mkdirSync(backups());
    chmodSync(backups(), 0o700);
    writeSale(store, 2);
    await disk.close();
    expect(readJournals(folder()).entries).toHaveLength(6);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Nothing there.');
  return value;
}
