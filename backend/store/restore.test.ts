import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formatNumber } from '../domain/numbers.ts';
import { openMemoryDatabase, openStorage, RESTORING_FILE } from './database.ts';
import { createDisk } from './disk.ts';
import { happened } from './events.ts';
import type { JournalEntry } from './journal.ts';
import { findBackups, lookInto, replay, restore } from './restore.ts';
import { createStore } from './store.ts';
import { charge, order, trade, writeSale } from './test-rows.ts';

const NOW_MS = Date.parse('2026-11-21T14:32:10.000+08:00');
const SECOND_NOW = NOW_MS / 1_000;

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-restore-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A till with a sale, a backup of it, and two sales after that which only the journal knows besides. */
async function tillWithBackup(): Promise<string> {
  const data = join(dir, 'till');
  const storage = openStorage(data);
  const disk = createDisk({
    db: storage.db,
    databasePath: storage.path,
    isUnchecked: false,
    tillId: 'T0MW',
    backups: { dir: join(data, 'backups'), isNamed: false, everyMs: 1 },
    nowMs: () => NOW_MS,
    onJournal() {},
  });
  const store = createStore(storage.db, { onFault() {}, onCommit: (written) => disk.journal.add(written) });
  store.transact(() => store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4)));
  writeSale(store, 1);
  await disk.backup();
  writeSale(store, 2);
  writeSale(store, 3);
  await disk.close();
  storage.close();
  return data;
}

function damage(data: string): Buffer {
  const path = join(data, 'till.sqlite');
  const bytes = readFileSync(path).fill(0xa5, 0, 8_192);
  writeFileSync(path, bytes);
  return bytes;
}

describe('a restore', () => {
  test('brings back the backup with everything newer, to be asked about, and keeps what was there', async () => {
    const data = await tillWithBackup();
    const damaged = damage(data);
    expect(() => openStorage(data)).toThrow(/damaged.*npm run restore/);
    const [backup] = findBackups(join(data, 'backups'));
    if (!backup) throw new Error('No backup.');
    expect(lookInto(backup.path)).toEqual({ orders: 1, trades: 1, unfinished: 1 });
    const done = restore(data, backup.path, NOW_MS);
    expect(done).toMatchObject({ newer: 2, toAsk: 3, unreadable: 0 });
    expect(readFileSync(done.keptAside ?? '').equals(damaged)).toBe(true);
    const storage = openStorage(data);
    const store = createStore(storage.db);
    expect(store.trades.byNo('TRADE-3')).toMatchObject({
      state: 'created',
      unknown: { asking: 'create' },
    });
    expect(store.outbox.ofTrade('TRADE-3')).toMatchObject({ kind: 'query', queue: 'alipay', state: 'due' });
    expect(store.restored.waiting().sort()).toEqual(['TRADE-1', 'TRADE-2', 'TRADE-3']);
    expect(store.charges.live()).toHaveLength(3);
    storage.close();
  });

  test('that was interrupted keeps the till from starting until it is run again', async () => {
    const data = await tillWithBackup();
    const [backup] = findBackups(join(data, 'backups'));
    writeFileSync(join(data, RESTORING_FILE), 'half a copy');
    expect(() => openStorage(data)).toThrow(/interrupted.*npm run restore/);
    restore(data, backup?.path ?? '', NOW_MS);
    expect(existsSync(join(data, RESTORING_FILE))).toBe(false);
    openStorage(data).close();
  });

  test('of a damaged backup changes nothing', async () => {
    const data = await tillWithBackup();
    const [backup] = findBackups(join(data, 'backups'));
    const bytes = readFileSync(backup?.path ?? '');
    writeFileSync(backup?.path ?? '', bytes.fill(0xa5, 4_096, 20_480));
    const before = readFileSync(join(data, 'till.sqlite'));
    expect(() => restore(data, backup?.path ?? '', NOW_MS)).toThrow();
    expect(readFileSync(join(data, 'till.sqlite')).equals(before)).toBe(true);
    expect(readdirSync(data).filter((name) => name.includes('restor'))).toEqual([]);
    openStorage(data).close();
  });

  test('is refused while the till is running', async () => {
    const data = await tillWithBackup();
    const storage = openStorage(data);
    const [backup] = findBackups(join(data, 'backups'));
    expect(() => restore(data, backup?.path ?? '', NOW_MS)).toThrow(/already running/);
    storage.close();
  });
});

