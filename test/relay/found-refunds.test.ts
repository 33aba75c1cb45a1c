import { call } from '@orpc/server';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { entryOf } from '../../backend/store/journal.ts';
import { replay } from '../../backend/store/restore.ts';
import { createStore } from '../../backend/store/store.ts';
import type { Trade } from '../../contract/trade.ts';
import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import { relayedWorld } from '../fakes/relayed-world.ts';
import { refundNotification } from '../fakes/wallet-notifications.ts';
import { tradesOf } from '../fakes/world.ts';
import { numbers } from './mutations.ts';

const CHANNELS = ['alipay', 'wechat'] as const;
const TOTAL_FEN = 1_250;
const DAY = '2026-11-21';
const WINDOW = { context: { caller: 'window' as const } };

type Told = { refundNo: string; amountFen: number };

/** A till at its relay whose customer has paid by this wallet. */
async function paidBy(channel: Trade['channel']) {
  const made = await relayedWorld();
  const { clock, till, pay, sandbox, identity, deliver, refunds } = made;
  await till.startCharge({ orderNo: 'A1', amountFen: TOTAL_FEN, subject: '拿铁' });
  await clock.advance(SECOND);
  const trade = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
  await pay(trade?.codeUrl ?? '');
  await clock.advance(MINUTE);
  const tradeNo = trade?.tradeNo ?? '';
  const providerTradeNo = sandbox.ledger.find(channel, tradeNo)?.providerTradeNo ?? '';

  /** What the wallet posts about a refund that it has made, as the wallet sums it up now. */
  async function told({ refundNo, amountFen }: Told) {
    const refundedFen = (await refunds()).reduce((sum, each) => sum + each.amountFen, 0);
    return refundNotification(
      identity,
      {
        ...{ channel, tradeNo, refundNo, amountFen },
        ...{ totalFen: TOTAL_FEN, refundedFen, status: 'SUCCESS' as const },
      },
      clock.nowMs(),
      channel === 'alipay' ? { trade_no: providerTradeNo, buyer_logon_id: '139******00' } : {},
    );
  }

  return {
    ...made,
    tradeNo,
    byHand: (amountFen: number, refundNo?: string) =>
      made.refundByHand({ channel, tradeNo, amountFen, ...(refundNo ? { refundNo } : {}) }),
    told,
    tell: async (refund: Told) => deliver(await told(refund)),
  };
}

/** The database as it is, as a backup that nobody kept a journal beside. */
function copyOf(db: Db): Db {
  const copy = new Database(db.serialize());
  copy.pragma('foreign_keys = ON');
  return copy;
}

function eventsOf(db: Db, refundNo: string) {
  return db
    .prepare(
      `SELECT type, what, from_state AS "from", to_state AS "to", actor, via, data ->> 'origin' AS origin
       FROM events WHERE refund_no = ? ORDER BY seq`,
    )
    .all(refundNo);
}

