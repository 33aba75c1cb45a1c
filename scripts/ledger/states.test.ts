import { expect, test } from 'vitest';
import { tradesOf, world } from '../../test/fakes/world.ts';
import { verifyChain } from './chain.ts';
import { type Mismatch, verifyStates } from './states.ts';

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
  db.exec("UPDATE refunds SET state = 'closed', succeeded_at_ms = NULL");
  expect(mismatches()).toEqual([
    { table: 'refunds', key: refundNo, column: 'state', ledger: 'succeeded', row: 'closed' },
  ]);
  db.exec('DROP TRIGGER refunds_stay; DELETE FROM outbox; DELETE FROM refunds');
  expect(mismatches()).toEqual([
    { table: 'refunds', key: refundNo, column: 'state', ledger: 'succeeded', row: null },
  ]);
});
