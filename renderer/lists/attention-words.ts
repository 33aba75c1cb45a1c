import type { OutboxEntry } from '../../contract/outbox.ts';
import { keyOf, type Words } from '../i18n/index.ts';
import { yuanText } from '../money.ts';

/** What the words about an entry are filled with. */
export function values(t: Words, entry: OutboxEntry) {
  return {
    wallet: entry.channel ? t(`wallet.${entry.channel}`) : '',
    platform: entry.channel ? t(`platform.${entry.channel}`) : '',
    amount: entry.amountFen === null ? '' : yuanText(entry.amountFen),
    trade: entry.tradeNo ?? entry.orderNo,
    refund: entry.refundNo ?? '',
    asked: t(`attention.asked.${entry.kind}`),
  };
}

/** A parked entry always says why; one that does not is shown as the commonest case. */
function whyOf(entry: OutboxEntry): NonNullable<OutboxEntry['why']> {
  return entry.why ?? 'not_understood';
}

/** In one line: what is the matter. */
export function headline(t: Words, entry: OutboxEntry): string {
  return t(`attention.title.${whyOf(entry)}`, values(t, entry));
}

/** In a sentence or two: what happened. */
export function story(t: Words, entry: OutboxEntry): string {
  return t(`attention.story.${whyOf(entry)}`, values(t, entry));
}

/** What a person does next, in order. */
export function nextSteps(t: Words, entry: OutboxEntry): string[] {
  return t(`attention.steps.${whyOf(entry)}`, values(t, entry)).split('\n');
}

const GROUPS: Partial<Record<OutboxEntry['kind'], 'give_back' | 'refund' | 'find' | 'tell'>> = {
  give_back: 'give_back',
  refund: 'refund',
  refund_query: 'refund',
  refund_find: 'find',
  tell: 'tell',
};

/** What ending it by hand means for this kind of entry. */
export function endingMeans(t: Words, entry: OutboxEntry): string[] {
  const group = GROUPS[entry.kind] ?? 'ask';
  return t(`attention.means.${group}`, values(t, entry)).split('\n');
}

/** The last outcome in words, `unknown:not_genuine` by its cause; a word that we do not know stays as it is. */
export function outcomeWords(t: Words, outcome: string): string {
  const [kind = '', detail = ''] = outcome.split(':');
  const key = keyOf('outcome', kind === 'unknown' ? detail : kind);
  return key ? t(key, { detail }) : outcome;
}
