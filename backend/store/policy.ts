import type { Policy } from '../../contract/people.ts';
import type { Db } from './database.ts';

export type PolicyTable = ReturnType<typeof policyTable>;

/** The table `policy`: one row. */
export function policyTable(db: Db) {
  const get = db.prepare<[], Policy>(
    'SELECT lock_after_minutes AS lockAfterMinutes, refund_approval_above_fen AS refundApprovalAboveFen FROM policy',
  );
  const set = db.prepare(
    'UPDATE policy SET lock_after_minutes = :lockAfterMinutes, refund_approval_above_fen = :refundApprovalAboveFen',
  );
  return {
    get(): Policy {
      const policy = get.get();
      if (!policy) throw new Error('The policy has no row.');
      return policy;
    },
    set(policy: Policy): void {
      set.run(policy);
    },
  };
}
