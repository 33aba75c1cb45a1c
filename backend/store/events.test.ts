import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type By, byTill } from '../domain/actor.ts';
import { LEDGER_START } from '../domain/ledger.ts';
import { migrate, migrations, openMemoryDatabase, openStorage } from './database.ts';
import { eventsTable, happened } from './events.ts';
import { createStore, type Store } from './store.ts';
import { chainOf } from './test-ledger.ts';

const PERSON: By = {
  actor: { kind: 'person', personId: 'P7' },
  via: 'window',
  reason: '顾客换了订单',
  approvedBy: 'P1',
};
const SHOP: By = {
  actor: { kind: 'integrator', name: 'dispatch' },
  via: 'http',
  reason: null,
  approvedBy: null,
};

/** Writes so many events beside other processes on the same folder. */
const WRITER = `
  const at = (file) => new URL(file, ${JSON.stringify(import.meta.url)}).href;
  const { openStorage } = await import(at('./database.ts'));
  const { happened } = await import(at('./events.ts'));
  const { createStore } = await import(at('./store.ts'));
  const [dir, name, count] = process.argv.slice(1);
  const storage = openStorage(dir, 'shared');
  const store = createStore(storage.db, undefined, true);
  for (let n = 0; n < Number(count); n++)
    store.transact(() => store.events.append(happened('order.created', name + '-' + n, n)));
  storage.close();`;

const created = (store: Store, orderNo: string) =>
  store.events.append(happened('order.created', orderNo, 1_000));

describe('who brought an event about', () => {
  test('is whom its transaction names, and the till where it names nobody', () => {
    const store = createStore(openMemoryDatabase());
    store.transact(() => created(store, 'A1'), { by: PERSON });
    store.transact(() => created(store, 'A2'), { by: SHOP });
    store.transact(() => created(store, 'A3'));
    expect(store.events.after(0, 9).map(({ by }) => by)).toEqual([PERSON, SHOP, byTill()]);
  });

  test('is whom the outer transaction names, unless the inner one names another', () => {
    const store = createStore(openMemoryDatabase());
    store.transact(
      () => {
        store.transact(() => created(store, 'A1'));
        store.transact(() => created(store, 'A2'), { by: byTill('wallet') });
        created(store, 'A3');
      },
      { by: PERSON },
    );
    expect(store.events.after(0, 9).map(({ by }) => by)).toEqual([PERSON, byTill('wallet'), PERSON]);
  });

  test('is not who failed before', () => {
    const store = createStore(openMemoryDatabase());
    const fail = () => {
      throw new Error('refused');
    };
    expect(() => store.transact(fail, { by: PERSON })).toThrow('refused');
    store.transact(() => created(store, 'A1'));
    expect(store.events.after(0, 9).map(({ by }) => by)).toEqual([byTill()]);
  });

  test('stays each writer’s own where several share a commit', async () => {
    const store = createStore(openMemoryDatabase());
    await Promise.all([
      store.transactSoon(() => created(store, 'A1'), { by: PERSON }),
      store.transactSoon(() => created(store, 'A2'), { by: SHOP }),
      store.transactSoon(() => created(store, 'A3')),
    ]);
    expect(store.events.after(0, 9).map(({ by }) => by)).toEqual([PERSON, SHOP, byTill()]);
  });
});

