import type { ErrorData } from '../contract/errors.ts';
import type { Words } from './i18n/index.ts';
import { keyOf } from './i18n/index.ts';
import type { LinkErrorCode } from './link-error.ts';
import { clockTime } from './times.ts';

/** Who has an order, as far as the backend could tell. */
export type HeldBy = Pick<ErrorData, 'holder' | 'until'>;

/** An error in the user's words; with who has the order and until when, where that is known. */
export function errorWords(t: Words, code: LinkErrorCode, { holder, until }: HeldBy): string {
  if (code === 'sign_in_locked')
    return t(`errors.${code}`, { until: until === undefined ? '' : clockTime(until) });
  const held = holder === undefined ? null : keyOf('errors.held', code);
  if (held === null || holder === undefined) return t(`errors.${code}`);
  const who = t(held, { holder });
  return until === undefined ? who : `${who}${t('errors.held.until', { time: clockTime(until) })}`;
}
