import { call } from '@orpc/server';
import { expect, test } from 'vitest';
import { systemEndOfTurn } from '../ports/turn.ts';
import { httpTill } from '../test/fakes/http-till.ts';
import { codeOf, NAMES, staffed } from '../test/fakes/staff.ts';
import { testTill } from '../test/fakes/till.ts';
import type { CallContext } from './access.ts';

const INTEGRATOR: CallContext = { caller: 'integrator' };

/** A till at which a cashier sold one thing with Alipay, paid 40 s after its code, and another system one. */
async function soldAt() {
  const { backend, clock, alipay, wechat } = testTill();
  backend.start();
  const { api } = backend;
  const staff = await staffed(backend);
  const sell = async (orderNo: string, amountFen: number, context: CallContext, wallet: typeof alipay) => {
    const answer = call(api.charges.create, { orderNo, amountFen }, { context });
    answer.catch(() => {});
    await clock.advance(0);
    const charge = await answer;
    await clock.advance(40_000);
    const trade = charge.trades.find(({ channel }) => channel === wallet.channel);
    wallet.status.set(trade?.tradeNo ?? '', 'paid');
    await clock.advance(10_000);
    return trade?.tradeNo ?? '';
  };
  const byCashier = await sell('SOLD-BY-CASHIER', 1_250, staff.cashier, alipay);
  const bySystem = await sell('SOLD-BY-SYSTEM', 800, INTEGRATOR, wechat);
  return { api, staff, byCashier, bySystem };
}

test('what a cashier and another system sold is told under their names, with the wait for the payment', async () => {
  const { api, staff, byCashier, bySystem } = await soldAt();
  const told = await call(api.reports.takings, {}, { context: staff.manager });
  expect(told).toMatchObject({
    from: '2026-11-21',
    to: '2026-11-21',
    totals: { paidFen: 2_050, paidCount: 2 },
  });
  const cashier = `person:${staff.ids.cashier}`;
  expect(told.byCashier).toEqual([
    { cashier, name: NAMES.cashier, kind: 'person', paidFen: 1_250, paidCount: 1 },
    { cashier: 'integrator:api-key', name: 'api-key', kind: 'integrator', paidFen: 800, paidCount: 1 },
  ]);
  expect(told.wait?.count).toBe(2);
  expect(told.wait?.p50Ms).toBeGreaterThanOrEqual(39_000);
  expect(told.wait?.p95Ms).toBeLessThanOrEqual(50_000);

  const found = async (asked: object) =>
    (await call(api.trades.list, { limit: 50, ...asked }, { context: staff.cashier })).items.map(
      ({ tradeNo }) => tradeNo,
    );
  expect(await found({ cashier, channel: 'alipay' })).toEqual([byCashier]);
  expect(await found({ cashier: 'integrator:api-key', state: 'paid' })).toEqual([bySystem]);
  expect(await found({ q: '12~13', from: '2026-11-21T14:30:00+08:00', state: 'paid' })).toEqual([byCashier]);
  expect(await found({ to: '2026-11-21T14:30:00+08:00' })).toEqual([]);
  expect(await call(api.trades.cashiers, undefined, { context: staff.cashier })).toEqual([
    { cashier: 'integrator:api-key', name: 'api-key', kind: 'integrator' },
    { cashier, name: NAMES.cashier, kind: 'person' },
  ]);
});

test('takings of the whole shop are told to who runs it, and to no cashier', async () => {
  const { api, staff } = await soldAt();
  for (const context of [staff.owner, staff.manager, INTEGRATOR]) {
    expect(await codeOf(call(api.reports.takings, {}, { context }))).toBe('done');
    expect(await codeOf(call(api.reports.csv, {}, { context }))).toBe('done');
  }
  for (const ask of [api.reports.takings, api.reports.csv])
    expect(await codeOf(call(ask as typeof api.reports.takings, {}, { context: staff.cashier }))).toBe(
      'not_allowed',
    );
});

test('over HTTP: a range, a file, the cashiers, and a range that is none', async () => {
  const till = await httpTill({ endOfTurn: systemEndOfTurn });
  const key = { authorization: 'Bearer test-key-0123456789' };
  const ask = (path: string) => till.api('GET', path, key);
  const range = await ask('/reports/takings?from=2026-11-01&to=2026-11-30');
  expect(range).toMatchObject({ status: 200, body: { from: '2026-11-01', to: '2026-11-30' } });
  expect((await ask('/reports/takings?period=month')).body).toMatchObject({
    from: '2026-11-01',
    to: '2026-11-21',
  });
  expect((await ask('/reports/takings/csv?period=week&lang=en')).status).toBe(200);
  expect(await ask('/trades/cashiers')).toMatchObject({ status: 200, body: [] });
  for (const wrong of [
    'from=2026-11-30&to=2026-11-01',
    'from=2026-11-01',
    'from=2024-01-01&to=2026-01-01',
    'period=week&from=2026-11-01&to=2026-11-02',
    'from=2026-02-30&to=2026-03-01',
    'period=year',
  ])
    expect(await ask(`/reports/takings?${wrong}`)).toMatchObject({
      status: 400,
      body: { code: 'invalid_input' },
    });
});
