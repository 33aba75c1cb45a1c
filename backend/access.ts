import type { Right } from '../contract/people.ts';
import { type By, byTill } from './domain/actor.ts';
import { RIGHTS_TABLE, type Standing } from './domain/rights.ts';
import { ServiceError } from './services/errors.ts';

/** Who calls: a window of the till, another system with an API key, or somebody from the network who is neither. */
export type CallContext = { caller: 'window' | 'integrator' | 'stranger' };

/** Who a caller is, as the rights see it and as the ledger names it. */
export interface Who {
  standing: Standing;
  by: By;
}

/** The one key for other systems is the configured one. */
const API_KEY_NAME = 'api-key';

export type Access = ReturnType<typeof createAccess>;

/** Says who calls, and whether they may. */
export function createAccess() {
  return {
    who({ caller }: CallContext): Who {
      if (caller === 'integrator')
        return {
          standing: 'integrator',
          by: { ...byTill('http'), actor: { kind: 'integrator', name: API_KEY_NAME } },
        };
      if (caller === 'stranger') return { standing: 'stranger', by: byTill('http') };
      // A till without people: whoever has the window is its owner.
      return { standing: 'owner', by: byTill('window') };
    },
    /** Throws `ServiceError` when somebody who stands like that may not. */
    admit(needs: Right, standing: Standing): void {
      if (RIGHTS_TABLE[needs].may[standing]) return;
      if (standing === 'stranger') throw new ServiceError('unauthorized');
      if (standing === 'nobody') throw new ServiceError('sign_in_needed');
      throw new ServiceError(standing === 'locked' ? 'screen_locked' : 'not_allowed');
    },
  };
}
