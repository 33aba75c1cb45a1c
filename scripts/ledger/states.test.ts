import { call } from '@orpc/server';
import { expect, onTestFinished, test } from 'vitest';
import { NAMES, PINS } from '../../test/fakes/staff.ts';
import { staffedTill } from '../../test/fakes/staffed-till.ts';
import { tradesOf, world } from '../../test/fakes/world.ts';
import { verifyChain } from './chain.ts';
import { type Mismatch, verifyShop, verifyStates } from './states.ts';

test('a refund whose row says otherwise than the ledger is named', async () => {
  const { till, clock, pay, charge, db } = await world();
  await charge();
  await clock.advance(1_000);
  const [trade] = tradesOf(await till.order('A1'));
  await pay(trade?.codeUrl ?? '');
  await clock.advance(10_000);
  const { refundNo } = await till.refund({ tradeNo: trade?.tradeNo ?? '', amountFen: 500 });
  await clock.advance(60_000);
  const mismatches = () => {
    const found: Mismatch[] = [];
    verifyStates(db, (mismatch) => found.push(mismatch));
    return found;
  };
  expect(await till.refundOf(refundNo)).toMatchObject({ state: 'succeeded' });
  expect(verifyChain(db, () => {}).bad).toBeNull();
  expect(mismatches()).toEqual([]);
  const succeededAtMs = db.prepare('SELECT succeeded_at_ms FROM refunds').pluck().get();
  db.exec('DROP TRIGGER refunds_keep_their_terms');
  for (const [column, value] of [
    ['channel', 'wechat'],
    ['succeeded_at_ms', 1],
  ] as const) {
    const before = db.prepare(`SELECT ${column} FROM refunds`).pluck().get();
    db.prepare(`UPDATE refunds SET ${column} = ?`).run(value);
    expect(mismatches().map((each) => [each.table, each.key, each.column])).toEqual([
      ['refunds', refundNo, column],
    ]);
    db.prepare(`UPDATE refunds SET ${column} = ?`).run(before);
  }
  db.exec("UPDATE refunds SET state = 'closed', succeeded_at_ms = NULL");
  expect(mismatches()).toEqual([
    { table: 'refunds', key: refundNo, column: 'state', ledger: 'succeeded', row: 'closed' },
    {
      table: 'refunds',
      key: refundNo,
      column: 'succeeded_at_ms',
      ledger: String(succeededAtMs),
      row: null,
    },
  ]);
  db.exec('DROP TRIGGER refunds_stay; DELETE FROM outbox; DELETE FROM refunds');
  expect(mismatches()).toEqual([
    { table: 'refunds', key: refundNo, column: 'state', ledger: 'succeeded', row: null },
  ]);
});

/** A shop that has had a shift, has changed its rules, and of whose people one was promoted and one has left. */
async function shop() {
  const { db, api, staff, backend } = await staffedTill();
  onTestFinished(() => backend.stop());
  const at = { context: staff.owner };
  const reason = '旺季';
  const add = (name: string) => call(api.people.add, { name, role: 'cashier', pin: '640281', reason }, at);
  const left = await add('晚班收银');
  await call(api.people.disable, { personId: left.personId, reason }, at);
  const risen = await add('午班收银');
  await call(api.people.change, { personId: risen.personId, role: 'manager', reason }, at);
  await call(api.shifts.open, undefined, at);
  await call(api.shifts.close, {}, at);
  const approval = { operator: NAMES.manager, pin: PINS.manager };
  await call(api.policy.set, { lockAfterMinutes: 3, refundApprovalAboveFen: 100, reason, approval }, at);
  const mismatches = () => {
    const found: string[] = [];
    verifyShop(db, ({ table, column, ledger, row }) =>
      found.push(`${table} ${column}: ${row} for ${ledger}`),
    );
    return found;
  };
  return { db, mismatches };
}

test.each([
  [
    "UPDATE people SET role = 'owner' WHERE role = 'cashier' AND pin IS NOT NULL",
    'people role: owner for cashier',
  ],
  ["UPDATE people SET name = '店长甲' WHERE name = '店长'", 'people name: 店长甲 for 店长'],
  [
    "UPDATE people SET disabled_at_ms = 1, pin = NULL WHERE role = 'owner'",
    'people state: disabled for active',
  ],
  [
    "UPDATE people SET disabled_at_ms = NULL, pin = 'scrypt' WHERE pin IS NULL",
    'people state: active for disabled',
  ],
  [
    "INSERT INTO people SELECT 'stranger', '生人', '生人', 'owner', pin, 1, NULL FROM people WHERE name = '店长'",
    'people state: active for null',
  ],
  [
    'DROP TRIGGER people_stay; PRAGMA foreign_keys = OFF; DELETE FROM people WHERE pin IS NULL',
    'people state: null for disabled',
  ],
  [
    'UPDATE policy SET refund_approval_above_fen = 9000000',
    'policy refund_approval_above_fen: 9000000 for 100',
  ],
  ['UPDATE policy SET lock_after_minutes = 0', 'policy lock_after_minutes: 0 for 3'],
  ['UPDATE shifts SET totals = replace(totals, \'"paidFen":0\', \'"paidFen":1\')', 'shifts totals'],
  ["UPDATE shifts SET head_hash = replace(head_hash, substr(head_hash, 1, 1), 'x')", 'shifts head_hash'],
  ['UPDATE shifts SET unfinished = 1', 'shifts unfinished: 1 for 0'],
  ['DELETE FROM shifts', 'shifts state: null for closed'],
])('the people, the rules and the shifts are as the ledger tells: %s', async (sql, named) => {
  const { db, mismatches } = await shop();
  expect(mismatches()).toEqual([]);
  db.exec(sql);
  expect(mismatches()).toEqual([expect.stringContaining(named)]);
});

test('rules that nobody has changed are those that the till begins with', async () => {
  const { db, backend } = await staffedTill();
  await backend.stop();
  const found: Mismatch[] = [];
  verifyShop(db, (mismatch) => found.push(mismatch));
  expect(found).toEqual([]);
  db.exec('UPDATE policy SET refund_approval_above_fen = 9000000');
  verifyShop(db, (mismatch) => found.push(mismatch));
  expect(found).toMatchObject([{ table: 'policy', ledger: '20000', row: '9000000' }]);
});
