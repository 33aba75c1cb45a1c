import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Trade } from '../../contract/trade.ts';
import { systemRandom } from '../../ports/random.ts';
import { relayedWorld } from '../../test/fakes/relayed-world.ts';
import { paidNotification } from '../../test/fakes/wallet-notifications.ts';
import { LONG_MS, tradesOf } from '../../test/fakes/world.ts';
import { signWechatMessage } from '../../wire/wechat-v3-signature.ts';
import { fen } from '../domain/money.ts';
import { createProviders } from '../merchant.ts';

const CHANNELS = ['alipay', 'wechat'] as const;
const MINUTE = 60_000;

/** A till with codes of both wallets on its screen, connected to its relay. */
async function waiting() {
  const made = await relayedWorld();
  const { till, clock } = made;
  await made.charge();
  await clock.advance(1_000);
  const trade = async (channel: Trade['channel']) => {
    const found = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
    if (!found) throw new Error('no trade');
    return found;
  };
  /** The events about trades and orders, as the till tells them. */
  const events = () =>
    made.db.prepare<[], string>("SELECT type || ':' || what FROM events ORDER BY seq").pluck().all();
  return { ...made, trade, events };
}

async function codeOf(trade: Promise<Trade>): Promise<string> {
  return (await trade).codeUrl ?? '';
}

