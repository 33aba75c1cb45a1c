import type { Answered, RefundOutcome, RefundQueryOutcome, Unanswered } from '../providers/provider.ts';
import type { Exchange } from '../store/exchanges.ts';
import type { OutboxEntry } from '../store/outbox-entry.ts';
import type { Tried, Verdict } from './drain.ts';
import { type Outcome, outcomeWord } from './settle.ts';

/** What the workers that ask a wallet have in common, whether about a trade or about a refund. */

/** A channel that was taken out of the configuration is looked for this often. */
export const UNCONFIGURED_MS = 60_000;

export const NOTHING: Tried = { verdict: 'answered', signals: [] };

/** What a question brought that was under way when the till ended: it may have arrived. */
export const INTERRUPTED: Answered<Unanswered> = {
  outcome: { kind: 'unknown', cause: 'no_answer', code: '', message: 'The till was restarted.' },
  exchange: { httpStatus: null, providerCode: null, requestId: null, answer: null, providerDateMs: null },
};

type Any = Outcome | RefundOutcome | RefundQueryOutcome;

/** Whether the wallet as a whole is worth asking further. */
export function verdictOf(outcome: Any): Verdict {
  if (outcome.kind !== 'unknown' || outcome.cause === 'unlisted') return 'answered';
  return outcome.cause === 'throttled' ? 'throttled' : 'silent';
}

/** A poll or a repeat that says what the last one said is no news; silence always is. */
export function isNews(entry: OutboxEntry, outcome: Any): boolean {
  return outcome.kind === 'unknown' || entry.lastOutcomes[entry.kind] !== outcomeWord(outcome);
}

/** The wire's side of an exchange, as it is kept. */
export function wireOf({
  exchange,
}: Answered<Any>): Pick<Exchange, 'httpStatus' | 'providerCode' | 'requestId' | 'answer' | 'said' | 'seal'> {
  const { httpStatus, providerCode, requestId, answer, said, seal } = exchange;
  return {
    httpStatus,
    providerCode,
    requestId,
    answer,
    said: said ? JSON.stringify(said) : null,
    seal: seal ? JSON.stringify(seal) : null,
  };
}
