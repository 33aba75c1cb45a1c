import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type By, byTill } from '../../backend/domain/actor.ts';
import { LEDGER_START, type LedgerRow } from '../../backend/domain/ledger.ts';
import { type Db, openMemoryDatabase } from '../../backend/store/database.ts';
import type { NewEvent } from '../../backend/store/events.ts';
import { ledgerHash } from '../../backend/store/ledger-chain.ts';
import { createStore } from '../../backend/store/store.ts';
import { type BadEntry, type Row, verifyChain } from './chain.ts';
import { headCheck } from './heads.ts';

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
