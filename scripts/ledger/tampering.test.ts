import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type By, byTill } from '../../backend/domain/actor.ts';
import { LEDGER_START, type LedgerRow } from '../../backend/domain/ledger.ts';
import { type Db, openMemoryDatabase, openStorage } from '../../backend/store/database.ts';
import type { NewEvent } from '../../backend/store/events.ts';
import { ledgerHash } from '../../backend/store/ledger-chain.ts';
import { createStore } from '../../backend/store/store.ts';
import { type BadEntry, type Row, verifyChain } from './chain.ts';
import { headCheck } from './heads.ts';
import { verifyShop, verifyStates } from './states.ts';

/** Texts as people and wallets write them, bytes that are no character among them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('拿铁', '\uFFFD', '', 'null'),
);

const anyBy: fc.Arbitrary<By> = fc.record({
  actor: fc.oneof(
    fc.constant({ kind: 'till' as const }),
    anyText.map((personId) => ({ kind: 'person' as const, personId })),
    anyText.map((name) => ({ kind: 'integrator' as const, name })),
  ),
  via: fc.constantFrom('window', 'http', 'relay', 'wallet', 'till'),
  reason: fc.option(anyText),
  approvedBy: fc.option(anyText),
});

const anyEvent: fc.Arbitrary<NewEvent> = fc.record({
  atMs: fc.integer({ min: 0, max: 2 ** 45 }),
  type: fc.constantFrom('trade.changed', 'trade.set_aside'),
  orderNo: anyText,
  tradeNo: anyText,
  fromState: fc.constantFrom('created', 'closing'),
  toState: fc.constantFrom('paid', 'closed'),
  what: fc.option(anyText),
  data: fc.dictionary(anyText, fc.jsonValue(), { maxKeys: 2 }),
});

fc.configureGlobal({ numRuns: 40 });

const EMPTY = openMemoryDatabase().serialize();

/** A ledger of some length, with positions left out as a restore leaves them out. */
const anyLedger = fc
  .array(fc.record({ event: anyEvent, by: anyBy, skip: fc.constantFrom(0, 0, 0, 2, 900) }), {
    minLength: 2,
    maxLength: 24,
  })
  .map((entries) => {
    const db = new Database(EMPTY);
    const store = createStore(db);
    const skip = db.prepare("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = 'events'");
    for (const { event, by, skip: count } of entries)
      store.transact(
        () => {
          skip.run(count);
          store.events.append(event);
        },
        { by },
      );
    // Whoever tampers has the whole file.
    for (const name of ['events_never_change', 'events_never_go', 'events_follow'])
      db.exec(`DROP TRIGGER ${name}`);
    db.pragma('ignore_check_constraints = ON');
    return db;
  });

type Raw = LedgerRow & { prev_hash: Buffer; hash: Buffer };

const rowsOf = (db: Db) => db.prepare<[], Raw>('SELECT * FROM events ORDER BY seq').all();
const verdict = (db: Db) => verifyChain(db, () => {}).bad;
const named = (db: Db): Pick<BadEntry, 'seq' | 'kind'> | null => {
  const bad = verdict(db);
  return bad && { seq: bad.seq, kind: bad.kind };
};

function put(db: Db, row: Raw): void {
  const names = Object.keys(row);
  db.prepare(`INSERT INTO events (${names.join()}) VALUES (${names.map((name) => `:${name}`).join()})`).run(
    row,
  );
}

/** A row that follows `previous`, as somebody who knows the form can make it. */
function forged(row: Raw, seq: number, previous: Buffer): Raw {
  const made = { ...row, seq, prev_hash: previous };
  return { ...made, hash: Buffer.from(ledgerHash(previous.toString('hex'), made), 'hex') };
}

/** A ledger, and one of its places by a number in [0, 1). */
const placed = fc.tuple(anyLedger, fc.double({ min: 0, max: 0.999, noNaN: true }));
const at = <T>(rows: readonly T[], place: number) => rows[Math.floor(place * rows.length)] as T;

