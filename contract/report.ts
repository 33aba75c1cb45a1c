import { z } from 'zod';
import { Instant } from './money.ts';
import { Channel } from './trade.ts';

/** The longest report, accounting days: a year with its leap day. */
export const REPORT_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

const Wish = {
  /** Up to now: `week` since Monday, `month` since the first. Absent: from `from` to `to`, or today. */
  period: z.enum(['today', 'week', 'month']).optional(),
  /** Accounting days of the store, both included. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
};

function isRange({ period, from, to }: { period?: unknown; from?: string; to?: string }): boolean {
  if (from === undefined && to === undefined) return true;
  if (period !== undefined || from === undefined || to === undefined) return false;
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  return days >= 1 && days <= REPORT_DAYS_MAX;
}
const RANGE_WORDS = 'Either `period`, or `from` and `to` in this order, of at most 366 days.';

export const ReportInput = z.object(Wish).refine(isRange, RANGE_WORDS);
export const ReportCsvInput = z
  .object({ ...Wish, lang: z.enum(['zh', 'en']).default('zh') })
  .refine(isRange, RANGE_WORDS);

const Sums = z.object({
  paidFen: z.int(),
  paidCount: z.int(),
  /** Given back then, whenever it was paid. */
  refundedFen: z.int(),
  refundedCount: z.int(),
});
const ChannelSums = Sums.extend({ channel: Channel });
const Split = Sums.extend({ byChannel: z.array(ChannelSums) });
const HourSums = Split.extend({
  /** The store's clock, 0…23. */
  hour: z.int(),
});

/** Takings of a range of accounting days. Each of its figures adds up to the same total. */
export const Report = z.object({
  from: z.iso.date(),
  to: z.iso.date(),
  /** Until then everything is in it. */
  asOf: Instant,
  totals: Sums.extend({
    /** What a payment brings in the middle; null when there was none. */
    meanFen: z.int().nullable(),
    /** What was given back of 10,000 fen that were taken; null when nothing was. */
    refundPer10000: z.int().nullable(),
    /** Of it, paid after it was closing or closed. */
    lateFen: z.int(),
    lateCount: z.int(),
    /** Of it, paid a second time. */
    surplusFen: z.int(),
    surplusCount: z.int(),
  }),
  /** From code to payment, in whole seconds: so long half of them took at most, and 95 of 100. Null: nothing to tell. */
  wait: z.object({ count: z.int(), p50Ms: z.int(), p95Ms: z.int() }).nullable(),
  byHour: z.array(HourSums),
  byDay: z.array(Split.extend({ day: z.iso.date() })),
  byChannel: z.array(ChannelSums),
  /** Who took most comes first. */
  byCashier: z.array(
    z.object({
      /** As `GET /trades` takes it; null where nobody was signed in. */
      cashier: z.string().nullable(),
      name: z.string().nullable(),
      kind: z.enum(['person', 'integrator', 'till']),
      paidFen: z.int(),
      paidCount: z.int(),
    }),
  ),
  /** What it is held against. */
  previous: z.object({
    from: z.iso.date(),
    to: z.iso.date(),
    /** Its last day counts only up to the time that it is now. */
    isPart: z.boolean(),
    totals: Sums,
    /** Of whole days. */
    byHour: z.array(HourSums),
    byDay: z.array(Split.extend({ day: z.iso.date() })),
  }),
});
export type Report = z.infer<typeof Report>;

/** Who has ever begun a charge here. */
export const Cashier = z.object({
  cashier: z.string(),
  name: z.string(),
  kind: z.enum(['person', 'integrator']),
});
export type Cashier = z.infer<typeof Cashier>;
