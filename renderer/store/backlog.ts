import type { OutboxStatus, TillStatus } from '../../contract/till.ts';

/** Questions that went unanswered, from the first of them until all are answered. */
export interface Backlog {
  /** As many as there ever were at once. */
  peak: number;
  /** It is worth a word: an ability was lost meanwhile, or the oldest waits long. */
  isOutage: boolean;
  /** When the last of them was answered; null while any is left. */
  endedAt: string | null;
}

/** A single silence is no outage: the next question mostly ends it. */
const LONG_MS = 20_000;
/** How long the end of an outage stays on the screen. */
const ENDED_SHOWN_MS = 12_000;

/** The backlog after the status `next`, told at `at`, which came after `before`. */
export function nextBacklog(
  backlog: Backlog | null,
  before: TillStatus | null,
  next: TillStatus,
  at: string,
): Backlog | null {
  const left = next.outbox.unanswered;
  const running = backlog?.endedAt === null ? backlog : null;
  if (left === 0 && running === null) return backlog;
  const oldestAt = next.outbox.oldestAt ?? before?.outbox.oldestAt ?? null;
  const isOutage = running?.isOutage || hasLost(before) || hasLost(next) || isLong(oldestAt, Date.parse(at));
  if (left > 0) return { peak: Math.max(running?.peak ?? 0, left), isOutage, endedAt: null };
  return running && isOutage ? { ...running, isOutage, endedAt: at } : null;
}

/** What the screen says of the backlog; null for nothing. */
export type BacklogView =
  | {
      phase: 'waiting' | 'draining';
      left: number;
      peak: number;
      oldestAt: string | null;
      nextAt: string | null;
    }
  | { phase: 'ended' };

/** `now`: the backend's time, milliseconds. */
export function backlogView(
  backlog: Backlog | null,
  outbox: OutboxStatus | undefined,
  now: number,
): BacklogView | null {
  if (backlog === null || outbox === undefined) return null;
  if (backlog.endedAt !== null)
    return now - Date.parse(backlog.endedAt) < ENDED_SHOWN_MS ? { phase: 'ended' } : null;
  const { unanswered: left, oldestAt, nextAt } = outbox;
  if (!backlog.isOutage && !isLong(oldestAt, now)) return null;
  const { peak } = backlog;
  return { phase: left < peak ? 'draining' : 'waiting', left, peak, oldestAt, nextAt };
}

function isLong(oldestAt: string | null, now: number): boolean {
  return oldestAt !== null && now - Date.parse(oldestAt) >= LONG_MS;
}

function hasLost(status: TillStatus | null): boolean {
  if (status === null) return false;
  const { charging, seesPayments, channels } = status;
  return !charging.ok || !seesPayments.ok || channels.some((each) => !each.charging.ok);
}