describe('the verifier names', () => {
  test('nothing in a ledger as it was written', () => {
    fc.assert(
      fc.property(anyLedger, (db) => {
        expect(verdict(db)).toBeNull();
      }),
    );
  });

  const COLUMNS = [
    ['at_ms', fc.integer()],
    ...[
      'type',
      'order_no',
      'trade_no',
      'refund_no',
      'from_state',
      'to_state',
      'what',
      'data',
      'via',
      'reason',
      'approved_by',
      'actor_id',
    ].map((name) => [name, fc.option(anyText)] as const),
    ['actor', fc.constantFrom('till', 'person', 'integrator')],
    ['prev_hash', fc.uint8Array({ minLength: 32, maxLength: 32 })],
    ['hash', fc.uint8Array({ minLength: 32, maxLength: 32 })],
  ] as const;

  test.each(COLUMNS)('the entry of which %s was changed', (column, anyValue) => {
    fc.assert(
      fc.property(placed, anyValue as fc.Arbitrary<unknown>, ([db, place], value) => {
        const row = at(rowsOf(db), place);
        const written = value instanceof Uint8Array ? Buffer.from(value) : value;
        const notNull = column === 'type' || column === 'actor' ? (written ?? '') : written;
        db.prepare(`UPDATE events SET ${column} = ? WHERE seq = ?`).run(notNull, row.seq);
        const now = db.prepare<[number], Raw>('SELECT * FROM events WHERE seq = ?').get(row.seq);
        fc.pre(JSON.stringify(now) !== JSON.stringify(row));
        expect(named(db)).toEqual({ seq: row.seq, kind: 'changed' });
      }),
    );
  });

  test('the entry after which others were deleted, or the last one left', () => {
    fc.assert(
      fc.property(placed, fc.integer({ min: 1, max: 5 }), ([db, place], count) => {
        const rows = rowsOf(db);
        const first = rows.indexOf(at(rows, place));
        for (const { seq } of rows.slice(first, first + count))
          db.prepare('DELETE FROM events WHERE seq = ?').run(seq);
        const next = rows[first + count];
        expect(named(db)).toEqual(
          next ? { seq: next.seq, kind: 'missing' } : { seq: rows[first - 1]?.seq ?? 0, kind: 'cut' },
        );
      }),
    );
  });

  test('the entry that was put in, however well it is made', () => {
    fc.assert(
      fc.property(placed, fc.boolean(), fc.integer({ min: 1, max: 3 }), ([db, place], isWellMade, count) => {
        const rows = rowsOf(db);
        const after = rows.indexOf(at(rows, place)) - 1;
        const [before, next] = [rows[after], rows[after + 1] as Raw];
        const start = before?.seq ?? next.seq - count - 3;
        fc.pre(next.seq - start > count);
        let previous = before?.hash ?? Buffer.from(LEDGER_START, 'hex');
        for (let n = 1; n <= count; n++) {
          const stranger = forged(next, start + n, previous);
          put(db, isWellMade ? stranger : { ...stranger, hash: next.hash });
          previous = stranger.hash;
        }
        expect(named(db)).toEqual({ seq: start + 1, kind: isWellMade ? 'inserted' : 'changed' });
      }),
    );
  });

  test('the first of two entries that changed places', () => {
    fc.assert(
      fc.property(placed, fc.double({ min: 0, max: 0.999, noNaN: true }), ([db, one], other) => {
        const rows = rowsOf(db);
        const pair = [at(rows, one), at(rows, other)].toSorted((a, b) => a.seq - b.seq);
        const [first, second] = pair as [Raw, Raw];
        fc.pre(first.seq !== second.seq);
        db.prepare('DELETE FROM events WHERE seq IN (?, ?)').run(first.seq, second.seq);
        put(db, { ...second, seq: first.seq });
        put(db, { ...first, seq: second.seq });
        expect(named(db)).toEqual({ seq: first.seq, kind: 'changed' });
      }),
    );
  });

  test('a head that a ledger written anew, or cut without a trace, does not hold', () => {
    fc.assert(
      fc.property(placed, fc.boolean(), ([db, place], isCut) => {
        const rows = rowsOf(db);
        const row = at(rows, place);
        const slip = rows.at(-1) as Raw;
        const head = { seq: slip.seq, hash: slip.hash.toString('hex'), from: 'asked' as const };
        const lost = () => {
          const check = headCheck([head, { ...head, seq: null }]);
          expect(verifyChain(db, check.see).bad).toBeNull();
          return check.lost().map(({ seq }) => seq);
        };
        expect(lost()).toEqual([]);
        db.prepare('DELETE FROM events WHERE seq >= ?').run(row.seq);
        let previous = rows[rows.indexOf(row) - 1]?.hash ?? Buffer.from(LEDGER_START, 'hex');
        if (isCut) db.prepare("UPDATE sqlite_sequence SET seq = 0 WHERE name = 'events'").run();
        else
          for (const each of rows.slice(rows.indexOf(row))) {
            const anew = forged({ ...each, what: `${each.what}!` }, each.seq, previous);
            put(db, anew);
            previous = anew.hash;
          }
        expect(lost()).toEqual([head.seq, null]);
      }),
    );
  });
});

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
            expect(named(db)).toEqual({ seq: entry, kind: 'changed' });
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

test('the verifier reads a ledger of any length page by page, and tells of each entry once', () => {
  const db = openMemoryDatabase();
  const store = createStore(db);
  const count = 12_001;
  store.transact(
    () => {
      for (let n = 0; n < count; n++)
        store.events.append({
          atMs: n,
          type: 'setting.changed',
          orderNo: null,
          tradeNo: null,
          fromState: null,
          toState: null,
          what: 'x',
        });
    },
    { by: byTill() },
  );
  const seen: Row['seq'][] = [];
  const { sound, bad, head } = verifyChain(db, (row) => seen.push(row.seq));
  expect([sound, bad, head]).toEqual([count, null, store.events.head()]);
  expect(seen).toEqual(Array.from({ length: count }, (_, n) => n + 1));
});