describe('what the journal knows', () => {
  const newOrder: JournalEntry = {
    kind: 'order',
    orderNo: 'O1',
    amountFen: 1250,
    subject: '拿铁',
    note: null,
    source: 'integrator',
    createdAtMs: 5,
  };
  const newCharge = (chargeId: string, createdAtMs: number): JournalEntry => ({
    kind: 'charge',
    chargeId,
    orderNo: 'O1',
    createdAtMs,
    expiresAtMs: createdAtMs + 10,
  });

  test('is written once, however often it is replayed, and never over what the backup knows', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
    store.transact(() => {
      store.orders.insert(order('O1', { state: 'paid', paidAtMs: 9 }));
      store.charges.insert(charge('O1', 'C1', { endedAtMs: 9 }));
      store.trades.insert(trade('O1', 'C1', 'TRADE-1', { state: 'paid', paidAtMs: 9 }));
    });
    const entries: JournalEntry[] = [
      newOrder,
      newCharge('C1', 5),
      { ...newOrder, orderNo: 'O2' },
      { kind: 'order_cancelled', orderNo: 'O2' },
      { kind: 'order_cancelled', orderNo: 'O1' },
    ];
    expect(replay(db, entries, NOW_MS)).toEqual({ newer: 0, toAsk: 0 });
    expect(replay(db, entries, NOW_MS)).toEqual({ newer: 0, toAsk: 0 });
    expect(store.orders.byNo('O1')).toMatchObject({ state: 'paid', paidAtMs: 9 });
    expect(store.orders.byNo('O2')).toMatchObject({ state: 'cancelled', source: 'integrator' });
    expect(store.charges.live()).toEqual([]);
  });

  test('ends the charge that an order had before its newer one, and still asks about its trades', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
    writeSale(store, 1);
    const entries: JournalEntry[] = [
      newCharge('C2', 500_000),
      {
        kind: 'trade',
        tradeNo: 'TRADE-2',
        orderNo: 'O1',
        chargeId: 'C2',
        channel: 'wechat',
        amountFen: 1250,
        subject: '拿铁',
        createdAtMs: 500_000,
        expiresAtMs: 500_010,
      },
      newCharge('C3', 600_000),
    ];
    expect(replay(db, entries, NOW_MS)).toEqual({ newer: 1, toAsk: 2 });
    expect(store.charges.byId('C1')?.endedAtMs).toBe(500_000);
    expect(store.charges.byId('C2')?.endedAtMs).toBe(600_000);
    // Its trades were in the part of the journal that was torn off.
    expect(store.charges.byId('C3')?.endedAtMs).toBe(NOW_MS);
    expect(store.restored.waiting().sort()).toEqual(['TRADE-1', 'TRADE-2']);
  });

  test('moves the numbers past every one that was given out, also when the clock was ahead', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    const tillId = store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
    const ahead = { second: SECOND_NOW + 3_600, count: 77 };
    const entries: JournalEntry[] = [
      { ...newOrder, orderNo: formatNumber(tillId, ahead, 'ABCDEF') },
      { ...newOrder, orderNo: formatNumber('ZZZZ', { second: SECOND_NOW + 9_999, count: 1 }, 'ABCDEF') },
      { ...newOrder, orderNo: 'SHOP-9999' },
    ];
    replay(db, entries, NOW_MS);
    expect(store.till.numbers()).toMatchObject(ahead);
    replay(db, entries, NOW_MS + 7_200_000);
    expect(store.till.numbers().second).toBe(SECOND_NOW + 7_200);
  });

  test('does not give out positions of the event stream again', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
    store.transact(() => store.events.append(happened('order.created', 'O', 1)));
    const last = store.events.lastSeq();
    replay(db, [newOrder], NOW_MS);
    store.transact(() => store.events.append(happened('order.created', 'O', 1)));
    expect(store.events.lastSeq()).toBeGreaterThan(last + 999_990);
  });
});
