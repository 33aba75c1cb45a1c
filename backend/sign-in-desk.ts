import type { SignedIn, Tokens } from '../contract/people.ts';
import type { Access, CallContext, Who } from './access.ts';
import type { By } from './domain/actor.ts';
import type { PeopleService } from './people/people.ts';
import type { Seat, Sessions } from './people/sessions.ts';
import type { SignInCheck } from './people/sign-in.ts';
import { ServiceError } from './services/errors.ts';

type Caller = CallContext & { who: Who; by: By };

/** Signing in and out, wherever it is done. */
export type SignInDesk = ReturnType<typeof createSignInDesk>;

export function createSignInDesk(deps: {
  access: Access;
  check: SignInCheck;
  sessions: Sessions;
  people: PeopleService;
}) {
  const { access, check, sessions, people } = deps;

  async function now(context: CallContext): Promise<SignedIn> {
    return access.signedIn(await access.who(context));
  }

  return {
    session: ({ who }: Caller): SignedIn => access.signedIn(who),
    /** Throws `sign_in_refused`, `sign_in_locked`, `device_missing`. */
    async login(input: { operator: string; pin: string }, context: Caller): Promise<Tokens> {
      const seat = seatOf(context);
      const person = await check.check(input.operator, input.pin, seat.place, context);
      return await access.tokens(context, await sessions.begin(person, seat, context.by));
    },
    /** Throws `session_over`. */
    async refresh(input: { refreshToken?: string | undefined }, context: Caller): Promise<Tokens> {
      const { handed } = await sessions.refresh(input.refreshToken, seatOf(context), context.by);
      return await access.tokens(context, handed);
    },
    /** Safe to repeat. */
    async logout(context: Caller): Promise<SignedIn> {
      await sessions.leave(seatOf(context), context.by);
      return await now(context);
    },
    /** Somebody is at the window. Says how it stands: a session that was left alone is locked, and stays so. */
    async present(context: Caller): Promise<SignedIn> {
      if (context.who.signedIn) await sessions.used(context.who.signedIn.session);
      return access.signedIn(context.who);
    },
    /** Where nobody is signed in there is nothing to lock. */
    async lock(context: Caller): Promise<SignedIn> {
      if (context.who.signedIn) await sessions.lock(context.who.signedIn.session, context.by);
      return await now(context);
    },
    /** Throws `session_over`, `sign_in_refused`, `sign_in_locked`. */
    async unlock(pin: string, context: Caller): Promise<SignedIn> {
      const { signedIn } = context.who;
      if (!signedIn) throw new ServiceError('session_over');
      await check.check(signedIn.person.name, pin, seatOf(context).place, context);
      await sessions.unlock(signedIn.session, context.by);
      return await now(context);
    },
    /** The owner is signed in at once. Throws `people_exist`, `pin_too_simple`, `device_missing`. */
    async setUpOwner(input: { name: string; pin: string }, context: Caller): Promise<Tokens> {
      const seat = seatOf(context);
      const owner = await people.setUpOwner(input, context.by);
      return await access.tokens(context, await sessions.begin(owner, seat, context.by));
    },
    async changePin(input: { pin: string; newPin: string }, context: Caller): Promise<SignedIn> {
      const { signedIn } = context.who;
      if (!signedIn) throw new ServiceError('session_over');
      const { personId, sessionId } = signedIn.session;
      await people.changePin(input, { personId, sessionId, place: seatOf(context).place }, context.by);
      return await now(context);
    },
    /** What ends a stream of this caller: the session, or the access token that it came with. */
    streamEnd(
      { who, seat }: Caller,
      clock: { nowMs(): number; after(ms: number, task: () => void): () => void },
    ) {
      const over = new AbortController();
      const untilMs = seat?.untilMs() ?? null;
      const stop =
        untilMs === null ? () => {} : clock.after(Math.max(0, untilMs - clock.nowMs()), () => over.abort());
      const session = who.signedIn ? [sessions.stream(who.signedIn.session.sessionId)] : [];
      return { signal: AbortSignal.any([over.signal, ...session]), stop };
    },
  };
}

function seatOf({ seat }: CallContext): Seat {
  if (!seat) throw new ServiceError('device_missing');
  return seat;
}
