import { call } from '@orpc/server';
import { expect, test } from 'vitest';
import { windowOf } from '../../test/fakes/client.ts';
import { START_MS, testTill } from '../../test/fakes/till.ts';
import type { Backend } from '../backend.ts';
import { type Db, openMemoryDatabase } from '../store/database.ts';
import type { JournalEntry } from '../store/journal.ts';
import { replay } from '../store/restore.ts';
import { createStore } from '../store/store.ts';

const CREATED_MS = START_MS - 30_000;

/** A database as a restore leaves it, with one sale that only the journal knew. */
function restoredDatabase(): Db {
  const db = openMemoryDatabase();
  createStore(db).till.identify('sandbox', 1, Uint8Array.of(1, 2, 3, 4));
  const sale = { orderNo: 'LOST-1', createdAtMs: CREATED_MS };
  const entries: JournalEntry[] = [
    { kind: 'order', ...sale, amountFen: 1250, subject: '拿铁', note: null, source: 'till' },
    { kind: 'charge', ...sale, chargeId: 'C1', expiresAtMs: CREATED_MS + 120_000 },
    ...(['alipay', 'wechat'] as const).map(
      (channel): JournalEntry => ({
        kind: 'trade',
        ...sale,
        chargeId: 'C1',
        tradeNo: `LOST_${channel}`,
        channel,
        amountFen: 1250,
        subject: '拿铁',
        expiresAtMs: CREATED_MS + 120_000,
      }),
    ),
  ];
  expect(replay(db, entries, START_MS)).toEqual({ newer: 2, toAsk: 2 });
  return db;
}

const status = (backend: Backend) =>
  call(backend.api.till.status, undefined, { context: { caller: 'window' } });

test('a payment that the backup did not know is found by asking, and nothing is opened anew', async () => {
  const { backend, clock, alipay, wechat } = testTill({ db: restoredDatabase() });
  const till = windowOf(backend, clock);
  wechat.status.set('LOST_wechat', 'paid');
  backend.start();
  await clock.advance(5_000);
  expect(wechat.steps('LOST_wechat')).toEqual(['query']);
  expect(alipay.steps('LOST_alipay')[0]).toBe('query');
  expect(alipay.steps('LOST_alipay')).not.toContain('open');
  expect((await till.order('LOST-1')).state).toBe('paid');
  await backend.stop();
});

test('nothing new is charged until every wallet has answered, over restarts, and then it opens by itself', async () => {
  const db = restoredDatabase();
  const first = testTill({ db });
  first.alipay.down = 'network';
  first.backend.start();
  await first.clock.advance(60_000);
  const till = windowOf(first.backend, first.clock);
  await expect(till.charge({ amountFen: 1 })).rejects.toMatchObject({ code: 'restoring' });
  expect((await status(first.backend)).charging).toMatchObject({ ok: false, reason: 'restoring' });
  // An order that is being collected shows its codes again.
  expect((await till.charge({ orderNo: 'LOST-1' })).chargeId).toBe('C1');
  await first.backend.stop();

  const second = testTill({ db, clock: first.clock });
  second.alipay.down = 'network';
  second.backend.start();
  const again = windowOf(second.backend, second.clock);
  await expect(again.charge({ amountFen: 1 })).rejects.toMatchObject({ code: 'restoring' });
  second.alipay.down = null;
  await second.clock.advance(60_000);
  expect((await status(second.backend)).charging).toMatchObject({ ok: true });
  expect((await again.charge({ amountFen: 1 })).state).toBe('waiting');
  await second.backend.stop();
});
