import { call } from '@orpc/server';
import type { CallContext } from '../../backend/access.ts';
import type { Backend } from '../../backend/backend.ts';
import { portSeat } from '../../backend/people/sessions.ts';
import type { PersonRole } from '../../contract/people.ts';

/** PINs that nobody would guess first. */
export const PINS: Record<PersonRole, string> = { owner: '903751', manager: '582946', cashier: '407183' };
export const NAMES: Record<PersonRole, string> = { owner: '老板', manager: '店长', cashier: '早班收银' };

/** A window of its own, at which nobody has signed in yet. */
export function newWindow(): CallContext {
  return { caller: 'window', seat: portSeat('T') };
}

/** An owner, a manager and a cashier, each signed in at a window of their own. */
export async function staffed({ api }: Backend) {
  const owner = newWindow();
  await call(api.people.setUpOwner, { name: NAMES.owner, pin: PINS.owner }, { context: owner });
  const ids: Partial<Record<PersonRole, string>> = {};
  for (const role of ['manager', 'cashier'] as const) {
    const added = await call(
      api.people.add,
      { name: NAMES[role], role, pin: PINS[role] },
      { context: owner },
    );
    ids[role] = added.personId;
  }
  const signIn = async (role: PersonRole): Promise<CallContext> => {
    const context = newWindow();
    await call(api.auth.login, { operator: NAMES[role], pin: PINS[role] }, { context });
    return context;
  };
  return {
    owner,
    manager: await signIn('manager'),
    cashier: await signIn('cashier'),
    signIn,
    ids: ids as Record<'manager' | 'cashier', string>,
  };
}

/** The code that a call ends with; `done` when it goes well. */
export function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'done',
    (error: { code?: string }) => error.code ?? String(error),
  );
}
