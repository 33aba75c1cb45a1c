import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { holdsItsPart, REFUND_STATES, type Refund, type RefundState } from '../domain/refund.ts';
import { type Db, migrate, migrations, openMemoryDatabase } from './database.ts';
import { createStore, type Store } from './store.ts';
import { charge, order, trade } from './test-rows.ts';

const PAID = 1_250;

function paidStore(db: Db = openMemoryDatabase()): Store {
  const store = createStore(db);
  store.transact(() => {
    store.orders.insert(order('A1'));
    store.charges.insert(charge('A1', 'C1'));
    store.trades.insert(trade('A1', 'C1', 'TRADE-1', { state: 'paid', paidAtMs: 2_000 }));
  });
  return store;
}

function refund(refundNo: string, amountFen: number, state: RefundState = 'queued'): Refund {
  return {
    refundNo,
    tradeNo: 'TRADE-1',
    orderNo: 'A1',
    channel: 'alipay',
    amountFen: amountFen as never,
    reason: '退货',
    why: 'asked',
    origin: 'here',
    state,
    providerRefundNo: null,
    requestedAtMs: 3_000,
    sends: 0,
    lastSentAtMs: null,
    succeededAtMs: state === 'succeeded' ? 4_000 : null,
    endedAtMs: null,
    unknownSinceMs: null,
    held: null,
    refusal: null,
    incident: null,
    setAside: null,
  };
}

const held = (store: Store) =>
  store.refunds
    .ofTrade('TRADE-1')
    .filter(({ state }) => holdsItsPart(state))
    .reduce((sum, { amountFen }) => sum + amountFen, 0);

describe('the database', () => {
  test('never lets more go back than was paid, whatever is written in whatever order', () => {
    const write = fc.record({
      no: fc.integer({ min: 0, max: 5 }),
      amountFen: fc.integer({ min: 1, max: PAID + 1 }),
      state: fc.constantFrom(...REFUND_STATES),
    });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 40 }), (writes) => {
        const store = paidStore();
        for (const { no, amountFen, state } of writes) {
          const known = store.refunds.byNo(`REFUND-${no}`);
          const next = refund(`REFUND-${no}`, known?.amountFen ?? amountFen, state);
          const others = held(store) - (known && holdsItsPart(known.state) ? known.amountFen : 0);
          const fits = !holdsItsPart(state) || others + next.amountFen <= PAID;
          const attempt = () =>
            store.transact(() => (known ? store.refunds.update(next) : store.refunds.insert(next)));
          if (fits) attempt();
          else expect(attempt).toThrow('refund exceeds payment');
          expect(held(store)).toBeLessThanOrEqual(PAID);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('takes no new refund of what is not paid', () => {
    const store = paidStore();
    store.transact(() => store.trades.insert(trade('A1', 'C1', 'TRADE-2', { channel: 'wechat' })));
    const unpaid = { ...refund('REFUND-1', 1), tradeNo: 'TRADE-2' };
    expect(() => store.transact(() => store.refunds.insert(unpaid))).toThrow('refund of what is not paid');
  });

  test('lets a refund keep its number and its terms, and never forgets one', () => {
    const db = openMemoryDatabase();
    const store = paidStore(db);
    store.transact(() => store.refunds.insert(refund('REFUND-1', 500)));
    for (const change of ["refund_no = 'REFUND-2'", 'amount_fen = 1', "trade_no = 'X'", "reason = 'x'"])
      expect(() => db.exec(`UPDATE refunds SET ${change}`)).toThrow('keeps its number');
    expect(() => db.exec('DELETE FROM refunds')).toThrow('never deleted');
    expect(store.refunds.byNo('REFUND-1')).toEqual(refund('REFUND-1', 500));
  });

  test('lets nothing that was found at the wallet be sent, or be taken for a refund of its own', () => {
    const db = openMemoryDatabase();
    const store = paidStore(db);
    for (const origin of ['lost', 'elsewhere'] as const) {
      const found = (state: Refund['state']): Refund => ({
        ...refund(`FOUND-${origin}`, 500, state),
        origin,
      });
      for (const state of ['queued', 'asked', 'refused', 'withdrawn'] as const)
        expect(() => store.transact(() => store.refunds.insert(found(state)))).toThrow('is not sent');
      store.transact(() => store.refunds.insert(found('processing')));
      for (const state of ['queued', 'asked', 'refused', 'withdrawn'] as const)
        expect(() => store.transact(() => store.refunds.update(found(state)))).toThrow('is not sent');
      expect(() => store.transact(() => store.refunds.update({ ...found('processing'), sends: 1 }))).toThrow(
        'is not sent',
      );
      expect(() => db.exec("UPDATE refunds SET origin = 'here'")).toThrow('is not sent');
      store.transact(() => store.refunds.update(found('succeeded')));
    }
    expect(held(store)).toBe(1_000);
  });

  test('holds two tills on one folder to the same limit', () => {
    const dir = mkdtempSync(join(tmpdir(), 'mianfu-refunds-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    const open = () => {
      const db = new Database(join(dir, 'till.sqlite'));
      db.pragma('journal_mode = WAL');
      db.pragma('foreign_keys = ON');
      migrate(db, migrations());
      onTestFinished(() => void db.close());
      return db;
    };
    const tills = [paidStore(open()), createStore(open())];
    let taken = 0;
    for (let n = 0; n < 20; n += 1) {
      const till = tills[n % 2] as Store;
      try {
        till.transact(() => till.refunds.insert(refund(`REFUND-${n}`, 300)));
        taken += 300;
      } catch (error) {
        expect(String(error)).toContain('refund exceeds payment');
      }
    }
    expect(taken).toBe(1_200);
    for (const till of tills) expect(held(till)).toBe(1_200);
  });
});
