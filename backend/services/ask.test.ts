import { call } from '@orpc/server';
import { expect, test } from 'vitest';
import { evidence } from '../../test/fakes/provider.ts';
import { testTill } from '../../test/fakes/till.ts';
import { type Db, openMemoryDatabase } from '../store/database.ts';
import type { Outcome } from './settle.ts';

const ORDERS = 6;

/** A database that counts the commits that write something. */
function counted(): { db: Db; commits(): number } {
  const db = openMemoryDatabase();
  const made = db.transaction.bind(db);
  const changes = db.prepare<[], number>('SELECT total_changes()').pluck();
  let commits = 0;
  db.transaction = ((work: (...given: unknown[]) => unknown) => {
    const run = made(work);
    const immediate = (...given: unknown[]) => {
      const isOutermost = !db.inTransaction;
      const before = changes.get();
      const result = run.immediate(...given);
      if (isOutermost && changes.get() !== before) commits += 1;
      return result;
    };
    return Object.assign(immediate, { immediate });
  }) as unknown as Db['transaction'];
  return { db, commits: () => commits };
}

/** A till with several orders whose questions to both wallets are under way, to be answered as told. */
async function asking() {
  const { db, commits } = counted();
  const made = testTill({ db });
  const { backend, clock, alipay, wechat } = made;
  const answers: ((outcome: Outcome) => void)[] = [];
  backend.start();
  await clock.advance(0);
  for (let n = 0; n < ORDERS; n++) {
    call(
      backend.api.charges.create,
      { orderNo: `A${n}`, amountFen: 1250 },
      { context: { caller: 'window' } },
    ).catch(() => {});
    await clock.advance(0);
  }
  for (const wallet of [alipay, wechat]) {
    for (let n = 0; n < ORDERS; n++)
      wallet.script.push({
        step: 'query',
        answer: new Promise((resolve) => {
          answers.push(resolve);
        }),
      });
  }
  await clock.advance(3_000);
  expect(alipay.inFlight + wechat.inFlight).toBe(2 * ORDERS);
  const asked = [...alipay.asked, ...wechat.asked].filter(({ step }) => step === 'query');
  const answerAll = () => {
    for (const [index, { tradeNo }] of asked.entries())
      answers[index]?.({
        kind: 'evidence',
        evidence: evidence({ tradeNo, amountFen: 1250 as never } as never, 'paying', clock.nowMs()),
      });
  };
  return { ...made, commits, answerAll };
}

test('the wallets’ answers that arrive together are kept in one commit', async () => {
  const { backend, clock, db, commits, answerAll } = await asking();
  const before = commits();
  answerAll();
  await clock.advance(0);
  expect(db.prepare("SELECT count(*) FROM trades WHERE state = 'paying'").pluck().get()).toBe(2 * ORDERS);
  expect(commits() - before).toBe(1);
  await backend.stop();
});

test('an answer that waits for its commit when the till is stopped is not written', async () => {
  const { backend, clock, db, answerAll } = await asking();
  answerAll();
  for (let n = 0; n < 20; n++) await Promise.resolve();
  const stopped = backend.stop();
  await clock.advance(1_000);
  await stopped;
  expect(db.prepare("SELECT count(*) FROM trades WHERE state = 'paying'").pluck().get()).toBe(0);
  expect(db.prepare('SELECT count(*) FROM outbox WHERE lease_holder IS NOT NULL').pluck().get()).toBe(
    2 * ORDERS,
  );
});
