import type { SignedIn, Tokens } from '../../contract/people.ts';
import type { Link } from '../link.ts';
import type { TillState } from './state.ts';

/** Who is signed in at this window, and how that changes. What fails throws `LinkError`; the window stays as it was. */
export function createSession(deps: {
  link: Link;
  get(): TillState;
  change(step: (state: TillState) => TillState): void;
  onSignedIn(): void;
}) {
  const { link, get, change } = deps;
  const { api } = link;

  function take(session: SignedIn): void {
    change((state) => ({ ...state, session }));
  }

  function signedIn(tokens: Tokens): void {
    link.keep(tokens);
    take(tokens);
    deps.onSignedIn();
  }

  return {
    async signIn(operator: string, pin: string): Promise<void> {
      signedIn(await api.auth.login({ operator, pin }));
    },
    async setUpOwner(name: string, pin: string): Promise<void> {
      signedIn(await api.people.setUpOwner({ name, pin }));
    },
    async signOut(): Promise<void> {
      await api.auth.logout();
      link.keep({ accessToken: null, refreshToken: null });
      change((state) => ({ ...state, session: null, link: { phase: 'signed_out' } }));
    },
    /** Somebody touches the till. Where the backend has locked it meanwhile, so does the window. */
    async present(): Promise<void> {
      await api.auth.present().then(
        (session) => {
          if (get().session?.person?.personId === session.person?.personId) take(session);
        },
        () => {},
      );
    },
    /** The screen is locked at once, whether or not the backend can be told. */
    async lock(): Promise<void> {
      const { session } = get();
      if (session === null || session.person === null || session.isLocked) return;
      take({ ...session, isLocked: true });
      await api.auth.lock().then(take, () => {});
    },
    async unlock(pin: string): Promise<void> {
      take(await api.auth.unlock({ pin }));
    },
  };
}
