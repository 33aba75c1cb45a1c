import type { Report } from '../../contract/report.ts';
import type { Language } from '../i18n/index.ts';
import type { Bar } from './bars.tsx';

/** A shop's day, where nothing happened outside of it. */
const OPENS = 8;
const CLOSES = 22;

/** The hours in which something was taken, now or before, and those of a usual day. */
export function hourBars({ byHour, previous }: Report): Bar[] {
  const busy = byHour.flatMap(({ hour, paidFen }) =>
    paidFen > 0 || (previous.byHour[hour]?.paidFen ?? 0) > 0 ? [hour] : [],
  );
  const [first, last] = [Math.min(OPENS, ...busy), Math.max(CLOSES - 1, ...busy)];
  return byHour.slice(first, last + 1).map(({ hour, paidFen, paidCount, byChannel }) => ({
    label: two(hour),
    name: `${two(hour)}:00–${two(hour + 1)}:00`,
    ...{ paidFen, paidCount, byChannel },
    beforeFen: previous.byHour[hour]?.paidFen ?? 0,
  }));
}

/** Bars of more days than this would be too thin to point at: months stand for them. */
const DAYS_MAX = 62;

export function isByMonth({ byDay }: Report): boolean {
  return byDay.length > DAYS_MAX;
}

/** One bar a day; of a long range, one a month. */
export function dayBars(report: Report, language: Language): Bar[] {
  return isByMonth(report) ? monthBars(report) : singleDays(report, language);
}

function monthBars({ byDay, previous }: Report): Bar[] {
  const months = new Map<string, Bar & { beforeFen: number }>();
  for (const [index, { day, paidFen, paidCount, byChannel }] of byDay.entries()) {
    const name = day.slice(0, 7);
    const bar = months.get(name) ?? {
      label: day.slice(5, 7),
      name,
      paidFen: 0,
      paidCount: 0,
      byChannel: [],
      beforeFen: 0,
    };
    const channels = new Map(bar.byChannel.map((part) => [part.channel, part.paidFen]));
    for (const part of byChannel)
      channels.set(part.channel, (channels.get(part.channel) ?? 0) + part.paidFen);
    months.set(name, {
      ...bar,
      paidFen: bar.paidFen + paidFen,
      paidCount: bar.paidCount + paidCount,
      byChannel: [...channels].map(([channel, fen]) => ({ channel, paidFen: fen })),
      beforeFen: bar.beforeFen + (previous.byDay[index]?.paidFen ?? 0),
    });
  }
  return [...months.values()];
}

function singleDays({ byDay, previous }: Report, language: Language): Bar[] {
  const isShort = byDay.length <= 7;
  return byDay.map(({ day, paidFen, paidCount, byChannel }, index) => {
    const weekday = weekdayOf(day, language);
    return {
      label: isShort ? weekday : day.slice(8),
      name: `${day} ${weekday}`,
      ...{ paidFen, paidCount, byChannel },
      beforeFen: previous.byDay[index]?.paidFen ?? null,
    };
  });
}

/** `2026-11-14`, or `11-09 – 11-14`. */
export function rangeWords({ from, to }: { from: string; to: string }): string {
  if (from === to) return from.slice(5);
  const short = from.slice(0, 4) === to.slice(0, 4) ? 5 : 0;
  return `${from.slice(short)} – ${to.slice(short)}`;
}

function weekdayOf(day: string, language: Language): string {
  const at = new Date(`${day}T00:00:00.000Z`);
  return new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' }).format(at);
}

function two(hour: number): string {
  return String(hour).padStart(2, '0');
}
