import { Webhook } from 'standardwebhooks';
import { type Clock, MINUTE, SECOND } from '../../ports/clock.ts';
import { type HttpAnswer, type HttpClient, HttpFault } from '../../ports/http.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { retryDelayMs } from '../domain/steps.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Store } from '../store/store.ts';
import type { Tried, Verdict, Worker } from './drain.ts';

/** Where the shop's systems listen, and what they know the till by. */
export interface WebhookTarget {
  /** https, or http on this machine. */
  url: string;
  /** `whsec_` and base64, as Standard Webhooks has it. */
  secret: string;
  http: HttpClient;
}

/** Messages under way at once, each of another order. */
const TELLING_MAX = 4;
/** A message that the receiver refuses so often is parked: about a quarter of an hour of trying. */
export const REFUSALS_MAX = 20;
/** A receiver may ask for so much patience at most. */
const RETRY_AFTER_MAX_MS = 15 * MINUTE;
const TIMEOUTS = {
  connectMs: 5 * SECOND,
  headersMs: 15 * SECOND,
  bodyMs: 5 * SECOND,
  totalMs: 20 * SECOND,
};

/** What a try brought: `taken` for good · `refused` by a receiver that listens · `throttled` · `silent`. */
type Told = { kind: 'taken' } | NotTaken;
type NotTaken =
  | { kind: 'refused' | 'silent'; word: string }
  | { kind: 'throttled'; word: string; forMs: number };

/**
 * Sends what the shop's systems are to be told, signed as Standard Webhooks 1.0 has it. 2xx takes a message;
 * no answer, 5xx and 429 are repeated for as long as it takes; anything else is a refusal, and after
 * {@link REFUSALS_MAX} of them a person decides. Neither address nor secret is ever logged.
 */
export function createWebhook(deps: {
  clock: Clock;
  random: Random;
  log: Log;
  store: Store;
  target: WebhookTarget;
}): Worker {
  const { clock, random, log, store } = deps;
  const { http } = deps.target;
  const signer = new Webhook(deps.target.secret);
  const { origin, pathname, search } = new URL(deps.target.url);

  async function send(payload: string, signal: AbortSignal): Promise<Told> {
    const { id } = JSON.parse(payload) as { id: string };
    const nowMs = clock.nowMs();
    try {
      const answer = await http.send(
        {
          method: 'POST',
          origin,
          path: pathname + search,
          headers: {
            'content-type': 'application/json; charset=utf-8',
            'user-agent': 'Mianfu',
            'webhook-id': id,
            'webhook-timestamp': String(Math.floor(nowMs / SECOND)),
            'webhook-signature': signer.sign(id, new Date(nowMs), payload),
          },
          body: payload,
        },
        { timeouts: TIMEOUTS, signal },
      );
      return readAnswer(answer, clock.nowMs());
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      // It listens, and says more than anybody would read.
      if (error.kind === 'body_too_large') return { kind: 'refused', word: error.kind };
      return { kind: 'silent', word: `no_answer:${error.kind}` };
    }
  }

  /** Keeps what a try brought; true when that parks the message. Call inside a transaction. */
  function keep(entry: OutboxEntry, told: NotTaken): boolean {
    const nowMs = clock.nowMs();
    const [chance = 0] = random.bytes(1);
    const attempts = entry.attempts + 1;
    const refusals = told.kind === 'refused' ? entry.puzzles + 1 : entry.puzzles;
    const isParked = told.kind === 'refused' && refusals >= REFUSALS_MAX;
    store.outbox.tried(entry.entryId, entry.kind, {
      kind: entry.kind,
      priority: entry.priority,
      dueAtMs: nowMs + retryDelayMs(attempts, told.kind !== 'silent', chance / 256),
      attempts,
      puzzles: refusals,
      park: isParked ? 'refused_by_receiver' : null,
      outcome: told.word,
      atMs: nowMs,
      answered: told.kind === 'refused',
    });
    return isParked;
  }

  return {
    queue: 'shop',
    parallel: TELLING_MAX,
    async run(entry, signal): Promise<Tried> {
      const told = await send(entry.payload ?? '', signal);
      if (signal.aborted) return { verdict: 'answered', signals: [] };
      // When this throws it is sent again, under the same id.
      const isParked = await store.transactSoon(() => {
        if (signal.aborted) return false;
        if (told.kind !== 'taken') return keep(entry, told);
        store.outbox.finish(entry.entryId);
        return false;
      });
      if (isParked)
        log.warn({ entryId: entry.entryId, orderNo: entry.orderNo }, 'message to the shop parked');
      return { verdict: verdictOf(told), signals: isParked ? [{ kind: 'status' }] : [] };
    },
  };
}

function verdictOf(told: Told): Verdict {
  if (told.kind === 'throttled') return { throttledForMs: told.forMs };
  return told.kind === 'silent' ? 'silent' : 'answered';
}

function readAnswer({ status, headers }: HttpAnswer, nowMs: number): Told {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  const word = `http:${status}`;
  if (status === 429) return { kind: 'throttled', word, forMs: retryAfterMs(headers['retry-after'], nowMs) };
  // A redirect is not followed: who is told is the operator's to say.
  return { kind: status >= 500 ? 'silent' : 'refused', word };
}

/** What `Retry-After` (RFC 9110, seconds or a date) asks for, in milliseconds; 0 when it asks for nothing. */
function retryAfterMs(value: string | undefined, nowMs: number): number {
  if (value === undefined) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * SECOND : Date.parse(value) - nowMs;
  return Number.isNaN(ms) ? 0 : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms));
}
