import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LedgerRow } from '../backend/domain/ledger.ts';
import { openStorage, type Storage } from '../backend/store/database.ts';
import { ledgerHash } from '../backend/store/ledger-chain.ts';
import { replay } from '../backend/store/restore.ts';
import { createStore } from '../backend/store/store.ts';
import { windowOf } from '../test/fakes/client.ts';
import { testTill } from '../test/fakes/till.ts';

const LEDGER_COLUMNS =
  'order_no trade_no refund_no from_state to_state what actor_id reason approved_by'.split(' ');

let dir: string;
let storage: Storage;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'mianfu-verify-'));
  storage = openStorage(dir);
  await someSales(storage);
});
afterEach(() => {
  storage.close();
  rmSync(dir, { recursive: true, force: true });
});

/** A paid order, a cancelled one, and one whose codes are on the screen. */
async function someSales({ db }: Storage): Promise<void> {
  const { backend, clock, alipay } = testTill({ db });
  backend.start();
  const till = windowOf(backend, clock);
  const paid = await till.charge({ orderNo: 'PAID-1', amountFen: 1250 });
  alipay.status.set(paid.trades.find(({ channel }) => channel === 'alipay')?.tradeNo ?? '', 'paid');
  await clock.advance(10_000);
  await till.charge({ orderNo: 'GONE-1', amountFen: 990 });
  await till.cancelOrder('GONE-1');
  await till.charge({ orderNo: 'OPEN-1', amountFen: 100 });
  await backend.stop();
}