describe('the chain of events', () => {
  test('begins at nothing, and each event carries the hash of the one before it', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    expect(store.events.head()).toEqual({ seq: 0, hash: LEDGER_START });
    for (const orderNo of ['A1', 'A2', 'A3']) store.transact(() => created(store, orderNo), { by: PERSON });
    const chain = chainOf(db);
    expect(chain.map(({ previous }) => previous)).toEqual([
      LEDGER_START,
      ...chain.slice(0, -1).map(({ own }) => own),
    ]);
    expect(chain.every(({ own, due }) => own === due)).toBe(true);
    expect(store.events.head()).toEqual({ seq: 3, hash: chain.at(-1)?.own });
  });

  test('goes on from what is kept where events were taken back', async () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    const refused = (orderNo: string) => () => {
      created(store, orderNo);
      throw new Error('refused');
    };
    store.transact(() => created(store, 'A1'));
    expect(() => store.transact(refused('A2'))).toThrow('refused');
    store.transact(() => created(store, 'A3'));
    await Promise.allSettled([
      store.transactSoon(refused('A4')),
      store.transactSoon(() => created(store, 'A5')),
      store.transactSoon(refused('A6')),
    ]);
    store.transact(() => created(store, 'A7'));
    const chain = chainOf(db);
    expect(store.events.after(0, 9).map(({ seq, orderNo }) => [seq, orderNo])).toEqual([
      [1, 'A1'],
      [2, 'A3'],
      [3, 'A5'],
      [4, 'A7'],
    ]);
    expect(chain.every(({ own, due }) => own === due)).toBe(true);
    expect(chain.map(({ previous }) => previous).slice(1)).toEqual(chain.map(({ own }) => own).slice(0, -1));
  });

  test('covers every column, half a character among them', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    const torn = `a${'\u{1F600}'.slice(0, 1)}\u0000b`;
    store.transact(
      () => {
        store.events.append({ ...happened('order.created', torn, 1), what: torn, data: { note: torn } });
        store.events.append({
          atMs: 2,
          type: 'setting.changed',
          orderNo: null,
          tradeNo: null,
          fromState: null,
          toState: null,
          what: 'relay',
        });
      },
      { by: { ...PERSON, reason: torn } },
    );
    expect(chainOf(db).every(({ own, due }) => own === due)).toBe(true);
    expect(store.events.after(0, 9)[0]).toMatchObject({
      data: { note: torn },
      by: { reason: 'a\uFFFD\u0000b' },
    });
  });

  test('leaves no trace of what was rolled back', () => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.transact(() => created(store, 'A1'));
    const before = store.events.head();
    expect(() =>
      store.transact(() => {
        created(store, 'A2');
        throw new Error('refused');
      }),
    ).toThrow('refused');
    expect(store.events.head()).toEqual(before);
    store.transact(() => created(store, 'A3'));
    expect(chainOf(db).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('is written in transactions alone', () => {
    const events = eventsTable(openMemoryDatabase());
    expect(() => events.append(happened('order.created', 'A1', 1), byTill())).toThrow(/transaction/);
  });

  test.each([
    ['changed', "UPDATE events SET what = 'x' WHERE seq = 1", 'never changed'],
    ['deleted', 'DELETE FROM events WHERE seq = 2', 'never deleted'],
    [
      'replaced',
      `INSERT OR REPLACE INTO events (seq, at_ms, type, prev_hash, hash)
       SELECT 1, 1, 'order.created', zeroblob(32), zeroblob(32)`,
      'follow one another',
    ],
    [
      'put anywhere but at the end of the chain',
      `INSERT INTO events (seq, at_ms, type, prev_hash, hash)
       VALUES (9, 1, 'order.created', zeroblob(32), zeroblob(32))`,
      'follow one another',
    ],
  ])('lets no event be %s', (_, sql, words) => {
    const db = openMemoryDatabase();
    const store = createStore(db);
    store.transact(() => created(store, 'A1'));
    store.transact(() => created(store, 'A2'));
    expect(() => db.exec(sql)).toThrow(words);
    expect(chainOf(db).every(({ own, due }) => own === due)).toBe(true);
  });

  test('takes up the events of before, in their order, and says of none by whom it was', () => {
    const db = new Database(':memory:');
    migrate(
      db,
      migrations().filter(({ version }) => version < 7),
    );
    db.exec(`
      INSERT INTO events (seq, at_ms, type, order_no, trade_no, from_state, to_state, what) VALUES
        (1, 1000, 'order.created', 'A1', NULL, NULL, NULL, NULL),
        (3, 1000, 'trade.changed', 'A1', 'TRADE-1', 'created', 'awaiting_payment', 'code_obtained'),
        (9, 2000, 'trade.set_aside', 'A1', 'TRADE-1', 'closing', 'closing', '平台显示未付');
      UPDATE sqlite_sequence SET seq = 40 WHERE name = 'events';`);
    migrate(db, migrations());
    const store = createStore(db);
    store.transact(() => created(store, 'A2'));
    const chain = chainOf(db);
    expect(chain.map(({ seq }) => seq)).toEqual([1, 3, 9, 41]);
    expect(chain[0]?.previous).toBe(LEDGER_START);
    expect(chain.every(({ own, due }) => own === due)).toBe(true);
    expect(store.events.after(0, 9).map(({ by }) => by)).toEqual([null, null, null, byTill()]);
  });
});

describe('several processes on one folder', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'mianfu-ledger-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('write one chain', async () => {
    const each = 50;
    openStorage(dir, 'shared').close();
    const ended = ['one', 'two', 'three'].map((name) => {
      const args = ['--input-type=module', '-e', WRITER, dir, name, String(each)];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      return new Promise((resolve) => child.once('exit', resolve));
    });
    expect(await Promise.all(ended)).toEqual([0, 0, 0]);
    const storage = openStorage(dir, 'shared');
    const chain = chainOf(storage.db);
    storage.close();
    expect(chain).toHaveLength(3 * each);
    expect(chain.every(({ own, due }) => own === due)).toBe(true);
    expect(chain.slice(1).every(({ previous }, index) => previous === chain[index]?.own)).toBe(true);
  });
});
