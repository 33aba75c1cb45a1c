import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { windowOf } from '../test/fakes/client.ts';
import { type TestTill, TTL_MS, testTill } from '../test/fakes/till.ts';
import { createStore } from './store/store.ts';

const INTEGRATOR = { context: { caller: 'integrator' as const } };
const HOUR_MS = 3_600_000;

function started() {
  const made = testTill();
  made.backend.start();
  return { ...made, till: windowOf(made.backend, made.clock) };
}

/** What happened to an order, each with who and from where. */
function said({ db }: TestTill, orderNo: string): string[] {
  return createStore(db)
    .events.ofOrder(orderNo)
    .map(({ type, what, by }) => {
      const who = by?.actor.kind === 'integrator' ? by.actor.name : by?.actor.kind;
      return `${type}${what === null ? '' : ` ${what}`}: ${who} ${by?.via}`;
    });
}

describe('every event says who and from where', () => {
  test('of a charge at a window, and of what the wallet then says', async () => {
    const world = started();
    const charge = await world.till.charge({ orderNo: 'A1', amountFen: 1250 });
    const [alipay] = charge.trades;
    world.alipay.status.set(alipay?.tradeNo ?? '', 'paid');
    await world.clock.advance(3_000);
    const told = said(world, 'A1');
    expect(told.slice(0, 2)).toEqual(['order.created: till window', 'charge.started: till window']);
    expect(told.slice(2).filter((line) => !line.endsWith(': till wallet'))).toEqual([]);
    expect(told).toContain('order.paid: till wallet');
  });

  test('of an order that another system sends and cancels', async () => {
    const world = started();
    const { api } = world.backend;
    const sent = call(api.orders.create, { orderNo: 'A1', amountFen: 1250, subject: '外卖' }, INTEGRATOR);
    await world.clock.advance(0);
    await sent;
    await world.till.charge({ orderNo: 'A1' });
    await call(api.orders.cancel, { orderNo: 'A1' }, INTEGRATOR);
    const told = said(world, 'A1').filter((line) => !line.includes('wallet'));
    expect(told).toEqual([
      'order.created: api-key http',
      'charge.started: till window',
      'order.cancelled: api-key http',
      'trade.changed cancel_requested: api-key http',
      'trade.changed cancel_requested: api-key http',
    ]);
  });

  test('of a deadline, which is the till’s own', async () => {
    const world = started();
    await world.till.charge({ orderNo: 'A1', amountFen: 1250 });
    await world.clock.advance(TTL_MS + 1_000);
    expect(said(world, 'A1').filter((line) => line.includes('deadline_passed'))).toEqual([
      'trade.changed deadline_passed: till till',
      'trade.changed deadline_passed: till till',
    ]);
  });

  test('of what a person sets aside, with the reason', async () => {
    const world = started();
    await world.till.charge({ orderNo: 'A1', amountFen: 1250 });
    world.wechat.down = 'unlisted';
    await world.clock.advance(HOUR_MS);
    const [entry] = (await world.till.outbox('parked')).items;
    await world.till.setAside(entry?.entryId ?? 0, '商户平台显示未支付');
    const events = createStore(world.db).events.ofOrder('A1');
    expect(events.find(({ type }) => type === 'trade.set_aside')?.by).toEqual({
      actor: { kind: 'till' },
      via: 'window',
      reason: '商户平台显示未支付',
      approvedBy: null,
    });
  });
});
