import { call } from '@orpc/server';
import type { CallContext } from '../../backend/access.ts';
import { createStore } from '../../backend/store/store.ts';
import { codeOf, newWindow, staffed } from './staff.ts';
import { type TestTill, testTill } from './till.ts';

/** A till that runs, at which anybody can try to sign in. */
export function runningTill(change: Parameters<typeof testTill>[0] = {}) {
  const till = testTill(change);
  till.backend.start();
  const { api } = till.backend;
  return {
    ...till,
    api,
    /** The code that signing in ends with. */
    login: (operator: string, pin: string, context: CallContext = newWindow()) =>
      codeOf(call(api.auth.login, { operator, pin }, { context })),
  };
}

/** The same with an owner, a manager and a cashier. */
export async function staffedTill(change: Parameters<typeof testTill>[0] = {}) {
  const till = runningTill(change);
  return { ...till, staff: await staffed(till.backend) };
}

/** What the ledger says about people and settings: type, and who did it. */
export function saidOfPeople({ db }: Pick<TestTill, 'db'>): string[] {
  return createStore(db)
    .events.after(0, 1_000)
    .filter(({ orderNo }) => orderNo === null)
    .map(({ type, by, what }) => `${type}${what === null ? '' : ` ${what}`} by ${by?.actor.kind}`);
}
