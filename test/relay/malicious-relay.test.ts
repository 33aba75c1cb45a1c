import { expect, test } from 'vitest';
import type { Trade } from '../../contract/trade.ts';
import { relayedWorld } from '../fakes/relayed-world.ts';
import { paidNotification, type WalletPost } from '../fakes/wallet-notifications.ts';
import { tradesOf } from '../fakes/world.ts';
import { MUTATIONS_BY_NAME, meaning, numbers } from './mutations.ts';

/** A trade that is not this till's. */
const ELSEWHERE = 'K7Q3261121143210000A3F9Q2M';
const MUTATIONS = 10_000;
/** Below the window: none is dropped for being too many. */
const AT_ONCE = 25;
/** Many times the window. */
const FLOOD = 400;

test('ten thousand spoiled notifications: none is believed, none harms, and the truth is found by asking', {
  timeout: 120_000,
}, async () => {
  const { relay, clock, till, sandbox, identity, charge, pay, http, backend } = await relayedWorld();
  await charge();
  await clock.advance(1_000);
  const trades = async () => tradesOf(await till.order('A1'));
  const downloads = { count: 0 };
  const { send } = http;
  http.send = (request, options) => {
    if (request.path === '/v3/certificates') downloads.count += 1;
    return send(request, options);
  };
  const [alipay, wechat] = await trades();
  if (!alipay || !wechat) throw new Error('no trades');
  const elsewhere = (trade: Trade) => ({ ...trade, tradeNo: ELSEWHERE });
  const loot = [alipay, wechat].map((trade) => ({
    own: paidNotification(identity, trade, clock.nowMs()),
    other: paidNotification(identity, elsewhere(trade), clock.nowMs()),
  }));
  const pick = numbers(20_261_121);
  const names = Object.keys(MUTATIONS_BY_NAME);
  const answered = new Map<string, number>();
  const believed: string[] = [];
  const sent = new Map<number, string>();
  const startedMs = clock.nowMs();

  for (let turn = 0; sent.size < MUTATIONS; turn++) {
    const name = names[turn % names.length] ?? '';
    const { own, other } = loot[pick(2)] ?? loot[0] ?? { own: null, other: null };
    if (!own || !other) throw new Error('no loot');
    const post = MUTATIONS_BY_NAME[name]?.({ own, other, pick });
    if (!post) throw new Error(name);
    // `%2b` for `%2B`, an `&` at the end, a bit that base64 ignores: the same notification still.
    if (meaning(post) === meaning(own)) continue;
    const seq = sent.size + 1;
    sent.set(seq, name);
    relay.line.deliver(seq, post.body, {
      channel: post.channel,
      headers: post.headers,
      receivedMs: clock.nowMs(),
    });
    if (seq % AT_ONCE === 0) await clock.advance(0);
  }
  await clock.advance(0);

  expect(clock.nowMs()).toBe(startedMs);
  for (const frame of relay.line.said) {
    const key = frame.type === 'reject' ? frame.reason : frame.type;
    if (frame.type === 'ack') believed.push(sent.get(frame.seq) ?? '');
    answered.set(key, (answered.get(key) ?? 0) + 1);
  }
  expect(relay.lines).toHaveLength(1);
  expect(believed).toEqual([]);
  // Each was heard and refused, for one of two reasons; and each kind has had its share.
  const refused = ['not_genuine', 'unreadable'].map((reason) => answered.get(reason) ?? 0);
  expect(refused.reduce((sum, count) => sum + count)).toBe(MUTATIONS);
  const each = names.map((name) => [...sent.values()].filter((sentAs) => sentAs === name).length);
  expect(Math.min(...each)).toBeGreaterThan((0.8 * MUTATIONS) / names.length);
  expect((await trades()).map(({ state, incident }) => [state, incident])).toEqual([
    ['awaiting_payment', null],
    ['awaiting_payment', null],
  ]);
  // Certificates that nobody has do not make the till ask WeChat for them again and again.
  expect(downloads.count).toBeLessThanOrEqual(5);

  // Nothing was lost by it: what is really paid is seen by asking.
  expect(sandbox.ledger.find('wechat', wechat.tradeNo)?.state).toBe('NOTPAY');
  await pay(wechat.codeUrl ?? '');
  await clock.advance(5_000);
  expect((await trades()).map(({ state }) => state)).toEqual(['closing', 'paid']);
  await backend.stop();
});

