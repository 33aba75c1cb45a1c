import { describe, expect, test } from 'vitest';
import { MINUTE, SECOND } from '../../ports/clock.ts';
import { relayedWorld } from '../fakes/relayed-world.ts';
import { refundNotification, type ToldRefund, type WalletPost } from '../fakes/wallet-notifications.ts';
import { tradesOf } from '../fakes/world.ts';
import { MUTATIONS_BY_NAME, meaning, numbers, REFUND_MUTATIONS_BY_NAME } from './mutations.ts';

const TOTAL_FEN = 1_250;
const PART_FEN = 500;
const ORDERS = { alipay: 'A1', wechat: 'W1' } as const;
const CHANNELS = ['alipay', 'wechat'] as const;
const STATUSES = ['SUCCESS', 'CLOSED', 'ABNORMAL'] as const;
const MUTATIONS = 10_000;
/** A refund that is not this till's. */
const ELSEWHERE = { tradeNo: 'K7Q3261121143210000A3F9Q2M', refundNo: 'K7Q3R261121143210000A3F' };
/** Below the window: none is dropped for being too many. */
const AT_ONCE = 25;

/** A refund of 5.00 of an order that each wallet was paid, still on its way: what became of it is not known here. */
async function refunding() {
  const made = await relayedWorld();
  const { clock, till, arm, pay, identity } = made;
  for (const channel of CHANNELS) {
    await till.startCharge({ orderNo: ORDERS[channel], amountFen: TOTAL_FEN, subject: '拿铁' });
    await clock.advance(SECOND);
    const trade = tradesOf(await till.order(ORDERS[channel])).find((each) => each.channel === channel);
    await pay(trade?.codeUrl ?? '');
  }
  await clock.advance(MINUTE);
  await arm({
    on: { channel: 'wechat', operation: 'refund' },
    fault: { kind: 'refund_ends', as: 'PROCESSING' },
  });
  await arm({ on: { channel: 'alipay', operation: 'refund' }, fault: { kind: 'reset_after' } });
  await arm({
    on: { channel: 'alipay', operation: 'refund_query' },
    fault: { kind: 'drop_before' },
    times: 'always',
  });
  const told = {} as Record<(typeof CHANNELS)[number], ToldRefund>;
  const providerNos = {} as Record<(typeof CHANNELS)[number], string>;
  for (const channel of CHANNELS) {
    const trade = tradesOf(await till.order(ORDERS[channel])).find((each) => each.channel === channel);
    const tradeNo = trade?.tradeNo ?? '';
    providerNos[channel] = trade?.providerTradeNo ?? '';
    const { refundNo } = await till.refund({ tradeNo, amountFen: PART_FEN });
    told[channel] = {
      ...{ channel, tradeNo, refundNo, amountFen: PART_FEN },
      ...{ totalFen: TOTAL_FEN, refundedFen: PART_FEN, status: 'SUCCESS' as const },
    };
  }
  await clock.advance(SECOND);
  const stateOf = async (channel: (typeof CHANNELS)[number]) =>
    (await till.refundOf(told[channel].refundNo)).state;
  expect([await stateOf('alipay'), await stateOf('wechat')]).toEqual(['asked', 'processing']);
  const post = (channel: (typeof CHANNELS)[number], change: Partial<ToldRefund> = {}, atMs = clock.nowMs()) =>
    refundNotification(
      identity,
      { ...told[channel], ...change },
      atMs,
      channel === 'alipay' ? { trade_no: providerNos.alipay, buyer_logon_id: '139******00' } : {},
    );
  return { ...made, told, stateOf, post };
}

/** All that the till keeps of refunds, and what it means to ask. */
function kept(db: Awaited<ReturnType<typeof refunding>>['db']) {
  const all = (sql: string) => db.prepare(sql).all();
  return [
    all('SELECT * FROM refunds ORDER BY refund_no'),
    all('SELECT * FROM events ORDER BY seq'),
    all('SELECT entry_id, kind, state, due_at_ms FROM outbox ORDER BY entry_id'),
    all('SELECT * FROM trades ORDER BY trade_no'),
  ];
}

