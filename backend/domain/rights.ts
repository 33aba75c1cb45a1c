import { type PersonRole, RIGHTS, type Right } from '../../contract/people.ts';

export type Role = PersonRole | 'integrator';

/**
 * How a caller stands before the till: in a role; or as a person whose screen is `locked`, as a window of
 * the till at which `nobody` is signed in, or as a `stranger` who reached it over the network. At a till
 * without people whoever has the window is its `owner`.
 */
export const STANDINGS = [
  'owner',
  'manager',
  'cashier',
  'integrator',
  'locked',
  'nobody',
  'stranger',
] as const;
export type Standing = Role | 'locked' | 'nobody' | 'stranger';

interface Row {
  may: Record<Standing, boolean>;
  why: string;
}

const may = (...standings: Standing[]): Record<Standing, boolean> => ({
  owner: standings.includes('owner'),
  manager: standings.includes('manager'),
  cashier: standings.includes('cashier'),
  integrator: standings.includes('integrator'),
  locked: standings.includes('locked'),
  nobody: standings.includes('nobody'),
  stranger: standings.includes('stranger'),
});

/** Who may what, each row with its reason. What needs a second person besides is said by the procedure. */
export const RIGHTS_TABLE: Record<Right, Row> = {
  sign_in: {
    may: may('owner', 'manager', 'cashier', 'locked', 'nobody', 'stranger'),
    why: 'Whoever may become somebody has to be able to say who. A machine is known by its key.',
  },
  see_till: {
    may: may('owner', 'manager', 'cashier', 'integrator', 'locked', 'nobody'),
    why: 'The window shows whose till it is before anybody has signed in; the network is told nothing.',
  },
  look: {
    may: may('owner', 'manager', 'cashier', 'integrator', 'locked'),
    why: 'A charge that runs stays visible on a locked screen.',
  },
  collect: {
    may: may('owner', 'manager', 'cashier', 'integrator'),
    why: 'What the till is for.',
  },
  refund: {
    may: may('owner', 'manager', 'cashier', 'integrator'),
    why: 'Small ones are everyday work; above the limit a second person approves.',
  },
  resolve: {
    may: may('owner', 'manager', 'cashier', 'integrator'),
    why: 'Whoever stands at the till sees the trouble first; to end it by hand a second person approves.',
  },
  work_shift: {
    may: may('owner', 'manager', 'cashier'),
    why: 'A shift is a person’s.',
  },
  close_day: {
    may: may('owner', 'manager'),
    why: 'The day and the wallets’ bills are the store’s, not one cashier’s.',
  },
  report: {
    may: may('owner', 'manager', 'integrator'),
    why: 'Takings of the whole shop are for who runs it and for its own systems.',
  },
  audit: {
    may: may('owner', 'manager'),
    why: 'Who did what is read by those who answer for it.',
  },
  set_up: {
    may: may('owner', 'manager', 'integrator'),
    why: 'How the till works is decided by who runs the shop; installing it may be a machine’s work.',
  },
  see_names: {
    may: may('owner', 'manager', 'cashier', 'locked', 'nobody'),
    why: 'At the till people pick their name; the network is given no list of names to guess PINs for.',
  },
  change_own_pin: {
    may: may('owner', 'manager', 'cashier'),
    why: 'A PIN that somebody has seen is changed at once, by its owner.',
  },
  manage_people: {
    may: may('owner', 'manager'),
    why: 'Who may act is decided by those who answer for it; a manager decides about cashiers alone.',
  },
  approve: {
    may: may('owner', 'manager'),
    why: 'The second pair of eyes belongs to somebody who answers for it.',
  },
};

/** A manager decides about cashiers, an owner about everybody. */
export function mayManage(role: Role, target: PersonRole): boolean {
  return role === 'owner' || (role === 'manager' && target === 'cashier');
}

/** What somebody who stands like that may. */
export function rightsOf(standing: Standing): Right[] {
  return RIGHTS.filter((right) => RIGHTS_TABLE[right].may[standing]);
}
