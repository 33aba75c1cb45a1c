import { REPORT_DAYS_MAX } from '../../contract/report.ts';
import { addDays } from './store-time.ts';

/** Accounting days, both inclusive (`yyyy-MM-dd`). */
export interface DayRange {
  from: string;
  to: string;
}

/** A week begins on Monday; weeks and months run up to today. */
export type ReportWish = { period: 'today' | 'week' | 'month' } | DayRange;

/**
 * The days that are meant, and those they are held against: the same weekday a week ago, the same weekdays of the
 * week before, the same days of the month before, or as many days right before a range of one's own.
 */
export function reportRange(wish: ReportWish, today: string): { range: DayRange; previous: DayRange } {
  if (!('period' in wish)) {
    const { from, to } = wish;
    const count = daysIn(wish).length;
    return { range: { from, to }, previous: { from: addDays(from, -count), to: addDays(from, -1) } };
  }
  switch (wish.period) {
    case 'today':
      return weekBefore({ from: today, to: today });
    case 'week':
      return weekBefore({ from: addDays(today, -daysSinceMonday(today)), to: today });
    case 'month': {
      const from = `${today.slice(0, 8)}01`;
      const before = `${addDays(from, -1).slice(0, 8)}01`;
      const sameDay = addDays(before, Number(today.slice(8)) - 1);
      // A shorter month before ends where it ends.
      const to = sameDay < from ? sameDay : addDays(from, -1);
      return { range: { from, to: today }, previous: { from: before, to } };
    }
  }
}

/** Every day of the range, oldest first. */
export function daysIn({ from, to }: DayRange): string[] {
  const days: string[] = [];
  for (let day = from; day <= to; day = addDays(day, 1)) {
    if (days.length > REPORT_DAYS_MAX) throw new RangeError(`Too many days: ${from} to ${to}.`);
    days.push(day);
  }
  return days;
}

function weekBefore(range: DayRange): { range: DayRange; previous: DayRange } {
  return { range, previous: { from: addDays(range.from, -7), to: addDays(range.to, -7) } };
}

function daysSinceMonday(day: string): number {
  return (new Date(`${day}T00:00:00.000Z`).getUTCDay() + 6) % 7;
}
