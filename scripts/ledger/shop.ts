import { type Derived, factsOf } from './derive.ts';

/** The columns of an event from which the people, the rules and the shifts follow. */
export interface ShopEvent {
  seq: number;
  type: string;
  what: string | null;
  data: string | null;
  /** 64 hexadecimal digits. */
  hash: string;
}

/** What a till decides until somebody says otherwise: the row with which its table begins. */
const FIRST_POLICY: Derived = { lock_after_minutes: 5, refund_approval_above_fen: 20_000 };

/** Who works in the shop, what it has decided, and what its closed shifts came to, by the events in order. Pure. */
export function createShop(
  events: Iterable<ShopEvent>,
): Record<'people' | 'policy' | 'shifts', Map<string, Derived>> {
  const people = new Map<string, Derived>();
  const policy = new Map([['1', FIRST_POLICY]]);
  const shifts = new Map<string, Derived>();

  for (const { seq, type, what, data, hash } of events) {
    const facts = factsOf<ShopFacts>(data);
    const { personId, now } = facts;
    const before = people.get(String(personId));
    if (type === 'person.created')
      people.set(String(personId), { name: facts.name, role: facts.role, state: 'active' });
    if (type === 'person.changed')
      people.set(String(personId), { ...before, name: now?.name, role: now?.role });
    if (type === 'person.disabled') people.set(String(personId), { ...before, state: 'disabled' });
    if (type === 'setting.changed' && what === 'policy')
      policy.set('1', {
        lock_after_minutes: now?.lockAfterMinutes,
        refund_approval_above_fen: now?.refundApprovalAboveFen,
      });
    if (type === 'shift.closed') {
      const { shiftId, unfinished, ...totals } = facts;
      // The slip shows the end of the ledger with the closing in it.
      shifts.set(String(shiftId), {
        state: 'closed',
        to_seq: seq,
        head_hash: hash,
        unfinished,
        totals: JSON.stringify(totals),
      });
    }
  }
  return { people, policy, shifts };
}

interface ShopFacts {
  personId: string;
  name: string;
  role: string;
  now: { name: string; role: string; lockAfterMinutes: number; refundApprovalAboveFen: number };
  shiftId: number;
  unfinished: number;
}