const ORDERS = ['B1', 'B2', 'B3', 'B4'] as const;

test('a relay that drops, delays, repeats, reorders, spoils and floods: what is true in the end is what the wallets hold', async () => {
  let flooded = 0;
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const pick = numbers(seed);
    const { clock, till, identity, pay, deliver, relay, ledger, backend } = await relayedWorld();
    for (const orderNo of ORDERS) await till.startCharge({ orderNo, amountFen: 1250, subject: '拿铁' });
    await clock.advance(1_000);
    const tradesNow = async () => (await Promise.all(ORDERS.map((no) => till.order(no)))).flatMap(tradesOf);
    const trades = await tradesNow();
    /** What the wallets have posted so far: the relay may do with it what it likes. */
    const posts: WalletPost[] = [];
    const payOne = async () => {
      const { codeUrl, ...trade } = trades[pick(trades.length)] as Trade;
      // One that was paid already, or whose code has ended, cannot be paid.
      const paid = await pay(codeUrl ?? '').then(
        () => true,
        () => false,
      );
      if (paid) posts.push(paidNotification(identity, trade, clock.nowMs()));
    };
    const kinds = Object.values(MUTATIONS_BY_NAME);
    const spoil = (own: WalletPost) => {
      const elsewhere = { channel: own.channel, tradeNo: ELSEWHERE, amountFen: 1250 };
      return { own, other: paidNotification(identity, elsewhere, clock.nowMs()), pick };
    };

    for (let step = 0; step < 40; step++) {
      const post = posts[pick(posts.length)];
      const move = pick(9);
      if (move === 0 || !post) await payOne();
      else if (move === 1) await clock.advance(pick(20_000));
      else if (move === 2) relay.line.end(null);
      else if (move === 3) await till.cancelOrder(ORDERS[pick(ORDERS.length)] ?? '').catch(() => {});
      // Now, or called fresh long after; once more, or before what was posted earlier.
      else if (move < 6) await deliver(post);
      else if (move < 8) await deliver(kinds[pick(kinds.length)]?.(spoil(post)) ?? post);
      else {
        const from = relay.lines.length * 1_000_000 + step * 1_000;
        const { channel, headers, body } = kinds[0]?.(spoil(post)) ?? post;
        for (let more = 1; more <= FLOOD; more++)
          relay.line.deliver(from + more, body, { channel, headers, receivedMs: clock.nowMs() });
        await clock.advance(0);
        flooded += relay.line.said.filter(
          (frame) => 'seq' in frame && frame.seq > from && frame.seq <= from + FLOOD,
        ).length;
      }
    }
    relay.isDown = true;
    relay.line.end(null);
    await clock.advance(900_000);

    const held = new Map((await ledger()).trades.map(({ tradeNo, paid }) => [tradeNo, paid]));
    const after = await tradesNow();
    expect(after.map(({ tradeNo, state }) => [tradeNo, state])).toEqual(
      after.map(({ tradeNo }) => [tradeNo, held.get(tradeNo) ? 'paid' : 'closed']),
    );
    expect(after.filter(({ state }) => state === 'paid')).toHaveLength(posts.length);
    expect(after.map(({ incident }) => incident)).toEqual(after.map(() => null));
    await backend.stop();
  }
  // Not only sent: the till has heard and answered them.
  expect(flooded).toBeGreaterThan(FLOOD);
});