function run(...args: string[]) {
  const done = spawnSync(process.execPath, ['scripts/verify-ledger.ts', ...args], { encoding: 'utf8' });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function verdict(...args: string[]) {
  const { code, out } = run('--data', dir, '--json', ...args);
  return { code, ...JSON.parse(out) };
}

const headNow = () => {
  const { seq, hash } = createStore(storage.db).events.head();
  return `${hash}@${seq}`;
};

describe('npm run verify-ledger', () => {
  test('reads the folder, or the file, of a till that runs, and says that all agrees', () => {
    expect(verdict('--head', headNow())).toMatchObject({
      code: 0,
      ok: true,
      bad: null,
      mismatchCount: 0,
      lostHeads: [],
      head: headNow(),
    });
    const { code, out } = run('--data', storage.path);
    expect([code, out]).toEqual([0, expect.stringContaining('Everything agrees')]);
  });

  test('takes a head as it stands on the slip, and the first group of it', () => {
    const [hash = '', seq] = headNow().split('@');
    const onSlip = hash.replace(/(.{16})(?=.)/g, '$1 ');
    for (const head of [
      `${onSlip}@${seq}`,
      `${hash.slice(0, 16)}@${seq}`,
      `${hash.toUpperCase()} @ ${seq}`,
      hash,
    ])
      expect(verdict('--head', head)).toMatchObject({ code: 0, lostHeads: [] });
    const other = `${hash[0] === '0' ? '1' : '0'}${hash.slice(1, 16)}`;
    expect(verdict('--head', `${other}@${seq}`)).toMatchObject({ code: 1, lostHeads: [{ hash: other }] });
    expect(verdict('--head', `${hash.slice(0, 16)}@${Number(seq) - 1}`)).toMatchObject({ code: 1 });
    // Without its place a part of a hash says too little.
    expect(run('--data', dir, '--head', hash.slice(0, 16)).code).toBe(2);
    expect(run('--data', dir, '--head', `${hash.slice(0, 15)}@${seq}`).code).toBe(2);
  });

  test('names what was changed, in words and with its code', () => {
    storage.db.exec("DROP TRIGGER events_never_change; UPDATE events SET reason = 'x' WHERE seq = 3");
    expect(verdict()).toMatchObject({ code: 1, ok: false, bad: { seq: 3, kind: 'changed' } });
    expect(run('--data', dir).out).toContain('First bad entry: entry 3');
  });

  test('does not find a slip’s head in a ledger that was cut without a trace', () => {
    const head = headNow();
    const seq = Number(head.split('@')[1]);
    storage.db.exec(`DROP TRIGGER events_never_go; DELETE FROM events WHERE seq = ${seq};
      UPDATE sqlite_sequence SET seq = ${seq - 1} WHERE name = 'events'`);
    expect(verdict('--head', head)).toMatchObject({
      code: 1,
      lostHeads: [{ seq, from: 'asked', restoredAt: null }],
    });
  });

  test('holds the heads that lie beside the backups against it', () => {
    const [hash = '', seq] = headNow().split('@');
    const backups = join(dir, 'backups', 'T0MW');
    mkdirSync(backups, { recursive: true });
    const journal = (head: object) =>
      writeFileSync(join(backups, 'journal-20261121.jsonl'), `${JSON.stringify(head)}\n`);
    journal({ kind: 'head', seq: Number(seq), hash });
    expect(verdict().code).toBe(0);
    journal({
      kind: 'head',
      seq: Number(seq),
      hash: hash.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
    });
    expect(verdict()).toMatchObject({ code: 1, lostHeads: [{ from: 'journal', restoredAt: null }] });
  });

  test('says of the heads beside the backups from which on they are lost, however many there are', () => {
    const backups = join(dir, 'backups');
    mkdirSync(backups, { recursive: true });
    const line = (seq: number) => `${JSON.stringify({ kind: 'head', seq, hash: 'b'.repeat(64) })}\n`;
    writeFileSync(join(backups, 'journal-20261120.jsonl'), [9, 9, 7, 8].map(line).join(''));
    writeFileSync(join(backups, 'journal-20261121.jsonl'), [8, 5, 6].map(line).join(''));
    const { out, code } = run('--data', dir);
    expect(code).toBe(1);
    expect(out.match(/does not hold \w+@(\d+)/g)).toEqual([expect.stringContaining('@5')]);
    expect(out).toContain('and 4 later ones');
    expect(verdict().lostHeads.map(({ seq }: { seq: number }) => seq)).toEqual([5, 6, 7, 8, 9]);
  });

  test('finds the chain going on after a restore, and says which head the restore lost', () => {
    const seq = Number(headNow().split('@')[1]);
    const lost = { seq: seq + 5, hash: 'a'.repeat(64) };
    replay(storage.db, [{ kind: 'head', ...lost }], 1_800_000_000_000);
    expect(verdict()).toMatchObject({ code: 0, bad: null });
    expect(verdict('--head', `${lost.hash}@${lost.seq}`)).toMatchObject({
      code: 1,
      lostHeads: [{ restoredAt: seq + 1_000_001 }],
    });
    const [event] = createStore(storage.db).events.after(seq, 1);
    expect(event).toMatchObject({ type: 'ledger.restored', data: { backup: { seq }, before: lost } });
  });

  test.each([
    [
      'a trade that is said to be paid',
      "UPDATE trades SET state = 'paid', paid_at_ms = 1 WHERE order_no = 'OPEN-1' AND channel = 'alipay'",
      'trades',
      'state',
    ],
    [
      'a payment that is said to be none',
      "UPDATE trades SET state = 'closed', paid_at_ms = NULL WHERE state = 'paid'",
      'trades',
      'state',
    ],
    [
      'another amount of a trade',
      "UPDATE trades SET amount_fen = 1 WHERE state = 'paid'",
      'trades',
      'amount_fen',
    ],
    [
      'another number at the wallet',
      "UPDATE trades SET provider_trade_no = '1' WHERE state = 'paid'",
      'trades',
      'provider_trade_no',
    ],
    [
      'another time of payment',
      "UPDATE trades SET paid_at_ms = 1 WHERE state = 'paid'",
      'trades',
      'paid_at_ms',
    ],
    ['another wallet', "UPDATE trades SET channel = 'wechat' WHERE state = 'paid'", 'trades', 'channel'],
    [
      'another amount of an order',
      "UPDATE orders SET amount_fen = 1 WHERE order_no = 'OPEN-1'",
      'orders',
      'amount_fen',
    ],
    [
      'another state of an order',
      "UPDATE orders SET state = 'paid' WHERE order_no = 'OPEN-1'",
      'orders',
      'state',
    ],
    [
      'an order out of nothing',
      "INSERT INTO orders SELECT 'FAKE', amount_fen, subject, note, state, source, created_at_ms, paid_at_ms, 0 FROM orders WHERE order_no = 'PAID-1'",
      'orders',
      'state',
    ],
    [
      'a trade out of nothing',
      `INSERT INTO trades (trade_no, order_no, charge_id, channel, state, amount_fen, subject, created_at_ms, expires_at_ms, paid_at_ms)
       SELECT 'FAKE-01', order_no, charge_id, channel, state, amount_fen, subject, created_at_ms, expires_at_ms, paid_at_ms
       FROM trades WHERE state = 'paid'`,
      'trades',
      'state',
    ],
    [
      'a trade that is gone',
      "PRAGMA foreign_keys = OFF; DELETE FROM trades WHERE state = 'paid'",
      'trades',
      'state',
    ],
    [
      'another limit above which a second person is asked',
      'UPDATE policy SET refund_approval_above_fen = 9000000',
      'policy',
      'refund_approval_above_fen',
    ],
    [
      'an order that is gone',
      "PRAGMA foreign_keys = OFF; DELETE FROM orders WHERE order_no = 'PAID-1'",
      'orders',
      'state',
    ],
  ])('names %s', (_, sql, table, column) => {
    storage.db.exec(sql);
    const found = verdict();
    expect(found).toMatchObject({ code: 1, ok: false, bad: null });
    expect(found.mismatches).toContainEqual(expect.objectContaining({ table, column }));
    expect(new Set(found.mismatches.map(({ key }: { key: string }) => key)).size).toBe(1);
    expect(run('--data', dir).out).toContain(`${table} ${found.mismatches[0].key}: ${column} is`);
  });

  test('shows what a file says as text, whatever it would do to a terminal', () => {
    const name = '\u001B[2K\r\u009B2J\nFAKE';
    storage.db
      .prepare("INSERT INTO orders SELECT ?, 1, '', NULL, 'open', source, 1, NULL, 0 FROM orders LIMIT 1")
      .run(name);
    const { code, out } = run('--data', dir);
    expect(code).toBe(1);
    expect(out).toMatch(/^orders .*FAKE: state is open/m);
    expect(out).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  test('reads on where a ledger that was made anew says nothing that can be read', () => {
    const { seq, hash } = createStore(storage.db).events.head();
    const row = { seq: seq + 1, at_ms: 1, type: 'ledger.restored', data: '{', actor: 'till', via: 'restore' };
    const whole = { ...Object.fromEntries(LEDGER_COLUMNS.map((name) => [name, null])), ...row } as LedgerRow;
    storage.db
      .prepare(
        `INSERT INTO events (seq, at_ms, type, data, actor, via, prev_hash, hash)
         VALUES (:seq, :at_ms, :type, :data, :actor, :via, unhex(:hash), unhex(:own))`,
      )
      .run({ ...row, hash, own: ledgerHash(hash, whole) });
    expect(verdict()).toMatchObject({ code: 0, bad: null, entries: seq + 1 });
    expect(verdict('--head', `${'a'.repeat(64)}@${seq}`)).toMatchObject({
      code: 1,
      lostHeads: [{ restoredAt: seq + 1 }],
    });
  });

  test('says what it cannot read, and what it was not asked rightly', () => {
    const other = join(dir, 'other.txt');
    writeFileSync(other, 'no database at all, and long enough to be taken for one');
    expect(run('--data', other).code).toBe(3);
    expect(run('--data', join(dir, 'nowhere')).code).toBe(3);
    expect(run('--data', dir, '--head', 'abc').code).toBe(2);
    expect(run('--nonsense').code).toBe(2);
    expect(run().code).toBe(2);
    expect(run('--help').code).toBe(0);
  });
});
