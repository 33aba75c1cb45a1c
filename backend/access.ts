import type { ProcedureMeta } from '../contract/index.ts';
import type { Approval, Right, SignedIn, Tokens } from '../contract/people.ts';
import { type By, byTill } from './domain/actor.ts';
import { RIGHTS_TABLE, rightsOf, type Standing } from './domain/rights.ts';
import type { Handed, Seat, Sessions } from './people/sessions.ts';
import type { Place, SignInCheck } from './people/sign-in.ts';
import { ServiceError } from './services/errors.ts';
import type { Person } from './store/people.ts';
import type { SignIn } from './store/sign-ins.ts';
import type { Store } from './store/store.ts';

/**
 * Who calls: a window of the till, another system with an API key, or somebody from the network who is
 * neither; and where a person signs in there.
 */
export type CallContext = { caller: 'window' | 'integrator' | 'stranger'; seat?: Seat };

/** Who a caller is, as the rights see it and as the ledger names it. */
export interface Who {
  standing: Standing;
  by: By;
  /** Null where nobody is signed in. */
  signedIn: { person: Person; session: SignIn } | null;
}

/** The one key for other systems is the configured one. */
const API_KEY_NAME = 'api-key';
const AT_THE_TILL: Place = { at: 'till', address: null };

export type Access = ReturnType<typeof createAccess>;

/** Says who calls, whether they may, and who stands by it. */
export function createAccess(deps: { store: Store; sessions: Sessions; check: SignInCheck }) {
  const { store, sessions, check } = deps;

  async function who({ caller, seat }: CallContext): Promise<Who> {
    if (caller === 'integrator') {
      const by: By = { ...byTill('http'), actor: { kind: 'integrator', name: API_KEY_NAME } };
      return { standing: 'integrator', by, signedIn: null };
    }
    const via = caller === 'window' ? 'window' : 'http';
    const session = seat ? await sessions.of(seat) : null;
    const person = session && store.people.byId(session.personId);
    if (session && person && person.disabledAtMs === null) {
      const by: By = { ...byTill(via), actor: { kind: 'person', personId: person.personId } };
      const standing = session.lockedAtMs === null ? person.role : 'locked';
      return { standing, by, signedIn: { person, session } };
    }
    if (caller === 'stranger') return { standing: 'stranger', by: byTill(via), signedIn: null };
    // A till without people: whoever has the window is its owner.
    return { standing: store.people.any() ? 'nobody' : 'owner', by: byTill(via), signedIn: null };
  }

  /** The person whose word and PIN this is, and who has the right. */
  async function standsBy(
    { operator, pin }: Approval,
    right: Right,
    seat: Seat | undefined,
    by: By,
  ): Promise<Person> {
    const refusal = (error: unknown) => {
      const isWrong = error instanceof ServiceError && error.code === 'sign_in_refused';
      throw isWrong ? new ServiceError('approval_refused') : error;
    };
    const person = await check.check(operator, pin, seat?.place ?? AT_THE_TILL, { by }).catch(refusal);
    if (!RIGHTS_TABLE[right].may[person.role]) throw new ServiceError('approval_refused');
    return person;
  }

  /** How somebody stands by now whose call has waited: they may have been disabled, or given another role or PIN. */
  function standingNow({ standing, by, signedIn }: Who): Standing {
    if (signedIn === null) return standing === 'owner' && store.people.any() ? 'nobody' : standing;
    const person = store.people.byId(signedIn.person.personId);
    // A PIN that is another, or none any more, has ended the session.
    if (person?.pin !== signedIn.person.pin) return by.via === 'window' ? 'nobody' : 'stranger';
    return standing === 'locked' ? standing : person.role;
  }

  /** Throws `ServiceError` when somebody who stands like that may not. */
  function admit(needs: ProcedureMeta['needs'], standing: Standing): void {
    if (RIGHTS_TABLE[needs].may[standing]) return;
    if (standing === 'stranger') throw new ServiceError('unauthorized');
    if (standing === 'nobody') throw new ServiceError('sign_in_needed');
    throw new ServiceError(standing === 'locked' ? 'screen_locked' : 'not_allowed');
  }

  return {
    who,
    standingNow,
    admit,
    /** Whoever changes something is there: their session is not left alone. What is only looked at may be a window by itself. */
    async note({ needs }: ProcedureMeta, method: string | undefined, { signedIn }: Who): Promise<void> {
      if (signedIn && method !== 'GET' && needs !== 'sign_in') await sessions.used(signedIn.session);
    },
    /**
     * The second person's id where one is asked for, checked now; null where none is. Throws
     * `approval_needed`, `approval_by_person`, `approval_refused`, `sign_in_locked`.
     */
    async approve(
      { approval: rule }: ProcedureMeta,
      input: unknown,
      { seat }: CallContext,
      by: By,
    ): Promise<string | null> {
      if (rule === undefined || !store.people.any()) return null;
      const { approval } = input as { approval?: Approval };
      if (rule === 'refund' && isSmallRefund(store, input)) return null;
      if (by.actor.kind === 'integrator') throw new ServiceError('approval_by_person');
      if (approval === undefined) throw new ServiceError('approval_needed');
      return (await standsBy(approval, 'approve', seat, by)).personId;
    },
    /**
     * The id of the person who takes a shift over, whose PIN is checked now; null where nobody signs in. Throws as
     * {@link approve}, and as {@link admit} when the one who gives it has lost the right meanwhile.
     */
    async takesOver(to: Approval | undefined, { seat }: CallContext, who: Who): Promise<string | null> {
      if (!store.people.any()) return null;
      if (to === undefined) throw new ServiceError('approval_needed');
      const { personId } = await standsBy(to, 'work_shift', seat, who.by);
      admit('work_shift', standingNow(who));
      return personId;
    },
    /** What the caller's screen shows of who is signed in. */
    signedIn({ standing, signedIn }: Who): SignedIn {
      return {
        hasPeople: store.people.any(),
        person: signedIn && {
          personId: signedIn.person.personId,
          name: signedIn.person.name,
          role: signedIn.person.role,
        },
        isLocked: standing === 'locked',
        rights: rightsOf(standing),
        lockAfterMinutes: store.policy.get().lockAfterMinutes,
      };
    },
    /** What a sign-in hands out, for whoever is signed in at the seat now. */
    async tokens(context: CallContext, handed: Handed): Promise<Tokens> {
      return { ...this.signedIn(await who(context)), ...handed };
    },
  };
}

/**
 * Whether what is given back of the trade, with this one, stays within what one person may decide: in many
 * small ones, too. The same number again is not a further refund.
 */
function isSmallRefund(store: Store, input: unknown): boolean {
  const { tradeNo, refundNo, amountFen } = input as {
    tradeNo: string;
    refundNo?: string;
    amountFen?: number;
  };
  if (refundNo !== undefined && store.refunds.byNo(refundNo)?.tradeNo === tradeNo) return true;
  const { succeededFen, heldFen } = store.refunds.sums(tradeNo);
  const paidFen = store.trades.byNo(tradeNo)?.amountFen ?? 0;
  // Without an amount it is all that is left.
  const goneFen = amountFen === undefined ? paidFen : succeededFen + heldFen + amountFen;
  return goneFen <= store.policy.get().refundApprovalAboveFen;
}
