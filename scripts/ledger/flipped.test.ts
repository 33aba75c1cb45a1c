import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Db, openStorage } from '../../backend/store/database.ts';
import { createStore } from '../../backend/store/store.ts';
import { verifyChain } from './chain.ts';
import { verifyShop, verifyStates } from './states.ts';

fc.configureGlobal({ numRuns: 40 });

test('a byte that is flipped in the file is named with its entry, whichever and however', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-flip-'));
  const storage = openStorage(dir);
  const store = createStore(storage.db);
  const entries = 60;
  for (let n = 1; n <= entries; n++) {
    const what = `MARK-${String(n).padStart(3, '0')}-\uFFFD`;
    store.transact(() =>
      store.events.append({
        atMs: n,
        type: 'trade.set_aside',
        orderNo: 'A1',
        tradeNo: 'TRADE-1',
        fromState: 'closing',
        toState: 'closing',
        what,
      }),
    );
  }
  storage.close();
  const path = join(dir, 'till.sqlite');
  const sound = readFileSync(path);
  try {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: entries }),
        fc.integer({ min: 0, max: 11 }),
        fc.integer({ min: 1, max: 255 }),
        (entry, offset, mask) => {
          const bytes = Buffer.from(sound);
          const mark = `MARK-${String(entry).padStart(3, '0')}`;
          // What a page held before it was split lies about beside it.
          for (let at = sound.indexOf(mark); at !== -1; at = sound.indexOf(mark, at + 1))
            bytes.writeUInt8(bytes.readUInt8(at + offset) ^ mask, at + offset);
          writeFileSync(path, bytes);
          const db = new Database(path, { readonly: true });
          try {
            expect(verifyChain(db, () => {}).bad).toMatchObject({ seq: entry, kind: 'changed' });
          } finally {
            db.close();
          }
        },
      ),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

test('of a file with a byte flipped anywhere each entry reads as it was written, or the reading ends in a word', () => {
  const dir = mkdtempSync(join(tmpdir(), 'mianfu-flip-'));
  const storage = openStorage(dir);
  const store = createStore(storage.db);
  for (let n = 1; n <= 40; n++)
    store.transact(() =>
      store.events.append({
        atMs: n,
        type: 'trade.changed',
        orderNo: 'A1',
        tradeNo: `TRADE-${n}`,
        fromState: 'created',
        toState: 'closing',
        what: null,
        data: { paidAtMs: n },
      }),
    );
  storage.close();
  const path = join(dir, 'till.sqlite');
  const sound = readFileSync(path);
  const read = (db: Db) => JSON.stringify(db.prepare('SELECT * FROM events ORDER BY seq').all());
  const inEvents = eventBytes(path, sound);
  const written = reading(path, read);
  /** The verdict; null where all is well; of a file that is damaged SQLite's word for it. */
  const verdictOf = (db: Db) => {
    const mismatches: string[] = [];
    const { bad } = verifyChain(db, () => {});
    if (bad?.kind !== 'unreadable') {
      verifyShop(db, ({ table }) => mismatches.push(table));
      verifyStates(db, ({ table }) => mismatches.push(table));
    }
    return bad?.kind ?? null;
  };
  const flip = (at: number, bit: number) => {
    const bytes = Buffer.from(sound);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
    writeFileSync(path, bytes);
    const verdict = reading(path, verdictOf);
    if (verdict === null) expect([at, bit, reading(path, read)]).toEqual([at, bit, written]);
    else expect(verdict).toMatch(/^(changed|inserted|missing|cut|unreadable|SQLITE_\w+)$/);
  };
  try {
    // What stands before an entry's first text says of each column what it is: every bit of it, of one entry.
    const entry = sound.lastIndexOf('trade.changedA1');
    for (let at = entry - HEADER_BYTES; at < entry; at++) for (let bit = 0; bit < 8; bit++) flip(at, bit);
    const anywhere = fc.oneof(fc.nat(sound.length - 1), fc.constantFrom(...inEvents));
    fc.assert(fc.property(anywhere, fc.integer({ min: 0, max: 7 }), flip), { numRuns: 200 });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

/** How many types of columns SQLite writes before an entry, and its time: one byte each, some two. */
const HEADER_BYTES = 28;

/** What comes of reading the file; where it cannot be read, SQLite's word for that. */
function reading<T>(path: string, read: (db: Db) => T): T | string {
  let db: Db | undefined;
  try {
    db = new Database(path, { readonly: true });
    return read(db);
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (typeof code === 'string' && code.startsWith('SQLITE_')) return code;
    throw error;
  } finally {
    db?.close();
  }
}

/** Where in the file the entries are: the used bytes of the leaves of their table. */
function eventBytes(path: string, file: Buffer): number[] {
  const marks = [...file.toString('latin1').matchAll(/trade\.changedA1/g)].map(({ index }) => index);
  const pageSize = Number(reading(path, (db) => db.pragma('page_size', { simple: true })));
  const pages = new Set(marks.map((mark) => Math.floor(mark / pageSize)));
  return [...pages].flatMap((page) => {
    const start = page * pageSize;
    const content = file.readUInt16BE(start + 5) || 65_536;
    return Array.from({ length: pageSize - content }, (_, n) => start + content + n);
  });
}
