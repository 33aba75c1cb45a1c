import type { NewSignIn, SignIn } from '../store/sign-ins.ts';
import type { Store } from '../store/store.ts';

/** What became of a refresh token that was shown. */
export type Rotation =
  /** It was good: its successor is good now. `again`: somebody else of the same device was faster, within the grace. */
  | { kind: 'rotated' | 'again'; signIn: SignIn }
  /** Shown a second time, or by another device: it was stolen from, or by, whoever shows it. */
  | { kind: 'reused' | 'other_device'; signIn: SignIn }
  | { kind: 'unknown' };

interface Shown {
  tokenHash: string;
  nextHash: string;
  deviceHash: string;
  nowMs: number;
  /** How long after its first use a token may be shown again: two calls of one device that refresh at once. */
  graceMs: number;
  untilMs: number;
}

/**
 * Where sessions and their refresh tokens are kept: in the till's database, or in a Redis that several
 * backends share. Tokens are known by their hash alone. Ending is at once and for good.
 */
export interface SessionStore {
  begin(session: NewSignIn & { nowMs: number; untilMs: number; tokenHash: string }): Promise<void>;
  /** In one step, however many ask at once: of all that show a token, one uses it. */
  rotate(shown: Shown): Promise<Rotation>;
  /** The session while it lasts, else null. */
  alive(sessionId: string, nowMs: number): Promise<SignIn | null>;
  /** Whether it was not so before: of all that lock it at once, one did. */
  lock(sessionId: string, atMs: number | null): Promise<boolean>;
  /** Its person did something. */
  seen(sessionId: string, atMs: number): Promise<void>;
  end(sessionId: string, nowMs: number): Promise<void>;
  /** Ends every session of a person but one; answers with those that it ended. */
  endAllOf(personId: string, nowMs: number, but: string | null): Promise<string[]>;
  close(): void;
}

/** Sessions in the till's own database. */
export function databaseSessions(store: Store): SessionStore {
  const { signIns } = store;
  return {
    async begin({ tokenHash, ...session }) {
      store.transact(() => {
        signIns.begin(session);
        signIns.addToken(tokenHash, session.sessionId, session.untilMs);
      });
    },
    async rotate({ tokenHash, nextHash, deviceHash, nowMs, graceMs, untilMs }) {
      return store.transact((): Rotation => {
        const token = signIns.token(tokenHash);
        const signIn = token && token.untilMs > nowMs && signIns.alive(token.sessionId, nowMs);
        if (!token || !signIn) return { kind: 'unknown' };
        if (signIn.deviceHash !== deviceHash) return { kind: 'other_device', signIn };
        if (token.usedAtMs !== null && Math.abs(nowMs - token.usedAtMs) > graceMs)
          return { kind: 'reused', signIn };
        if (token.usedAtMs === null) signIns.markUsed(tokenHash, nowMs);
        signIns.addToken(nextHash, signIn.sessionId, untilMs);
        signIns.prolong(signIn.sessionId, untilMs);
        return { kind: token.usedAtMs === null ? 'rotated' : 'again', signIn };
      });
    },
    async alive(sessionId, nowMs) {
      return signIns.alive(sessionId, nowMs) ?? null;
    },
    async lock(sessionId, atMs) {
      return store.transact(() => signIns.lock(sessionId, atMs));
    },
    async seen(sessionId, atMs) {
      store.transact(() => signIns.seen(sessionId, atMs));
    },
    async end(sessionId, nowMs) {
      store.transact(() => signIns.end(sessionId, nowMs));
    },
    async endAllOf(personId, nowMs, but) {
      return store.transact(() => {
        const ended = signIns.ofPerson(personId).filter((sessionId) => sessionId !== but);
        for (const sessionId of ended) signIns.end(sessionId, nowMs);
        return ended;
      });
    },
    close() {},
  };
}
