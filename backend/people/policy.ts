import type { Policy } from '../../contract/people.ts';
import type { Clock } from '../../ports/clock.ts';
import type { By } from '../domain/actor.ts';
import { settingChanged } from '../store/events.ts';
import type { Store } from '../store/store.ts';

export type PolicyService = ReturnType<typeof createPolicy>;

/** What the shop has decided; each change says what it was and what it is. */
export function createPolicy(deps: { store: Store; clock: Clock }) {
  const { store, clock } = deps;
  return {
    set({ lockAfterMinutes, refundApprovalAboveFen }: Policy, by: By): Policy {
      return store.transact(
        () => {
          const before = store.policy.get();
          const now = { lockAfterMinutes, refundApprovalAboveFen };
          store.policy.set(now);
          store.events.append(settingChanged('policy', clock.nowMs(), { before, now }));
          return now;
        },
        { by },
      );
    },
  };
}
