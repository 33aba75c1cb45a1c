import { call } from '@orpc/server';
import { describe, expect, test } from 'vitest';
import { windowOf } from '../../test/fakes/client.ts';
import { codeOf, NAMES, PINS, staffed } from '../../test/fakes/staff.ts';
import { runningTill, staffedTill } from '../../test/fakes/staffed-till.ts';
import type { CallContext } from '../access.ts';
import { createStore } from '../store/store.ts';

const INTEGRATOR: CallContext = { caller: 'integrator' };

describe('a second person', () => {
  const rules = { lockAfterMinutes: 3, refundApprovalAboveFen: 100 };
  const wanted = { ...rules, reason: '夜班人少' };

  test('is asked for, checked in the same call, and named by the event', async () => {
    const till = await staffedTill();
    const { api, staff } = till;
    const set = (approval: object | undefined, context = staff.manager) =>
      codeOf(call(api.policy.set, { ...wanted, approval } as never, { context }));
    expect(await set(undefined)).toBe('approval_needed');
    expect(await set({ operator: NAMES.manager, pin: '000000' })).toBe('approval_refused');
    expect(await set({ operator: NAMES.cashier, pin: PINS.cashier })).toBe('approval_refused');
    expect(await set({ operator: 'nobody', pin: PINS.owner })).toBe('approval_refused');
    expect((await call(api.policy.get, undefined, { context: staff.cashier })).lockAfterMinutes).toBe(5);
    expect(await set({ operator: NAMES.owner, pin: PINS.owner })).toBe('done');
    const last = createStore(till.db).events.after(0, 1_000).at(-1);
    expect(last).toMatchObject({
      type: 'setting.changed',
      by: {
        actor: { personId: staff.ids.manager },
        reason: wanted.reason,
        approvedBy: expect.stringMatching(/^\w{12}$/),
      },
      data: { before: { lockAfterMinutes: 5 }, now: rules },
    });
  });

  test('is picked from those alone whose word is taken', async () => {
    const { api, staff } = await staffedTill();
    const approvers = await call(api.auth.names, { may: 'approve' }, { context: staff.cashier });
    expect(approvers).toEqual([NAMES.owner, NAMES.manager]);
    expect(await call(api.auth.names, undefined, { context: staff.cashier })).toEqual([
      ...approvers,
      NAMES.cashier,
    ]);
  });

  test('may be the manager whose screen it is, by typing the PIN; and guessing is throttled as signing in', async () => {
    const { api, staff, login } = await staffedTill();
    const set = (pin: string) =>
      codeOf(
        call(
          api.policy.set,
          { ...wanted, approval: { operator: NAMES.manager, pin } },
          { context: staff.manager },
        ),
      );
    expect(await set(PINS.manager)).toBe('done');
    for (let n = 0; n < 4; n++) expect(await set('000000')).toBe('approval_refused');
    expect(await set('000000')).toBe('sign_in_locked');
    expect(await set(PINS.manager)).toBe('sign_in_locked');
    expect(await login(NAMES.manager, PINS.manager)).toBe('sign_in_locked');
  });

  test('is asked for by what a person ends by hand; a cashier may with it', async () => {
    const { api, staff } = await staffedTill();
    const end = (context: CallContext, approval?: { operator: string; pin: string }) =>
      codeOf(call(api.outbox.setAside, { entryId: 1, reason: 'because', approval }, { context }));
    expect(await end(staff.cashier)).toBe('approval_needed');
    expect(await end(staff.owner)).toBe('approval_needed');
    expect(await end(staff.cashier, { operator: NAMES.manager, pin: PINS.manager })).toBe('entry_not_found');
  });

  test('is asked for by a bill’s difference that is ended by hand', async () => {
    const { api, staff } = await staffedTill();
    const end = (context: CallContext, approval?: { operator: string; pin: string }) =>
      codeOf(call(api.bills.resolve, { billId: 1, line: 1, reason: 'because', approval }, { context }));
    expect(await end(staff.manager)).toBe('approval_needed');
    expect(await end(staff.manager, { operator: NAMES.manager, pin: '000000' })).toBe('approval_refused');
    expect(await end(staff.manager, { operator: NAMES.owner, pin: PINS.owner })).toBe('bill_not_found');
    const several = { billId: 1, lines: [1, 2], reason: 'because' };
    expect(await codeOf(call(api.bills.resolveLines, several, { context: staff.manager }))).toBe(
      'approval_needed',
    );
  });

  test('is asked for by a payment above the limit that nobody asked for and that is to go back', async () => {
    const till = runningTill();
    const window = windowOf(till.backend, till.clock);
    const charge = await window.charge({ orderNo: 'A1', amountFen: 50_000 });
    const tradeNo = charge.trades[0]?.tradeNo ?? '';
    till.alipay.script.push({
      step: 'close',
      answer: { kind: 'query_first', code: 'ACQ.TRADE_STATUS_ERROR', message: '' },
    });
    await window.cancelOrder('A1');
    till.alipay.status.set(tradeNo, 'paid');
    await till.clock.advance(60_000);
    expect((await window.trade(tradeNo)).trade).toMatchObject({ state: 'paid', refundDue: 'manager' });
    const staff = await staffed(till.backend);
    const giveBack = (context: CallContext, approval?: { operator: string; pin: string }) =>
      codeOf(call(till.api.refunds.giveBack, { tradeNo, approval }, { context }));
    const manager = { operator: NAMES.manager, pin: PINS.manager };
    expect(await giveBack(staff.cashier)).toBe('approval_needed');
    expect(await giveBack(INTEGRATOR, manager)).toBe('approval_by_person');
    expect(await giveBack(staff.cashier, manager)).toBe('done');
    const given = createStore(till.db)
      .events.after(0, 1_000)
      .find(({ type }) => type === 'refund.changed');
    expect(given).toMatchObject({ by: { approvedBy: staff.ids.manager }, data: { amountFen: 50_000 } });
  });

  test('is asked for by refunds above the limit, also in many small ones', async () => {
    const till = runningTill();
    const charge = await windowOf(till.backend, till.clock).charge({ orderNo: 'A1', amountFen: 50_000 });
    const tradeNo = charge.trades[0]?.tradeNo ?? '';
    till.alipay.status.set(tradeNo, 'paid');
    await till.clock.advance(3_000);
    const staff = await staffed(till.backend);
    const refund = (amountFen: number, refundNo: string, context: CallContext, approval?: object) =>
      codeOf(
        call(till.api.refunds.create, { tradeNo, refundNo, amountFen, reason: '退货', approval } as never, {
          context,
        }),
      );
    const manager = { operator: NAMES.manager, pin: PINS.manager };
    expect(await refund(20_001, 'R00001', staff.cashier)).toBe('approval_needed');
    expect(await refund(20_001, 'R00001', INTEGRATOR, manager)).toBe('approval_by_person');
    expect(await refund(15_000, 'R00002', staff.cashier)).toBe('done');
    expect(await refund(15_000, 'R00002', staff.cashier)).toBe('done');
    expect(await refund(5_001, 'R00003', staff.cashier)).toBe('approval_needed');
    expect(await refund(5_001, 'R00003', staff.cashier, manager)).toBe('done');
    const created = createStore(till.db)
      .events.after(0, 1_000)
      .filter(({ by }) => by?.approvedBy);
    expect(created[0]?.by).toMatchObject({
      actor: { personId: staff.ids.cashier },
      approvedBy: staff.ids.manager,
    });
  });

  test('cannot be a machine’s', async () => {
    const { api } = await staffedTill();
    const approval = { operator: NAMES.owner, pin: PINS.owner };
    expect(await codeOf(call(api.policy.set, { ...wanted, approval }, { context: INTEGRATOR }))).toBe(
      'approval_by_person',
    );
  });

  test('who was disabled the moment before approves nothing', async () => {
    const { api, staff } = await staffedTill();
    await call(api.people.disable, { personId: staff.ids.manager, reason: '离职' }, { context: staff.owner });
    const approval = { operator: NAMES.manager, pin: PINS.manager };
    expect(await codeOf(call(api.policy.set, { ...wanted, approval }, { context: staff.owner }))).toBe(
      'approval_refused',
    );
  });
});
