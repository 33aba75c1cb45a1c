import { z } from 'zod';

/** A person's place in the shop. Machines that call with an API key are `integrator`. */
export const PERSON_ROLES = ['owner', 'manager', 'cashier'] as const;
export const PersonRole = z.enum(PERSON_ROLES);
export type PersonRole = z.infer<typeof PersonRole>;

/** What a procedure may need of its caller. Who has which, and why: the table in `backend/domain/rights.ts`. */
export const RIGHTS = [
  'sign_in',
  'see_till',
  'look',
  'collect',
  'refund',
  'resolve',
  'work_shift',
  'close_day',
  'report',
  'audit',
  'set_up',
] as const;
export const Right = z.enum(RIGHTS);
export type Right = z.infer<typeof Right>;
