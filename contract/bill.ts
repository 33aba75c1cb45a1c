import { z } from 'zod';
import { Instant } from './money.ts';
import { Approval } from './people.ts';
import { Channel } from './trade.ts';

export const BILL_KINDS = ['trade', 'fund_flow'] as const;
/** `trade`: payments and refunds · `fund_flow`: movements of the merchant's account, with fees. */
export const BillKind = z.enum(BILL_KINDS);

export const LINE_CLASSES = [
  'matched',
  'fee',
  'other_till',
  'withdrawal',
  'missing_here',
  'missing_there',
  'amount_differs',
  'refund_differs',
  'unlisted',
] as const;
/**
 * `matched` both sides say the same · `fee` the wallet's charge · `other_till` another till's, or another
 * system's, of the same merchant · `withdrawal` of the merchant's money to its bank · `missing_here` on the bill alone · `missing_there` here alone ·
 * `amount_differs`, `refund_differs` · `unlisted` a word of the wallet that no table here knows.
 */
export const LineClass = z.enum(LINE_CLASSES);
export type LineClass = z.infer<typeof LineClass>;

/** What a person decides about, once no question to the wallet can. */
export const DIFFERENCES = [
  'missing_here',
  'missing_there',
  'amount_differs',
  'refund_differs',
  'unlisted',
] as const satisfies LineClass[];

/**
 * How far a bill is that is being worked on: `fetching` the wallet is asked where it is · `reading` bytes of the file ·
 * `asking` differences that the wallet was asked about, of so many at most. `of` is null where the whole is not known.
 */
export const BillProgress = z.object({
  phase: z.enum(['fetching', 'reading', 'asking']),
  done: z.int(),
  of: z.int().nullable(),
});
export type BillProgress = z.infer<typeof BillProgress>;

export const Bill = z.object({
  billId: z.int(),
  channel: Channel,
  /** The wallet's day, `yyyy-MM-dd` in China. */
  day: z.iso.date(),
  kind: BillKind,
  source: z.enum(['wallet', 'file']),
  fileName: z.string().nullable(),
  /** `running` it is being read · `asking` read, the wallet is asked about differences · `done` · `failed`. */
  state: z.enum(['running', 'asking', 'done', 'failed']),
  /** Why it failed, in a word of ours; null otherwise. */
  fault: z.string().nullable(),
  /** Lines read so far. */
  lines: z.int(),
  counts: z.array(z.object({ class: LineClass, count: z.int() })),
  /** Differences that wait for a person. */
  open: z.int(),
  paidFen: z.int(),
  refundedFen: z.int(),
  /** What the wallet keeps of it, in thousandths of a fen. */
  feeMilliFen: z.int(),
  /** Of a bill of movements: what the day's trade bill comes to; null where it was not read, and of a trade bill. */
  tradeBill: z.object({ paidFen: z.int(), refundedFen: z.int(), feeMilliFen: z.int() }).nullable(),
  /** Null once it is done or failed, and where another process works on it. */
  progress: BillProgress.nullable(),
  begunAt: Instant,
  endedAt: Instant.nullable(),
});
export type Bill = z.infer<typeof Bill>;

export const BillLine = z.object({
  line: z.int(),
  kind: z.enum(['payment', 'refund', 'fee', 'withdrawal', 'other']),
  class: LineClass,
  /** A word of ours that says more than the class. */
  why: z.string().nullable(),
  tradeNo: z.string().nullable(),
  providerTradeNo: z.string().nullable(),
  refundNo: z.string().nullable(),
  /** On the bill; null when it is not there. */
  amountFen: z.int().nullable(),
  /** In this till's ledger; null when it is not here. */
  hereFen: z.int().nullable(),
  feeMilliFen: z.int(),
  at: Instant.nullable(),
  /** The wallet's own word. */
  status: z.string(),
  /** What the wallet said when it was asked about this difference; null when it was not asked, or did not answer. */
  said: z.enum(['paid', 'not_paid', 'refunded', 'not_refunded', 'contradicts']).nullable(),
  /** `settled` the wallet's answer settled it · `by_person` a person decided, for `reason`. */
  resolution: z.enum(['settled', 'by_person']).nullable(),
  reason: z.string().nullable(),
});
export type BillLine = z.infer<typeof BillLine>;

export const BillRef = z.object({ billId: z.coerce.number().int().positive() });

export const FetchBillInput = z.object({
  channel: Channel,
  day: z.iso.date(),
  kind: BillKind.default('trade'),
});

export const ResolveLineInput = BillRef.extend({
  line: z.coerce.number().int().positive(),
  /** Why the difference is none any more. */
  reason: z.string().trim().min(1).max(200),
  approval: Approval.optional(),
});

/** Differences that one call decides. */
const RESOLVED_AT_ONCE_MAX = 500;
export const ResolveLinesInput = ResolveLineInput.omit({ line: true }).extend({
  lines: z.array(z.int().positive()).min(1).max(RESOLVED_AT_ONCE_MAX),
});

export const DropBillInput = FetchBillInput.extend({
  fileName: z.string().min(1).max(200),
  /** How long the file is: without it nobody can say how much of it is still to come. */
  fileBytes: z.int().min(0).optional(),
});

/** The most of a file that one call carries, bytes. */
export const UPLOAD_PIECE_BYTES = 40 * 1024;

export const UploadPieceInput = BillRef.extend({
  /** Where the piece belongs, bytes from the file's beginning: a piece that was taken already is not taken twice. */
  position: z.int().min(0),
  base64: z.base64().max(UPLOAD_PIECE_BYTES * 1.4),
  isLast: z.boolean(),
});