describe.each(CHANNELS)('a refund by %s that the till does not know', (channel) => {
  test('because a restore forgot it is written down again when the wallet tells of it, and never sent', async () => {
    const { db, till, clock, tradeNo, goOnWith, tell, refunds } = await paidBy(channel);
    const backup = copyOf(db);
    const { refundNo } = await till.refund({ tradeNo, amountFen: 500 });
    await clock.advance(HOUR);
    replay(backup, [], clock.nowMs());
    const again = await goOnWith(backup);
    await clock.advance(MINUTE);
    expect((await again.till.trade(tradeNo)).trade).toMatchObject({ refundedFen: 0, refundableFen: 1_250 });

    expect(await tell({ refundNo, amountFen: 500 })).toBe('ack');
    await clock.advance(MINUTE);
    const { trade, refunds: rows, timeline } = await again.till.trade(tradeNo);
    expect(trade).toMatchObject({ state: 'paid', refundedFen: 500, refundableFen: 750, incident: null });
    expect(rows).toMatchObject([
      { refundNo, amountFen: 500, state: 'succeeded', origin: 'lost', reason: '', sentAt: null },
    ]);
    expect(timeline.map(({ what }) => what)).toContain('found');
    expect(eventsOf(backup, refundNo)).toEqual([
      {
        ...{ type: 'refund.changed', what: 'found', from: null, to: 'succeeded' },
        ...{ actor: 'till', via: 'wallet', origin: 'lost' },
      },
    ]);
    await expect(again.till.refund({ tradeNo, amountFen: 751 })).rejects.toMatchObject({
      code: 'refund_too_large',
    });
    expect(await refunds()).toMatchObject([{ refundNo, amountFen: 500, requests: 1 }]);
    expect((await again.till.outbox('due')).items).toEqual([]);
    // Who asks for the same once more, not knowing what became of it, gets the same refund.
    expect(await again.till.refund({ tradeNo, refundNo, amountFen: 500 })).toMatchObject({
      state: 'succeeded',
    });
    await again.backend.stop();
  });

  test('because it was made by hand at the wallet’s site is written down once, however often it is told of', async () => {
    const { db, till, clock, tradeNo, byHand, tell, told, deliver, refunds } = await paidBy(channel);
    const first = await byHand(200);
    const early = await told({ ...first, amountFen: 200 });
    const second = await byHand(300);
    for (let time = 0; time < 5; time++) {
      await deliver(early);
      expect(await tell({ ...second, amountFen: 300 })).toBe('ack');
      await clock.advance(MINUTE);
    }
    const { trade, refunds: rows } = await till.trade(tradeNo);
    expect(trade).toMatchObject({ state: 'paid', refundedFen: 500, refundableFen: 750 });
    expect(rows.map(({ refundNo, amountFen, origin }) => [refundNo, amountFen, origin]).sort()).toEqual(
      [
        [first.refundNo, 200, 'elsewhere'],
        [second.refundNo, 300, 'elsewhere'],
      ].sort(),
    );
    expect(eventsOf(db, first.refundNo)).toHaveLength(1);
    expect((await refunds()).map(({ requests }) => requests)).toEqual([1, 1]);
    expect((await till.outbox('due')).items).toEqual([]);
    expect((await till.outbox('parked')).items).toEqual([]);
  });

  test('comes back from a journal as what it is: asked about, and not sent', async () => {
    const { db, clock, tradeNo, byHand, tell, goOnWith, refunds } = await paidBy(channel);
    const backup = copyOf(db);
    const made = await byHand(200);
    await tell({ ...made, amountFen: 200 });
    await clock.advance(MINUTE);
    const found = createStore(db).refunds.byNo(made.refundNo);
    if (!found) throw new Error('It was not found.');
    replay(backup, [entryOf.refund(found)], clock.nowMs());
    expect(createStore(backup).refunds.byNo(made.refundNo)).toMatchObject({
      state: 'processing',
      origin: 'elsewhere',
      sends: 0,
      lastSentAtMs: null,
    });
    const again = await goOnWith(backup);
    await clock.advance(HOUR);
    expect((await again.till.trade(tradeNo)).refunds).toMatchObject([
      { refundNo: made.refundNo, state: 'succeeded', origin: 'elsewhere', sentAt: null },
    ]);
    expect(await refunds()).toMatchObject([{ requests: 1 }]);
    await again.backend.stop();
  });

  test('is looked for until the wallet answers, over a restart', async () => {
    const { db, clock, http, tradeNo, byHand, tell, goOnWith } = await paidBy(channel);
    const made = await byHand(200);
    http.down = true;
    expect(await tell({ ...made, amountFen: 200 })).toBe('ack');
    await clock.advance(10 * MINUTE);
    const again = await goOnWith(db);
    await clock.advance(10 * MINUTE);
    expect((await again.till.trade(tradeNo)).refunds).toEqual([]);
    http.down = false;
    await clock.advance(10 * MINUTE);
    expect((await again.till.trade(tradeNo)).trade).toMatchObject({ refundedFen: 200 });
    await again.backend.stop();
  });

  test('waits for a refund of ours whose end is not known, and takes its place when that was refused', async () => {
    const { till, clock, http, tradeNo, byHand, tell } = await paidBy(channel);
    http.down = true;
    const own = await till.refund({ tradeNo, amountFen: TOTAL_FEN });
    const made = await byHand(200);
    await tell({ ...made, amountFen: 200 });
    await clock.advance(MINUTE);
    expect((await till.trade(tradeNo)).trade).toMatchObject({ refundedFen: 0, refundingFen: TOTAL_FEN });
    http.down = false;
    await clock.advance(HOUR);
    expect((await till.refundOf(own.refundNo)).state).toBe('refused');
    expect((await till.trade(tradeNo)).trade).toMatchObject({
      refundedFen: 200,
      refundingFen: 0,
      refundableFen: 1_050,
      incident: null,
    });
    expect((await till.outbox('parked')).items).toEqual([]);
  });

  test('and does not fit beside what is here is an incident that a person sees, and no money', async () => {
    const { db, till, clock, tradeNo, byHand, tell } = await paidBy(channel);
    const own = await till.refund({ tradeNo, amountFen: 1_000 });
    await clock.advance(HOUR);
    expect((await till.refundOf(own.refundNo)).state).toBe('succeeded');
    // As a wallet that holds more than was paid here: the till had given back 1,000 of 1,250 already.
    db.exec('DROP TRIGGER refunds_keep_their_terms');
    db.prepare('UPDATE refunds SET amount_fen = 1200 WHERE refund_no = ?').run(own.refundNo);
    const made = await byHand(200);
    await tell({ ...made, amountFen: 200 });
    await clock.advance(MINUTE);
    const { trade, refunds: rows, timeline } = await till.trade(tradeNo);
    expect(trade).toMatchObject({ refundedFen: 1_200 });
    expect(rows).toHaveLength(1);
    expect(timeline.filter(({ what }) => what === 'refund_unfit')).toHaveLength(1);
    expect((await till.outbox('parked')).items).toMatchObject([
      { kind: 'refund_find', why: 'refund_unfit', refundNo: made.refundNo, tradeNo, canRetry: true },
    ]);
    await tell({ ...made, amountFen: 200 });
    await clock.advance(MINUTE);
    const [entry] = (await till.outbox('parked')).items;
    await till.setAside(entry?.entryId ?? 0, 'the same money, given by hand');
    const after = await till.trade(tradeNo);
    expect(after.timeline.filter(({ what }) => what === 'refund_unfit')).toHaveLength(1);
    expect(after.timeline.at(-1)).toMatchObject({
      kind: 'decision',
      reason: 'the same money, given by hand',
    });
    expect(after.trade.setAside).toBeNull();
  });

  test('of a payment that the same restore forgot is known with it, its number too', async () => {
    const { db, clock, till, tradeNo, byHand, tell, goOnWith } = await paidBy(channel);
    const made = await byHand(TOTAL_FEN);
    // As if the backup were of before the payment, and its wallet’s answer of after the refund.
    const backup = copyOf(db);
    backup.exec(`
      UPDATE trades SET state = 'awaiting_payment', paid_at_ms = NULL WHERE trade_no = '${tradeNo}';
      UPDATE orders SET state = 'open', paid_at_ms = NULL;
      INSERT INTO outbox (kind, queue, lane, order_no, trade_no, priority, created_at_ms, due_at_ms)
        VALUES ('query', '${channel}', '${tradeNo}', 'A1', '${tradeNo}', 0, 1, 1)`);
    expect((await till.trade(tradeNo)).refunds).toEqual([]);
    replay(backup, [], clock.nowMs());
    const again = await goOnWith(backup);
    await clock.advance(MINUTE);
    // The wallet says of the trade alone that money went back, and not under which number.
    expect((await again.till.trade(tradeNo)).trade).toMatchObject({ state: 'paid', refundedFen: 0 });
    expect((await again.till.outbox('parked')).items).toMatchObject([
      { kind: 'refund_find', why: 'refund_unnamed', refundNo: null, tradeNo },
    ]);
    const told = (await again.till.timeline(tradeNo)).filter(({ kind }) => kind === 'incident');
    expect(told).toMatchObject([{ what: 'refund_unnamed' }]);
    // Whoever names it explains it.
    await tell({ ...made, amountFen: TOTAL_FEN });
    await clock.advance(MINUTE);
    expect((await again.till.trade(tradeNo)).trade).toMatchObject({ refundedFen: TOTAL_FEN });
    expect((await again.till.outbox('parked')).items).toEqual([]);
    await again.backend.stop();
  });

  test('counts in the shift in which it was found, and on the day on which it was made', async () => {
    const { backend, clock, byHand, tell } = await paidBy(channel);
    const refundedToday = async () => {
      const { totals } = await call(backend.api.reports.takings, { from: DAY, to: DAY }, WINDOW);
      return totals.refundedFen;
    };
    await call(backend.api.shifts.open, undefined, WINDOW);
    const made = await byHand(200);
    // Hours that were read before are read again.
    expect(await refundedToday()).toBe(0);
    await tell({ ...made, amountFen: 200 });
    await clock.advance(MINUTE);
    const shift = await call(backend.api.shifts.current, undefined, WINDOW);
    expect(shift?.totals).toMatchObject({ refundedFen: 200, refundedCount: 1 });
    expect(await refundedToday()).toBe(200);
  });
});

