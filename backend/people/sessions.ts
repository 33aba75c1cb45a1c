import { type Clock, MINUTE, SECOND } from '../../ports/clock.ts';
import { type By, byTill } from '../domain/actor.ts';
import { storeInstant } from '../domain/store-time.ts';
import { ServiceError } from '../services/errors.ts';
import { atTheTill, type NewEvent } from '../store/events.ts';
import type { Person } from '../store/people.ts';
import type { NewSignIn, SignIn } from '../store/sign-ins.ts';
import type { Store } from '../store/store.ts';
import type { SessionStore } from './session-store.ts';
import type { Place } from './sign-in.ts';
import { GRACE_MS, REFRESH_MS, sha256Hex, type TokenSmith } from './tokens.ts';

/** What a sign-in hands out; null where the seat keeps it otherwise. */
export interface Handed {
  accessToken: string | null;
  accessUntil: string | null;
  refreshToken: string | null;
}

/** Where somebody signs in: a window's port, a browser window, or a device over the network. */
export interface Seat {
  place: Place;
  /** What sessions of this device are bound to; null of a caller that names no device. */
  deviceHash: string | null;
  /** The session that this call rides on. */
  sessionId(): string | null;
  /** When the call's own proof of it ends; a stream ends with it. Null: never before the session. */
  untilMs(): number | null;
  /** The refresh token that came with the call by itself. */
  refreshToken(): string | null;
  /** Takes its place, and says what the caller is given. */
  seated(signIn: NewSignIn, refreshToken: string): Promise<Handed>;
  left(): void;
}

/** How finely it is kept when somebody was last there: more often would only write. */
const SEEN_STEP_MS = 10 * SECOND;

export type Sessions = ReturnType<typeof createSessions>;

/** People's sessions: begun by a sign-in, prolonged by one-time refresh tokens, ended at once. */
export function createSessions(deps: { store: Store; clock: Clock; kept: SessionStore; tokens: TokenSmith }) {
  const { store, clock, kept, tokens } = deps;
  /** Streams that end with a session. */
  const streams = new Map<string, AbortController>();

  function say(
    type: Extract<NewEvent['type'], `session.${string}`>,
    personId: string,
    what: string | null,
    by: By,
  ): void {
    store.transact(() => store.events.append(atTheTill(type, clock.nowMs(), { personId }, what)), { by });
  }

  function hangUp(sessionId: string): void {
    streams.get(sessionId)?.abort();
    streams.delete(sessionId);
  }

  async function end(signIn: SignIn, why: string, by: By): Promise<void> {
    await kept.end(signIn.sessionId, clock.nowMs());
    hangUp(signIn.sessionId);
    say('session.ended', signIn.personId, why, by);
  }

  function isLeftAlone({ seenAtMs }: SignIn): boolean {
    const limitMs = store.policy.get().lockAfterMinutes * MINUTE;
    // A clock that was set locks, too: nobody knows how long ago it was.
    return limitMs > 0 && Math.abs(clock.nowMs() - seenAtMs) >= limitMs + SEEN_STEP_MS;
  }

  async function lock(signIn: SignIn, what: 'idle' | null, by: By): Promise<SignIn> {
    const lockedAtMs = clock.nowMs();
    if (await kept.lock(signIn.sessionId, lockedAtMs)) say('session.locked', signIn.personId, what, by);
    return { ...signIn, lockedAtMs };
  }

  /** The session that a call rides on, while it lasts and its device is the same; locked where it was left alone. */
  async function of(seat: Seat): Promise<SignIn | null> {
    const sessionId = seat.sessionId();
    const signIn = sessionId === null ? null : await kept.alive(sessionId, clock.nowMs());
    if (signIn === null || signIn.deviceHash !== seat.deviceHash) return null;
    return signIn.lockedAtMs === null && isLeftAlone(signIn) ? await lock(signIn, 'idle', byTill()) : signIn;
  }

  return {
    of,
    /**
     * Signs the person in at the seat; whoever sat there is signed out. Throws `device_missing`, and
     * `sign_in_refused` where the person has been disabled or given another PIN since it was looked at.
     */
    async begin(person: Person, seat: Seat, by: By): Promise<Handed> {
      if (seat.deviceHash === null) throw new ServiceError('device_missing');
      const before = await of(seat);
      if (before !== null) await end(before, 'another_signed_in', by);
      const nowMs = clock.nowMs();
      const refreshToken = tokens.newRefreshToken();
      const signIn = {
        sessionId: tokens.newSessionId(),
        personId: person.personId,
        deviceHash: seat.deviceHash,
      };
      const tokenHash = sha256Hex(refreshToken);
      await kept.begin({ ...signIn, nowMs, untilMs: nowMs + REFRESH_MS, tokenHash });
      // What ended all sessions of the person meanwhile knew nothing of this one.
      if (store.people.byId(person.personId)?.pin !== person.pin) {
        await kept.end(signIn.sessionId, clock.nowMs());
        throw new ServiceError('sign_in_refused');
      }
      say('session.started', person.personId, null, {
        ...by,
        actor: { kind: 'person', personId: person.personId },
      });
      return await seat.seated(signIn, refreshToken);
    },
    /**
     * Fresh tokens for a refresh token. Shown again after the grace, or by another device, its session ends:
     * one of those who have it is a thief. Throws `session_over`.
     */
    async refresh(
      given: string | undefined,
      seat: Seat,
      by: By,
    ): Promise<{ personId: string; handed: Handed }> {
      const shown = given ?? seat.refreshToken();
      if (shown === null) throw new ServiceError('session_over');
      const nowMs = clock.nowMs();
      const next = tokens.successor(shown);
      const rotation = await kept.rotate({
        tokenHash: sha256Hex(shown),
        nextHash: sha256Hex(next),
        deviceHash: seat.deviceHash ?? '',
        nowMs,
        graceMs: GRACE_MS,
        untilMs: nowMs + REFRESH_MS,
      });
      if (rotation.kind === 'reused' || rotation.kind === 'other_device')
        await end(rotation.signIn, rotation.kind === 'reused' ? 'token_reused' : 'token_elsewhere', by);
      if (rotation.kind !== 'rotated' && rotation.kind !== 'again') {
        seat.left();
        throw new ServiceError('session_over');
      }
      const { signIn } = rotation;
      return { personId: signIn.personId, handed: await seat.seated(signIn, next) };
    },
    /** Ends the seat's session, also by its refresh token alone. Safe to repeat. */
    async leave(seat: Seat, by: By): Promise<void> {
      const shown = seat.refreshToken();
      const signIn = await of(seat);
      if (signIn !== null) await end(signIn, 'signed_out', by);
      else if (shown !== null && seat.deviceHash !== null) {
        const nowMs = clock.nowMs();
        const found = await kept.rotate({
          tokenHash: sha256Hex(shown),
          nextHash: sha256Hex(tokens.successor(shown)),
          deviceHash: seat.deviceHash,
          nowMs,
          graceMs: GRACE_MS,
          untilMs: nowMs + REFRESH_MS,
        });
        if (found.kind !== 'unknown') await end(found.signIn, 'signed_out', by);
      }
      seat.left();
    },
    async lock(signIn: SignIn, by: By): Promise<void> {
      if (signIn.lockedAtMs === null) await lock(signIn, null, by);
    },
    /** Its person does something, or is there: it is not left alone. A locked one stays locked. */
    async used(signIn: SignIn): Promise<void> {
      const nowMs = clock.nowMs();
      if (signIn.lockedAtMs === null && Math.abs(nowMs - signIn.seenAtMs) >= SEEN_STEP_MS)
        await kept.seen(signIn.sessionId, nowMs);
    },
    async unlock(signIn: SignIn, by: By): Promise<void> {
      await kept.seen(signIn.sessionId, clock.nowMs());
      await kept.lock(signIn.sessionId, null);
      say('session.unlocked', signIn.personId, null, by);
    },
    /** Ends every session of a person but one, at once. */
    async endAllOf(personId: string, but: string | null): Promise<void> {
      for (const sessionId of await kept.endAllOf(personId, clock.nowMs(), but)) hangUp(sessionId);
    },
    /** Aborts when the session ends in this process. */
    stream(sessionId: string): AbortSignal {
      const known = streams.get(sessionId) ?? new AbortController();
      streams.set(sessionId, known);
      return known.signal;
    },
  };
}

