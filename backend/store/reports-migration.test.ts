import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { byTill } from '../domain/actor.ts';
import { migrate, migrations } from './database.ts';
import { chargeStarted, eventsTable } from './events.ts';
import { charge, trade } from './test-rows.ts';

test('a till that is brought up learns from its ledger who charged, and when the code was there', () => {
  const db = new Database(':memory:');
  migrate(
    db,
    migrations().filter(({ version }) => version < 15),
  );
  db.exec(`
    INSERT INTO orders (order_no, amount_fen, subject, state, source, created_at_ms)
      VALUES ('A', 1250, '拿铁', 'open', 'till', 1000), ('B', 1250, '拿铁', 'open', 'integrator', 1000), ('C', 1, '豆浆', 'open', 'till', 1);
    INSERT INTO charges VALUES ('CA', 'A', 1000, 121000, NULL), ('CB', 'B', 1000, 121000, NULL), ('CC', 'C', 1, 2, NULL);
    INSERT INTO trades (trade_no, order_no, charge_id, channel, state, amount_fen, subject, created_at_ms, expires_at_ms)
      VALUES ('TRADE-A', 'A', 'CA', 'alipay', 'created', 1250, '拿铁', 1000, 121000),
             ('TRADE-A2', 'A', 'CA', 'wechat', 'created', 1250, '拿铁', 1000, 121000),
             ('TRADE-B', 'B', 'CB', 'wechat', 'created', 1250, '拿铁', 1000, 121000),
             ('TRADE-C', 'C', 'CC', 'wechat', 'created', 1, '豆浆', 1, 2);`);
  const events = eventsTable(db);
  const person = { ...byTill('window'), actor: { kind: 'person', personId: 'P1' } as const };
  const api = { ...byTill('http'), actor: { kind: 'integrator', name: 'api-key' } as const };
  db.transaction(() => {
    events.append(chargeStarted(charge('A', 'CA'), [trade('A', 'CA', 'TRADE-A')]), person);
    events.append(chargeStarted(charge('B', 'CB'), [trade('B', 'CB', 'TRADE-B')]), api);
    events.append(chargeStarted(charge('C', 'CC'), [trade('C', 'CC', 'TRADE-C')]), byTill('window'));
    // Twice shown: first, and again after the customer stepped back from paying.
    for (const atMs of [1_600, 9_000])
      events.append(
        {
          atMs,
          type: 'trade.changed',
          orderNo: 'A',
          tradeNo: 'TRADE-A',
          fromState: 'created',
          toState: 'awaiting_payment',
          what: 'code_obtained',
        },
        byTill('wallet'),
      );
  })();
  migrate(db, migrations());
  expect(
    db.prepare('SELECT trade_no, charged_by, code_at_ms FROM trades ORDER BY trade_no').raw().all(),
  ).toEqual([
    ['TRADE-A', 'person:P1', 1_600],
    ['TRADE-A2', 'person:P1', null],
    ['TRADE-B', 'integrator:api-key', null],
    ['TRADE-C', null, null],
  ]);
});
