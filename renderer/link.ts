import { createORPCClient, getEventMeta } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { TillEvent } from '../contract/events.ts';
import type { Contract } from '../contract/index.ts';
import { after } from './clock.ts';
import { LinkError, linkError } from './link-error.ts';
import type { Line, OpenLine } from './link-line.ts';

export type Api = ContractRouterClient<Contract>;
const CALL_DEADLINE_MS = 10_000;
/** Creating a charge waits for two wallets. */
const CHARGE_DEADLINE_MS = 40_000;

export interface Link {
  api: Api;
  /** What happens, each with the position to resume from where it has one. Ends or throws when the line is lost. */
  events(
    lastEventId: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<{ id: string | undefined; event: TillEvent }>;
  /** Whether silence must be asked about: this line has no sign of life of its own. */
  needsPing: boolean;
}

/** The window's only way to the backend, over whichever line `open` gives. A call never hangs: it has a deadline. */
export function createLink(open: OpenLine, options: { needsPing: boolean }): Link {
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

  const api: Api = createORPCClient({
    async call(path, input, callOptions) {
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
    },
  });

  return {
    api,
    needsPing: options.needsPing,
    async *events(lastEventId, signal) {
      const stream = await api.events(undefined, { signal, lastEventId });
      for await (const event of stream) yield { id: getEventMeta(event)?.id, event };
    },
  };
}
