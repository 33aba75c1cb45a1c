import type { Channel } from './trade.ts';

/** What one cashier took with one wallet. Fen. */
export interface Taken {
  channel: Channel;
  /** As `cashier.ts` names them. */
  cashier: string | null;
  paidFen: number;
  paidCount: number;
  /** Of it, paid after it was closing or closed. */
  lateFen: number;
  lateCount: number;
  /** Of it, paid a second time. */
  surplusFen: number;
  surplusCount: number;
}

/** How many payments came so many whole seconds after their code. */
export interface Waits {
  seconds: number;
  count: number;
}

/** What went back to one wallet's customers. Fen. */
export interface Returned {
  channel: Channel;
  refundedFen: number;
  refundedCount: number;
}

/** All that reports know of a stretch of time. */
export interface HourTotals {
  taken: readonly Taken[];
  waits: readonly Waits[];
  returned: readonly Returned[];
}

/** A stretch of an accounting day in which the store's clock shows the same hour, 0…23. */
interface ReportHour {
  hour: number;
  totals: HourTotals;
}

export interface ReportDay {
  /** `yyyy-MM-dd` */
  day: string;
  hours: readonly ReportHour[];
}

export interface Sums {
  paidFen: number;
  paidCount: number;
  refundedFen: number;
  refundedCount: number;
}

type ByChannel = { channel: Channel } & Sums;
/** Sums with what each wallet has in them, by name. */
type Split = Sums & { byChannel: ByChannel[] };

export interface Figures {
  totals: Sums & Pick<Taken, 'lateFen' | 'lateCount' | 'surplusFen' | 'surplusCount'>;
  /** All 24, whether something was taken or not. */
  byHour: ({ hour: number } & Split)[];
  /** All of the days asked for. */
  byDay: ({ day: string } & Split)[];
  byChannel: ByChannel[];
  /** Who took most comes first. */
  byCashier: { cashier: string | null; paidFen: number; paidCount: number }[];
  /** From code to payment, whole seconds: half of the payments came within the one, 95 of 100 within the other. */
  waits: { count: number; p50: number; p95: number } | null;
}

const HOURS = 24;

/** Adds up days. Each figure is a sum of the same parts, so that all of them tell the same total. */
export function figures(days: readonly ReportDay[]): Figures {
  const totals = { ...noSums(), lateFen: 0, lateCount: 0, surplusFen: 0, surplusCount: 0 };
  const byHour = Array.from({ length: HOURS }, (_, hour) => ({ hour, ...noSums(), ...noChannels() }));
  const byDay: (Figures['byDay'][number] & Channels)[] = [];
  const all = noChannels();
  const cashiers = new Map<string | null, { paidFen: number; paidCount: number }>();
  const seconds = new Map<number, number>();

  for (const { day, hours } of days) {
    const ofDay = { day, ...noSums(), ...noChannels() };
    byDay.push(ofDay);
    for (const { hour, totals: parts } of hours) {
      const ofHour = byHour[hour];
      if (!ofHour) throw new RangeError(`No clock shows hour ${hour}.`);
      const sums = [totals, ofDay, ofHour];
      const channels = [all, ofDay, ofHour];
      for (const part of [...parts.taken, ...parts.returned]) {
        for (const sum of [...sums, ...channels.map(({ byName }) => channelIn(byName, part.channel))])
          add(sum, part);
      }
      for (const part of parts.taken) {
        for (const name of ['lateFen', 'lateCount', 'surplusFen', 'surplusCount'] as const)
          totals[name] += part[name];
        const cashier = cashiers.get(part.cashier) ?? { paidFen: 0, paidCount: 0 };
        cashiers.set(part.cashier, cashier);
        cashier.paidFen += part.paidFen;
        cashier.paidCount += part.paidCount;
      }
      for (const wait of parts.waits)
        seconds.set(wait.seconds, (seconds.get(wait.seconds) ?? 0) + wait.count);
    }
  }

  return {
    totals,
    byHour: byHour.map(split),
    byDay: byDay.map(split),
    byChannel: split(all).byChannel,
    byCashier: [...cashiers]
      .map(([cashier, sum]) => ({ cashier, ...sum }))
      .sort((a, b) => b.paidFen - a.paidFen || inOrder(a.cashier ?? '', b.cashier ?? '')),
    waits: percentiles(seconds),
  };
}

/** What was taken and given back in all of them together. */
export function sumsOf(parts: readonly HourTotals[]): Sums {
  const sums = noSums();
  for (const { taken, returned } of parts) for (const part of [...taken, ...returned]) add(sums, part);
  return sums;
}

interface Channels {
  byName: Map<Channel, ByChannel>;
}

function noSums(): Sums {
  return { paidFen: 0, paidCount: 0, refundedFen: 0, refundedCount: 0 };
}

function noChannels(): Channels & { byChannel: ByChannel[] } {
  return { byName: new Map(), byChannel: [] };
}

function channelIn(byName: Channels['byName'], channel: Channel): ByChannel {
  const known = byName.get(channel) ?? { channel, ...noSums() };
  byName.set(channel, known);
  return known;
}

function add(sums: Sums, part: Partial<Sums>): void {
  sums.paidFen += part.paidFen ?? 0;
  sums.paidCount += part.paidCount ?? 0;
  sums.refundedFen += part.refundedFen ?? 0;
  sums.refundedCount += part.refundedCount ?? 0;
}

function split<T extends Channels>({ byName, ...rest }: T): Omit<T, 'byName'> & { byChannel: ByChannel[] } {
  const byChannel = [...byName.values()].sort((a, b) => inOrder(a.channel, b.channel));
  return { ...rest, byChannel };
}

function inOrder(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** The nearest rank: the smallest wait within which so many of them lie. */
function percentiles(seconds: ReadonlyMap<number, number>): Figures['waits'] {
  const sorted = [...seconds].sort(([a], [b]) => a - b);
  const count = sorted.reduce((sum, [, each]) => sum + each, 0);
  if (count === 0) return null;
  const within = (percent: number) => {
    let left = Math.ceil((count * percent) / 100);
    for (const [value, each] of sorted) {
      left -= each;
      if (left <= 0) return value;
    }
    return 0;
  };
  return { count, p50: within(50), p95: within(95) };
}