describe.each(CHANNELS)('a notification of %s', (channel) => {
  test('that is genuine and fresh makes the trade paid at once, while no question is answered', async () => {
    const { trade, deliver, identity, clock, till, http, db } = await waiting();
    http.down = true;
    expect(await deliver(paidNotification(identity, await trade(channel), clock.nowMs()))).toBe('ack');
    expect(await trade(channel)).toMatchObject({ state: 'paid', late: false, surplus: false });
    expect((await till.order('A1')).state).toBe('paid');
    const via = db.prepare("SELECT via FROM events WHERE type = 'order.paid'").pluck().get();
    expect(via).toBe('relay');
  });

  test('that comes a hundred times changes what the first one changed', async () => {
    const { trade, deliver, identity, clock, events } = await waiting();
    const post = paidNotification(identity, await trade(channel), clock.nowMs());
    await deliver(post);
    await clock.advance(5_000);
    const before = [await trade(channel), events()];
    for (let time = 0; time < 100; time++) expect(await deliver(post)).toBe('ack');
    expect([await trade(channel), events()]).toEqual(before);
  });

  test('that comes twice at once is in the timeline once', async () => {
    const { trade, relay, identity, clock, db } = await waiting();
    const { body, ...post } = paidNotification(identity, await trade(channel), clock.nowMs());
    for (const seq of [501, 502]) relay.line.deliver(seq, body, { ...post, receivedMs: clock.nowMs() });
    await clock.advance(0);
    expect(relay.said('ack').map(({ seq }) => seq)).toEqual([501, 502]);
    const told = db.prepare("SELECT count(*) FROM exchanges WHERE step = 'notification'").pluck().get();
    expect(told).toBe(1);
  });

  test('that is altered proves nothing', async () => {
    const { trade, deliver, identity, clock } = await waiting();
    const post = paidNotification(identity, await trade(channel), clock.nowMs());
    const altered = { ...post, body: Buffer.from(post.body) };
    altered.body.writeUInt8(altered.body.readUInt8(60) ^ 1, 60);
    expect(await deliver(altered)).toMatch(/^(not_genuine|unreadable)$/);
    expect((await trade(channel)).state).toBe('awaiting_payment');
  });

  test('that a stranger has signed proves nothing', async () => {
    const { trade, deliver, identity, clock } = await waiting();
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const forger = {
      ...identity,
      alipay: { ...identity.alipay, alipayPrivateKey: pem },
      wechat: { ...identity.wechat, publicKeyPrivate: pem },
    };
    expect(await deliver(paidNotification(forger, await trade(channel), clock.nowMs()))).toBe('not_genuine');
    expect((await trade(channel)).state).toBe('awaiting_payment');
  });

  test.each([
    ['app', { app_id: '2021000000000000', appid: 'wx0000000000000000' }],
    ['merchant', { seller_id: '2088000000000000', mchid: '1900000000' }],
    ['amount', { total_amount: '0.01', amount: { total: 1, payer_total: 1, currency: 'CNY' } }],
  ])('about another %s is an incident for a manager, never paid', async (_, change) => {
    const { trade, deliver, identity, clock } = await waiting();
    const said = Object.entries(change).filter(([name]) => (channel === 'alipay') === /_/.test(name));
    const post = paidNotification(identity, await trade(channel), clock.nowMs(), Object.fromEntries(said));
    expect(await deliver(post)).toBe('ack');
    expect(await trade(channel)).toMatchObject({ state: 'awaiting_payment', paidAt: null });
    expect((await trade(channel)).incident).toMatch(/_mismatch$/);
  });

  test('about another till of the shop is not ours', async () => {
    const { deliver, identity, clock, events } = await waiting();
    const before = events();
    const theirs = { channel, tradeNo: 'K7Q3261121143210000A3F9Q2M', amountFen: 1250 };
    expect(await deliver(paidNotification(identity, theirs, clock.nowMs()))).toBe('not_ours');
    expect(events()).toEqual(before);
  });

  test('that was posted to the other wallet’s address proves nothing', async () => {
    const { trade, deliver, identity, clock } = await waiting();
    const post = paidNotification(identity, await trade(channel), clock.nowMs());
    const other = channel === 'alipay' ? 'wechat' : 'alipay';
    expect(await deliver({ ...post, channel: other })).toMatch(/^(not_genuine|unreadable)$/);
    for (const each of CHANNELS) expect((await trade(each)).state).toBe('awaiting_payment');
  });

  test('that is genuine and old makes the wallet be asked, and proves nothing by itself', async () => {
    const { trade, deliver, identity, clock, sandbox } = await waiting();
    const signedMs = clock.nowMs() - 10 * MINUTE;
    const post = paidNotification(identity, await trade(channel), signedMs);
    const before = sandbox.ledger.find(channel, (await trade(channel)).tradeNo)?.state;
    expect(await deliver(post, signedMs)).toBe('ack');
    // Nobody has paid: the wallet says so, whatever was once signed.
    await clock.advance(1_000);
    expect((await trade(channel)).state).toBe('awaiting_payment');
    expect(sandbox.ledger.find(channel, (await trade(channel)).tradeNo)?.state).toBe(before);
    expect(Date.parse((await trade(channel)).lastCheckedAt ?? '')).toBeGreaterThanOrEqual(
      clock.nowMs() - 1_000,
    );
  });

  test('that the relay calls fresh, and is not, proves nothing by itself', async () => {
    const { trade, deliver, identity, clock } = await waiting();
    const post = paidNotification(identity, await trade(channel), clock.nowMs() - 10 * MINUTE);
    await deliver(post, clock.nowMs());
    await clock.advance(1_000);
    expect((await trade(channel)).state).toBe('awaiting_payment');
  });

  test('that the till was away for finds the payment by asking', async () => {
    const { trade, deliver, identity, clock, http, pay } = await waiting();
    http.down = true;
    const signedMs = clock.nowMs();
    const post = paidNotification(identity, await trade(channel), signedMs);
    await pay(await codeOf(trade(channel)));
    await clock.advance(10 * MINUTE);
    expect((await trade(channel)).state).not.toBe('paid');
    http.down = false;
    expect(await deliver(post, signedMs)).toBe('ack');
    await clock.advance(500);
    expect((await trade(channel)).state).toBe('paid');
  });

  test('during close finds the payment that the customer made at the last moment', async () => {
    const { trade, deliver, identity, clock, till, http, pay } = await waiting();
    await pay(await codeOf(trade(channel)));
    http.down = true;
    await till.cancelOrder('A1');
    await clock.advance(0);
    expect((await trade(channel)).state).toBe('closing');
    await deliver(paidNotification(identity, await trade(channel), clock.nowMs()));
    expect(await trade(channel)).toMatchObject({ state: 'paid', late: true, refundDue: 'automatic' });
  });

  test('for a closed trade is a late payment, owed back', async () => {
    const { trade, deliver, identity, clock } = await waiting();
    await clock.advance(LONG_MS);
    expect((await trade(channel)).state).toBe('closed');
    await deliver(paidNotification(identity, await trade(channel), clock.nowMs()));
    expect(await trade(channel)).toMatchObject({ state: 'paid', late: true });
  });

  test('that is old, for a closed trade, has the wallet asked once more', async () => {
    const { trade, deliver, identity, clock, events, db } = await waiting();
    await clock.advance(LONG_MS);
    const before = events();
    const signedMs = clock.nowMs() - 10 * MINUTE;
    expect(await deliver(paidNotification(identity, await trade(channel), signedMs), signedMs)).toBe('ack');
    await clock.advance(5_000);
    expect((await trade(channel)).state).toBe('closed');
    expect(events()).toEqual(before);
    expect(db.prepare('SELECT count(*) FROM outbox').pluck().get()).toBe(0);
  });

  test.each(['parked', 'set_aside'] as const)(
    'that is old, for a trade whose asking was given up (%s), finds the payment by asking again',
    async (how) => {
      const { trade, deliver, identity, clock, till, arm, sandbox, pay } = await waiting();
      await arm({ on: { channel, operation: 'query' }, fault: { kind: 'wrong_signature' }, times: 'always' });
      const signedMs = clock.nowMs();
      const post = paidNotification(identity, await trade(channel), signedMs);
      await pay(await codeOf(trade(channel)));
      await clock.advance(90 * MINUTE);
      const [entry] = (await till.outbox('parked')).items;
      if (how === 'set_aside') await till.setAside(entry?.entryId ?? 0, '商户平台显示未支付');
      sandbox.faults.clear();
      await clock.advance(10 * MINUTE);
      expect((await trade(channel)).state).not.toBe('paid');
      expect(await deliver(post, signedMs)).toBe('ack');
      await clock.advance(1_000);
      expect(await trade(channel)).toMatchObject({ state: 'paid' });
    },
  );

  test('before the answer that brings the code: paid, and no code is shown any more', async () => {
    const { arm, charge, deliver, identity, clock, till } = await relayedWorld();
    const operation = channel === 'alipay' ? 'precreate' : 'native';
    await arm({ on: { channel, operation }, fault: { kind: 'delay', ms: 8_000 } });
    await charge();
    const trade = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
    if (!trade) throw new Error('no trade');
    expect(trade.state).toBe('created');
    await deliver(paidNotification(identity, trade, clock.nowMs()));
    await clock.advance(20_000);
    const after = tradesOf(await till.order('A1')).find((each) => each.channel === channel);
    expect(after).toMatchObject({ state: 'paid', codeUrl: null });
  });
});