test('ten thousand spoiled notifications of refunds: none is believed, none is even a hint, and the truth is found by asking', {
  timeout: 120_000,
}, async () => {
  const { relay, clock, db, told, post, stateOf, sandbox, become, refunds, backend } = await refunding();
  const pick = numbers(20_261_121);
  const loot = [
    ...STATUSES.map((status) => ['wechat', { status }] as const),
    ['alipay', {}] as const,
    ['alipay', { refundedFen: TOTAL_FEN }] as const,
  ].map(([channel, change]) => ({
    own: post(channel, change),
    other: post(channel, { ...change, ...ELSEWHERE }),
  }));
  const kinds = { ...MUTATIONS_BY_NAME, ...REFUND_MUTATIONS_BY_NAME };
  const names = Object.keys(kinds);
  const before = kept(db);
  const sent = new Map<number, string>();

  for (let turn = 0; sent.size < MUTATIONS; turn++) {
    const name = names[turn % names.length] ?? '';
    const { own, other } = loot[pick(loot.length)] ?? { own: null, other: null };
    const spoiled = own && other && kinds[name]?.({ own, other, pick });
    if (!spoiled) throw new Error(name);
    if (meaning(spoiled) === meaning(own)) continue;
    const seq = sent.size + 1;
    sent.set(seq, name);
    const { channel, headers, body } = spoiled;
    relay.line.deliver(seq, body, { channel, headers, receivedMs: clock.nowMs() });
    if (seq % AT_ONCE === 0) await clock.advance(0);
  }
  await clock.advance(0);

  const refused = relay.line.said.filter(
    (frame) => frame.type === 'reject' && ['not_genuine', 'unreadable'].includes(frame.reason),
  );
  const believed = relay.line.said.flatMap((frame) => (frame.type === 'ack' ? [sent.get(frame.seq)] : []));
  expect(believed).toEqual([]);
  expect(refused).toHaveLength(MUTATIONS);
  const each = names.map((name) => [...sent.values()].filter((sentAs) => sentAs === name).length);
  expect(Math.min(...each)).toBeGreaterThan((0.8 * MUTATIONS) / names.length);
  expect(kept(db)).toEqual(before);

  // Nothing was lost by it: what really went back is seen by asking.
  relay.isDown = true;
  relay.line.end(null);
  sandbox.faults.clear();
  await become(told.wechat.refundNo, 'SUCCESS');
  await clock.advance(30 * MINUTE);
  expect([await stateOf('alipay'), await stateOf('wechat')]).toEqual(['succeeded', 'succeeded']);
  expect((await refunds()).map(({ requests }) => requests)).toEqual([1, 1]);
  await backend.stop();
});

