import { call } from '@orpc/server';
import { expect, test } from 'vitest';
import { codeOf, NAMES, PINS } from '../test/fakes/staff.ts';
import { staffedTill } from '../test/fakes/staffed-till.ts';
import { createStore } from './store/store.ts';

test('a shift goes to the person whose PIN is given in the same call, and to nobody else', async () => {
  const till = await staffedTill();
  const { api, staff } = till;
  const context = staff.cashier;
  const { shiftId } = await call(api.shifts.open, undefined, { context });
  const handOver = (to: { operator: string; pin: string } | undefined) =>
    codeOf(call(api.shifts.handOver, { ...(to ? { to } : {}) }, { context }));
  expect(await handOver(undefined)).toBe('approval_needed');
  expect(await handOver({ operator: NAMES.manager, pin: '000000' })).toBe('approval_refused');
  expect(await handOver({ operator: 'nobody', pin: PINS.manager })).toBe('approval_refused');
  expect(await call(api.shifts.current, undefined, { context })).toMatchObject({ shiftId });

  const to = { operator: NAMES.manager, pin: PINS.manager };
  const { closed, opened } = await call(api.shifts.handOver, { to }, { context });
  expect(closed).toMatchObject({ shiftId, openedBy: NAMES.cashier, closedBy: NAMES.cashier });
  expect(opened).toMatchObject({ openedBy: NAMES.manager, closedAt: null });
  const events = createStore(till.db).events.after(0, 1_000).slice(-2);
  expect(events).toMatchObject([
    { type: 'shift.closed', data: { shiftId } },
    { type: 'shift.opened', data: { shiftId: opened.shiftId } },
  ]);
  for (const { by } of events)
    expect(by).toMatchObject({ actor: { personId: staff.ids.cashier }, approvedBy: staff.ids.manager });
  expect(closed.ledgerHead?.seq).toBe(events[0]?.seq);
});
