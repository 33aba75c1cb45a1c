import { z } from 'zod';
import { Instant } from './money.ts';

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
  'see_names',
  'change_own_pin',
  'manage_people',
  'approve',
] as const;
export const Right = z.enum(RIGHTS);
export type Right = z.infer<typeof Right>;

/** A person's name, which is also what they sign in with. */
export const PersonName = z.string().trim().min(1).max(30);
/** Digits; the backend refuses those that anybody would guess first. */
export const Pin = z.string().regex(/^\d{4,12}$/);
const PersonId = z.string().max(32);

/** A second person's word for what is being done, given in the same call. Never kept. */
export const Approval = z.object({ operator: PersonName, pin: Pin });
export type Approval = z.infer<typeof Approval>;

export const Person = z.object({
  personId: PersonId,
  name: z.string(),
  role: PersonRole,
  createdAt: Instant,
  /** Since then they cannot sign in; their name stays in the ledger. */
  disabledAt: Instant.nullable(),
  /** Too many wrong PINs at the till: until then none is looked at. */
  lockedUntil: Instant.nullable(),
});
export type Person = z.infer<typeof Person>;

/** Who is signed in where the call comes from, and what they may. */
export const SignedIn = z.object({
  /** Without people nobody signs in: whoever has the window is the owner. */
  hasPeople: z.boolean(),
  person: z.object({ personId: PersonId, name: z.string(), role: PersonRole }).nullable(),
  /** The screen is locked: their PIN opens it again. */
  isLocked: z.boolean(),
  rights: z.array(Right),
  /** A session that is left alone for so many minutes is locked, by the window and by the backend; 0: never. */
  lockAfterMinutes: z.int(),
});
export type SignedIn = z.infer<typeof SignedIn>;

/** What a sign-in hands out. A browser window's refresh token goes into its cookie, not here. */
export const Tokens = SignedIn.extend({
  /** For `Authorization: Bearer`; null on a port, which is signed in itself. */
  accessToken: z.string().nullable(),
  accessUntil: Instant.nullable(),
  /** Good for one use, within 24 hours. */
  refreshToken: z.string().nullable(),
});
export type Tokens = z.infer<typeof Tokens>;

/** Why somebody changes how the till works or who may: kept in the ledger. */
export const ChangeReason = z.string().trim().min(1).max(200);

export const NamesInput = z
  .object({
    /** Only those whose role has this right: `approve` for whom a second person can be. */
    may: Right.optional(),
  })
  .default({});
export const LoginInput = z.object({ operator: PersonName, pin: Pin });
export const RefreshInput = z.object({ refreshToken: z.string().max(200).optional() });
export const UnlockInput = z.object({ pin: Pin });
export const AddPersonInput = z.object({
  name: PersonName,
  role: PersonRole,
  pin: Pin,
  reason: ChangeReason.optional(),
});
export const SetUpOwnerInput = z.object({ name: PersonName, pin: Pin });
export const ChangePersonInput = z.object({
  personId: PersonId,
  name: PersonName.optional(),
  role: PersonRole.optional(),
  reason: ChangeReason,
});
export const ResetPinInput = z.object({ personId: PersonId, pin: Pin, reason: ChangeReason });
export const ChangePinInput = z.object({ pin: Pin, newPin: Pin });
export const DisablePersonInput = z.object({ personId: PersonId, reason: ChangeReason });

/** What the shop has decided; a change asks for a second person. */
export const Policy = z.object({
  lockAfterMinutes: z.int().min(0).max(240),
  /** A refund that brings what was given back of a trade above this asks for a second person, in fen. */
  refundApprovalAboveFen: z.int().min(0).max(10_000_000_000),
});
export type Policy = z.infer<typeof Policy>;
export const SetPolicyInput = Policy.extend({ reason: ChangeReason, approval: Approval.optional() });
export type SetPolicyInput = z.infer<typeof SetPolicyInput>;