test('payments of both wallets in any order: one collects the order, the other is surplus', async () => {
  for (const first of CHANNELS) {
    const second = first === 'alipay' ? 'wechat' : 'alipay';
    const { trade, deliver, identity, clock } = await waiting();
    const posts = {
      alipay: paidNotification(identity, await trade('alipay'), clock.nowMs()),
      wechat: paidNotification(identity, await trade('wechat'), clock.nowMs()),
    };
    await deliver(posts[first]);
    await deliver(posts[second]);
    await deliver(posts[first]);
    expect(await trade(first)).toMatchObject({ state: 'paid', surplus: false });
    expect(await trade(second)).toMatchObject({ state: 'paid', surplus: true });
  }
});

test('a payment that was pushed closes the other wallet’s code', async () => {
  const { trade, deliver, identity, clock } = await waiting();
  await deliver(paidNotification(identity, await trade('alipay'), clock.nowMs()));
  await clock.advance(1_000);
  expect((await trade('wechat')).state).toBe('closed');
});

test.each(CHANNELS)(
  'a payment by %s of this till that no backup knew is written down again, and its wallet asked',
  async (channel) => {
    const made = await relayedWorld();
    const { clock, http, db, till, deliver, identity } = made;
    const merchant = await http.send({
      method: 'GET',
      origin: 'http://127.0.0.1',
      path: '/merchant.json',
      headers: {},
    });
    const lost = createProviders(JSON.parse(Buffer.from(merchant.body).toString()), {
      newHttpClient: () => http,
      random: systemRandom(),
      nowMs: clock.nowMs(),
      alipayGraceMs: 90_000,
    }).find((each) => each.channel === channel);
    const tillId = db.prepare<[], string>('SELECT till_id FROM till').pluck().get() ?? '';
    const tradeNo = `${tillId}2611211430000000ABC123`;
    const times = { createdAtMs: clock.nowMs(), expiresAtMs: clock.nowMs() + 120_000 };
    const opened = await lost?.open(
      { tradeNo, amountFen: fen(1_250), subject: '拿铁', ...times },
      { nowMs: clock.nowMs() },
    );
    if (opened?.outcome.kind !== 'code') throw new Error('no code');
    await made.pay(opened.outcome.codeUrl);

    http.down = true;
    const post = paidNotification(identity, { channel, tradeNo, amountFen: 1_250 }, clock.nowMs());
    expect(await deliver(post)).toBe('ack');
    // Of something that it does not know the till believes the wallet alone.
    expect((await till.trade(tradeNo)).trade.state).toBe('created');
    http.down = false;
    await clock.advance(60_000);
    expect((await till.trade(tradeNo)).trade).toMatchObject({ state: 'paid', amountFen: 1_250, late: false });
    expect(await till.order(tradeNo)).toMatchObject({
      state: 'paid',
      subject: '找回的付款 Recovered payment',
    });
    expect(await deliver(post)).toBe('ack');
    expect(db.prepare('SELECT count(*) FROM orders').pluck().get()).toBe(1);
  },
);

