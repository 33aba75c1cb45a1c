import { type Person, RIGHTS, type SignedIn } from '../../../contract/people.ts';
import { at } from './till.ts';

/** A till without people: whoever has the window may do everything. */
export const nobody: SignedIn = {
  hasPeople: false,
  person: null,
  isLocked: false,
  rights: [...RIGHTS],
  lockAfterMinutes: 5,
};

const person = (personId: string, name: string, role: Person['role']): Person => ({
  personId,
  name,
  role,
  createdAt: at(-86_400),
  disabledAt: null,
  lockedUntil: null,
});

export const people: Person[] = [
  person('p1', '老板', 'owner'),
  person('p2', '店长', 'manager'),
  person('p3', '早班收银', 'cashier'),
  { ...person('p4', '午班收银', 'cashier'), lockedUntil: at(240) },
  { ...person('p5', '晚班收银', 'cashier'), disabledAt: at(-3_600) },
];

export const signedIn: SignedIn = {
  ...nobody,
  hasPeople: true,
  person: { personId: 'p1', name: '老板', role: 'owner' },
};