describe('a genuine word about a refund', () => {
  test('that WeChat has just made settles it at once, while no question is answered', async () => {
    const { http, post, deliver, stateOf } = await refunding();
    http.down = true;
    expect(await deliver(post('wechat'))).toBe('ack');
    expect(await stateOf('wechat')).toBe('succeeded');
  });

  test('of Alipay says a sum of all refunds: it is a hint, and what became of this one is asked', async () => {
    const { http, clock, post, deliver, stateOf, sandbox } = await refunding();
    http.down = true;
    expect(await deliver(post('alipay'))).toBe('ack');
    expect(await deliver(post('alipay', { refundedFen: TOTAL_FEN }))).toBe('ack');
    expect(await stateOf('alipay')).toBe('asked');
    http.down = false;
    sandbox.faults.clear();
    expect(await deliver(post('alipay'))).toBe('ack');
    // A question that is under way ends first.
    await clock.advance(MINUTE);
    expect(await stateOf('alipay')).toBe('succeeded');
  });

  test.each([
    ['that it was closed', { status: 'CLOSED' }, 0],
    ['that it cannot be handed over', { status: 'ABNORMAL' }, 0],
    ['that is old', { status: 'SUCCESS' }, 10 * MINUTE],
  ] as const)(
    '%s proves nothing by itself: the wallet is asked, and says what is',
    async (_, change, ageMs) => {
      const { clock, post, deliver, stateOf, told, become, till } = await refunding();
      const signedMs = clock.nowMs() - ageMs;
      expect(await deliver(post('wechat', change, signedMs), signedMs)).toBe('ack');
      await clock.advance(SECOND);
      expect(await stateOf('wechat')).toBe('processing');
      await become(told.wechat.refundNo, 'SUCCESS');
      expect(await deliver(post('wechat', change, signedMs), signedMs)).toBe('ack');
      await clock.advance(SECOND);
      expect(await stateOf('wechat')).toBe('succeeded');
      // And once more, when it is over.
      expect(await deliver(post('wechat', change, signedMs), signedMs)).toBe('ack');
      await clock.advance(MINUTE);
      expect(await stateOf('wechat')).toBe('succeeded');
      expect((await till.trade(told.wechat.tradeNo)).trade).toMatchObject({ refundedFen: PART_FEN });
    },
  );

  test('about another sum is an incident that a person sees, and no money', async () => {
    const { clock, post, deliver, told, till } = await refunding();
    expect(await deliver(post('wechat', { amountFen: PART_FEN + 1 }))).toBe('ack');
    await clock.advance(0);
    expect(await till.refundOf(told.wechat.refundNo)).toMatchObject({
      state: 'processing',
      incident: 'amount_mismatch',
    });
  });

  test('of another trade’s number for it, or of one that nobody here asked for, makes the wallet be asked, and changes nothing that it denies', async () => {
    const { clock, db, post, deliver, told, till, sandbox } = await refunding();
    const [refunds, events, , trades] = kept(db);
    for (const channel of CHANNELS) {
      await deliver(post(channel, { refundNo: 'R0000000000000000000000001' }));
      const other = channel === 'alipay' ? told.wechat : told.alipay;
      await deliver(post(channel, { refundNo: other.refundNo }));
      await deliver(post(channel, { tradeNo: other.tradeNo }));
    }
    await clock.advance(10 * SECOND);
    const [refundsAfter, eventsAfter, , tradesAfter] = kept(db);
    expect([refundsAfter, eventsAfter, tradesAfter]).toEqual([refunds, events, trades]);
    // A wallet that tells of what it then denies is a matter for a person in the end.
    sandbox.faults.clear();
    await clock.advance(12 * 60 * MINUTE);
    const parked = (await till.outbox('parked')).items;
    expect(parked.map(({ kind, why, tradeNo }) => [kind, why, tradeNo]).sort()).toEqual(
      CHANNELS.flatMap((channel) => {
        const each = ['refund_find', 'not_understood', told[channel].tradeNo];
        return [each, each];
      }).sort(),
    );
    for (const channel of CHANNELS) expect((await till.trade(told[channel].tradeNo)).refunds).toHaveLength(1);
  });
});

test('a relay that drops, delays, repeats, reorders and spoils what wallets say of refunds: what is true in the end is what they hold', {
  timeout: 60_000,
}, async () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const pick = numbers(seed);
    const made = await refunding();
    const { clock, told, post, deliver, relay, become, refunds, till, sandbox, backend } = made;
    const kinds = Object.values({ ...MUTATIONS_BY_NAME, ...REFUND_MUTATIONS_BY_NAME });
    const ends = { alipay: 'SUCCESS', wechat: STATUSES[pick(3)] ?? 'SUCCESS' } as const;
    /** All that the wallets ever said: the relay may do with it what it likes. */
    const posts: WalletPost[] = [post('alipay')];
    const turnAt = pick(20);
    for (let step = 0; step < 40; step++) {
      if (step === turnAt) {
        await become(told.wechat.refundNo, ends.wechat);
        posts.push(post('wechat', { status: ends.wechat }));
      }
      if (step === turnAt + 10) sandbox.faults.clear();
      const own = posts[pick(posts.length)];
      const move = pick(6);
      if (!own || move === 0) await clock.advance(pick(30_000));
      else if (move === 1) relay.line.end(null);
      else if (move < 4) await deliver(own);
      else {
        const other = post(own.channel, ELSEWHERE);
        await deliver(kinds[pick(kinds.length)]?.({ own, other, pick }) ?? own);
      }
    }
    relay.isDown = true;
    relay.line.end(null);
    await clock.advance(60 * MINUTE);
    const held = new Map((await refunds()).map(({ refundNo, status }) => [refundNo, status]));
    const words = { SUCCESS: 'succeeded', CLOSED: 'closed', ABNORMAL: 'abnormal' } as const;
    for (const channel of CHANNELS) {
      const { state, incident } = await till.refundOf(told[channel].refundNo);
      expect([channel, state, incident]).toEqual([channel, words[ends[channel]], null]);
      expect(held.get(told[channel].refundNo)).toBe(ends[channel]);
    }
    await backend.stop();
  }
});
