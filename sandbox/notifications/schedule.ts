import { HOUR, MINUTE, SECOND } from '../../ports/clock.ts';
import type { HttpAnswer } from '../../ports/http.ts';
import type { LedgerChannel } from '../ledger/ledger.ts';

/** Who has not answered by then is tried again (protocol: notifications). */
export const TRY_MS = 5 * SECOND;

/** The pauses between the tries of one notification: 8 tries in 24 h 24 min, and 16 in 24 h 4 min. */
export const GAPS_MS: Readonly<Record<LedgerChannel, readonly number[]>> = {
  alipay: [4 * MINUTE, 10 * MINUTE, 10 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 15 * HOUR],
  wechat: [
    15 * SECOND,
    15 * SECOND,
    30 * SECOND,
    3 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    30 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    3 * HOUR,
    3 * HOUR,
    6 * HOUR,
    6 * HOUR,
  ],
};

/** What each wallet takes for a good answer: Alipay the very word, WeChat the status alone. */
export function isAcknowledged(channel: LedgerChannel, answer: HttpAnswer): boolean {
  if (channel === 'wechat') return answer.status === 200 || answer.status === 204;
  return answer.status === 200 && Buffer.from(answer.body).equals(SUCCESS);
}

const SUCCESS = Buffer.from('success');
