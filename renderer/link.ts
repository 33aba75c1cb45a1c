import { createORPCClient, getEventMeta } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { TillEvent } from '../contract/events.ts';
import type { Contract } from '../contract/index.ts';
import { after } from './clock.ts';
import { type Credentials, noCredentials } from './credentials.ts';
import { LinkError, linkError } from './link-error.ts';
import type { Line, OpenLine } from './link-line.ts';

export type Api = ContractRouterClient<Contract>;
const CALL_DEADLINE_MS = 10_000;
/** Creating a charge waits for two wallets. */
const CHARGE_DEADLINE_MS = 40_000;

/** They give tokens, or give them up: an old one does not matter to them. */
const NEEDS_NO_TOKEN = ['auth.login', 'auth.refresh', 'auth.logout'];

export interface Link {
  api: Api;
  /** What happens, each with the position to resume from where it has one. Ends or throws when the line is lost. */
  events(
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<{ id: string | undefined; event: TillEvent }>;
  /** Keeps what a sign-in handed out; nulls forget it. */
  keep(credentials: Credentials): void;
  renew(): Promise<boolean>;
  /** Whether silence must be asked about: this line has no sign of life of its own. */
  needsPing: boolean;
}

/** The window's only way to the backend, over whichever line `open` gives. A call never hangs: it has a deadline. */
export function createLink(open: OpenLine, options: { needsPing: boolean; credentials?: Credentials }): Link {
  const credentials = options.credentials ?? noCredentials();
  let line: Promise<Line> | null = null;

  function current(): Promise<Line> {
    if (line === null) {
      const opened = open(() => drop(opened));
      line = opened;
      opened.catch(() => drop(opened));
    }
    return line;
  }

  function drop(lost: Promise<Line>): void {
    if (line === lost) line = null;
  }

  let renewing: Promise<boolean> | null = null;

  /** Fresh tokens, once for all calls that miss them at the same time; false where nobody is signed in any more. */
  function renew(): Promise<boolean> {
    renewing ??= (async () => {
      try {
        const { refreshToken } = credentials;
        keep(await api.auth.refresh(refreshToken === null ? {} : { refreshToken }));
        return true;
      } catch {
        return false;
      } finally {
        renewing = null;
      }
    })();
    return renewing;
  }

  function keep({ accessToken, refreshToken }: Credentials): void {
    Object.assign(credentials, { accessToken, refreshToken });
  }

  const api: Api = createORPCClient({
    /**
     * A call that nobody was signed in for was not carried out: it is repeated under fresh tokens. So is one whose
     * token was too old, which is `unauthorized`; where there are no fresh ones it is repeated without any, so that
     * the backend says how this window stands.
     */
    async call(path, input, callOptions) {
      const { accessToken } = credentials;
      try {
        return await callOnce(path, input, callOptions);
      } catch (error) {
        if (!(error instanceof LinkError) || NEEDS_NO_TOKEN.includes(path.join('.'))) throw error;
        const isTooOld = error.code === 'unauthorized' && accessToken !== null;
        if (!isTooOld && (error.code !== 'sign_in_needed' || path[0] === 'auth')) throw error;
        // Another call may have renewed them meanwhile.
        const isFresh = credentials.accessToken !== accessToken || (await renew());
        if (!isFresh && !isTooOld) throw error;
        if (!isFresh && credentials.accessToken === accessToken) credentials.accessToken = null;
        return await callOnce(path, input, callOptions);
      }
    },
  });

  async function callOnce(...[path, input, callOptions]: Parameters<Line['call']>): ReturnType<Line['call']> {
    const used = current();
    const deadlineMs = path.join('.') === 'charges.create' ? CHARGE_DEADLINE_MS : CALL_DEADLINE_MS;
    const expired = new AbortController();
    let stop = () => {};
    const late = new Promise<never>((_, reject) => {
      stop = after(deadlineMs, () => {
        expired.abort();
        // A call on a dead port never settles; the next one shakes hands afresh.
        drop(used);
        reject(new LinkError('link_timeout'));
      });
    });
    const isStream = path[0] === 'events';
    // The deadline of a stream is for its opening; the stream itself is ended by the caller's signal.
    const signals = [callOptions.signal, isStream ? undefined : expired.signal];
    const signal = AbortSignal.any(signals.filter((each) => each !== undefined));
    const answer = (async () => (await used).call(path, input, { ...callOptions, signal }))();
    answer.catch(() => {});
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw linkError(error);
    } finally {
      stop();
    }
  }

  return {
    api,
    keep,
    renew,
    needsPing: options.needsPing,
    async *events(lastEventId, signal) {
      const stream = await api.events(undefined, { signal, lastEventId });
      for await (const event of stream) yield { id: getEventMeta(event)?.id, event };
    },
  };
}