test('Alipay’s word that a refund without a number was made is asked for under the trade’s own', async () => {
  const { db, clock, tradeNo, byHand, goOnWith, deliver, told } = await paidBy('alipay');
  await byHand(TOTAL_FEN, tradeNo);
  // A wallet that names no refund: the trade is closed, and was paid.
  const post = await told({ refundNo: '', amountFen: TOTAL_FEN });
  expect(await deliver(post)).toBe('ack');
  await clock.advance(MINUTE);
  const again = await goOnWith(db);
  expect((await again.till.trade(tradeNo)).trade).toMatchObject({ refundedFen: TOTAL_FEN });
  expect((await again.till.outbox('parked')).items).toEqual([]);
  await again.backend.stop();
});

test('whatever is refunded here and by hand, told or lost, forgotten by restores: in the end the till has what the wallet gave back', {
  timeout: 120_000,
}, async () => {
  const found = { here: 0, lost: 0, elsewhere: 0 };
  for (const channel of CHANNELS)
    for (const seed of [1, 2, 3]) {
      const pick = numbers(seed);
      const made = await paidBy(channel);
      const { clock, tradeNo, refunds, byHand, tell } = made;
      let { db, till, backend } = made;
      let backup = copyOf(db);
      for (let step = 0; step < 30; step++) {
        const move = pick(7);
        const known = await refunds();
        const some = known[pick(Math.max(1, known.length))];
        if (move === 0) await till.refund({ tradeNo, amountFen: 1 + pick(300) }).catch(() => {});
        else if (move === 1) await byHand(1 + pick(300)).catch(() => {});
        else if (move === 2) backup = copyOf(db);
        else if (move === 3) {
          const restored = copyOf(backup);
          replay(restored, [], clock.nowMs());
          ({ db, till, backend } = await made.goOnWith(restored));
        } else if (move === 4 && some) await tell(some);
        else await clock.advance(pick(5 * MINUTE));
        const { trade } = await till.trade(tradeNo);
        expect(trade.refundedFen + trade.refundingFen).toBeLessThanOrEqual(TOTAL_FEN);
      }
      for (const refund of await refunds()) await tell(refund);
      await clock.advance(HOUR);
      const held = await refunds();
      const { refunds: rows, trade } = await till.trade(tradeNo);
      const numbersOf = (list: readonly Told[]) =>
        list.map(({ refundNo, amountFen }) => `${refundNo} ${amountFen}`).sort();
      expect(numbersOf(rows.filter(({ state }) => state === 'succeeded'))).toEqual(numbersOf(held));
      expect(trade.refundedFen).toBe(held.reduce((sum, { amountFen }) => sum + amountFen, 0));
      expect((await till.outbox('parked')).items).toEqual([]);
      for (const { refundNo, origin, sentAt } of rows) {
        found[origin] += 1;
        const requests = held.find((each) => each.refundNo === refundNo)?.requests;
        if (origin !== 'here') expect([sentAt, requests]).toEqual([null, 1]);
      }
      await backend.stop();
    }
  expect(Math.min(...Object.values(found))).toBeGreaterThan(1);
});
