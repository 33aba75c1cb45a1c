/** The offset of the instants that leave the backend. What they name does not depend on it. */
const INSTANT_OFFSET_MS = 8 * 3_600_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Clocks of today differ from UTC by a multiple of it, before and after they are changed. */
const QUARTER_MS = HOUR_MS / 4;
/** No zone is further from UTC, with a minute to spare. */
const OFFSET_MAX_MS = 14 * HOUR_MS + 60_000;
/** Starts of days that are remembered; a report of a year needs 366. */
const STARTS_MAX = 1_000;

/** `2026-11-21T14:32:10.000+08:00` */
export function storeInstant(ms: number): string {
  return `${new Date(ms + INSTANT_OFFSET_MS).toISOString().slice(0, -1)}+08:00`;
}

/** An accounting day: its name (`yyyy-MM-dd`) and its bounds in ms since the epoch, the end exclusive. */
export interface StoreDay {
  day: string;
  startMs: number;
  endMs: number;
}

/** Bounds in ms since the epoch, the end exclusive. */
export interface StoreHour {
  hour: number;
  startMs: number;
  endMs: number;
}

/** The accounting days of a store, in its own time zone, whatever the machine's. */
export interface StoreDays {
  readonly timeZone: string;
  /** The day that holds the instant. Days follow each other without gap or overlap. */
  dayOf(ms: number): StoreDay;
  /** The bounds of a day by its name; a day that the zone skipped has none of its own and is empty. */
  boundsOf(day: string): StoreDay;
  /** The wall clock's hour in the store, 0…23. */
  hourOf(ms: number): number;
  /** The day's stretches of one hour on the wall clock, without gap; an hour that comes twice is two of them. */
  hoursOf(day: string): readonly StoreHour[];
}

/**
 * A day begins at the first instant at which the store's calendar shows it or a later one, so that clocks that
 * are put back over midnight do not begin a day twice. Throws `RangeError` for a zone that nobody knows.
 */
export function storeDays(timeZone: string): StoreDays {
  const calendar = new Intl.DateTimeFormat('en-CA-u-ca-iso8601', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  const starts = new Map<string, number>();
  const hours = new Map<string, readonly StoreHour[]>();

  function wallClock(ms: number): { day: string; hour: number } {
    const part: Record<string, string> = {};
    for (const { type, value } of calendar.formatToParts(ms)) part[type] = value;
    return { day: `${part.year}-${part.month}-${part.day}`, hour: Number(part.hour) };
  }

  function startOf(day: string): number {
    const known = starts.get(day);
    if (known !== undefined) return known;
    const midnightMs = Date.parse(`${day}T00:00:00.000Z`);
    let before = midnightMs - OFFSET_MAX_MS;
    let from = midnightMs + OFFSET_MAX_MS;
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2);
      if (wallClock(middle).day >= day) from = middle;
      else before = middle;
    }
    if (starts.size >= STARTS_MAX) starts.clear();
    starts.set(day, from);
    return from;
  }

  function boundsOf(day: string): StoreDay {
    return { day, startMs: startOf(day), endMs: startOf(addDays(day, 1)) };
  }

  function stretches({ startMs, endMs }: StoreDay): StoreHour[] {
    const found: StoreHour[] = [];
    for (let fromMs = startMs; fromMs < endMs; ) {
      const toMs = Math.min(endMs, (Math.floor(fromMs / QUARTER_MS) + 1) * QUARTER_MS);
      const { hour } = wallClock(fromMs);
      const last = found.at(-1);
      if (last?.hour === hour && toMs - last.startMs <= HOUR_MS) last.endMs = toMs;
      else found.push({ hour, startMs: fromMs, endMs: toMs });
      fromMs = toMs;
    }
    return found;
  }

  return {
    timeZone,
    boundsOf,
    dayOf(ms) {
      const shown = boundsOf(wallClock(ms).day);
      if (ms >= shown.endMs) return boundsOf(addDays(shown.day, 1));
      return ms < shown.startMs ? boundsOf(addDays(shown.day, -1)) : shown;
    },
    hourOf: (ms) => wallClock(ms).hour,
    hoursOf(day) {
      const known = hours.get(day) ?? stretches(boundsOf(day));
      if (hours.size >= STARTS_MAX) hours.clear();
      hours.set(day, known);
      return known;
    },
  };
}

/** The day so many days later, or earlier: `addDays('2026-02-28', 1)` is `2026-03-01`. */
export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00.000Z`) + count * DAY_MS).toISOString().slice(0, 10);
}