test('a payment in another currency is an incident for a manager, never paid', async () => {
  const { trade, deliver, identity, clock } = await waiting();
  const amount = { total: 1_250, payer_total: 1_250, currency: 'USD', payer_currency: 'USD' };
  const post = paidNotification(identity, await trade('wechat'), clock.nowMs(), { amount });
  expect(await deliver(post)).toBe('ack');
  expect(await trade('wechat')).toMatchObject({
    state: 'awaiting_payment',
    paidAt: null,
    incident: 'merchant_mismatch',
  });
});

test('a notification of Alipay that leaves the seller out proves nothing: the wallet is asked', async () => {
  const { trade, deliver, identity, clock } = await waiting();
  const signedMs = clock.nowMs();
  const post = paidNotification(identity, await trade('alipay'), signedMs, { seller_id: '' });
  expect(await deliver(post)).toBe('ack');
  await clock.advance(1_000);
  expect(await trade('alipay')).toMatchObject({ state: 'awaiting_payment', paidAt: null, incident: null });
  expect(Date.parse((await trade('alipay')).lastCheckedAt ?? '')).toBeGreaterThanOrEqual(signedMs);
});

test('a genuine WeChat answer that is no notification proves nothing', async () => {
  const { trade, deliver, identity, clock } = await waiting();
  const { tradeNo } = await trade('wechat');
  const { appId, mchId, publicKeyId, publicKeyPrivate } = identity.wechat;
  const body = JSON.stringify({
    appid: appId,
    mchid: mchId,
    out_trade_no: tradeNo,
    trade_state: 'SUCCESS',
    amount: { total: 1250, currency: 'CNY' },
  });
  const signer = { serial: publicKeyId, privateKey: createPrivateKey(publicKeyPrivate) };
  const timestamp = String(Math.floor(clock.nowMs() / 1_000));
  const signed = Object.entries(signWechatMessage(body, signer, { timestamp, nonce: 'n' }));
  const headers = Object.fromEntries(signed.map(([name, value]) => [name.toLowerCase(), value]));
  expect(await deliver({ channel: 'wechat', headers, body: Buffer.from(body) })).toBe('unreadable');
  expect((await trade('wechat')).state).toBe('awaiting_payment');
});