/** A window's own port: the app hands it to nobody else, so that the port is the device and the session's proof. */
export function portSeat(tillId: string): Seat {
  let sessionId: string | null = null;
  return {
    place: { at: 'till', address: null },
    deviceHash: sha256Hex(`port of ${tillId}`),
    sessionId: () => sessionId,
    untilMs: () => null,
    refreshToken: () => null,
    async seated(signIn, refreshToken) {
      sessionId = signIn.sessionId;
      // Kept in the window's memory: a port that broke is followed by another, and nobody types a PIN for it.
      return { accessToken: null, accessUntil: null, refreshToken };
    },
    left() {
      sessionId = null;
    },
  };
}

/** A call over HTTP: the session is what its access token says, and the device what the caller keeps to itself. */
export function httpSeat(
  tokens: TokenSmith,
  call: {
    place: Place;
    deviceHash: string | null;
    claims: { sessionId: string; untilMs: number } | null;
    refreshToken: string | null;
    /** Of a browser window: keeps the refresh token in its cookie; null forgets it. */
    setCookie: ((refreshToken: string | null) => void) | null;
  },
): Seat {
  return {
    place: call.place,
    deviceHash: call.deviceHash,
    sessionId: () => call.claims?.sessionId ?? null,
    untilMs: () => call.claims?.untilMs ?? null,
    refreshToken: () => call.refreshToken,
    async seated(signIn, refreshToken) {
      const { token, untilMs } = await tokens.sign(signIn);
      call.claims = { sessionId: signIn.sessionId, untilMs };
      call.setCookie?.(refreshToken);
      return {
        accessToken: token,
        accessUntil: storeInstant(untilMs),
        refreshToken: call.setCookie === null ? refreshToken : null,
      };
    },
    left() {
      call.claims = null;
      call.setCookie?.(null);
    },
  };
}
