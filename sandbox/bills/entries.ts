import type { LedgerChannel, LedgerSnapshot } from '../ledger/ledger.ts';

const DAY_MS = 86_400_000;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/** One row of a bill, as the wallet's ledger has it; a withdrawal is on bills of movements alone. */
export interface BillEntry {
  kind: 'payment' | 'refund' | 'withdrawal';
  tradeNo: string;
  providerTradeNo: string;
  refundNo: string | null;
  providerRefundNo: string | null;
  amountFen: number;
  /** Of the trade as a whole. */
  totalFen: number;
  /** Paid or refunded, ms since the epoch. */
  atMs: number;
  subject: string;
}

/** A difference that somebody wants on a bill: the ledger stays the truth. */
export interface BillSeed {
  channel: LedgerChannel;
  /** `yyyy-MM-dd` in China. */
  day: string;
  change: /** The row of this payment, or refund, is left out. */
    | { kind: 'omit'; no: string }
    /** The row has another amount. */
    | { kind: 'amount'; no: string; amountFen: number }
    /** A payment that the ledger has not. */
    | { kind: 'add'; tradeNo: string; amountFen: number }
    /** The merchant took so much to its bank. */
    | { kind: 'withdraw'; no: string; amountFen: number };
}

/** The bounds of a bill's day, China time, the end exclusive; null when it is no day. */
export function billDayBounds(day: string): { startMs: number; endMs: number } | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const midnightMs = Date.parse(`${day}T00:00:00.000Z`);
  if (Number.isNaN(midnightMs) || new Date(midnightMs).toISOString().slice(0, 10) !== day) return null;
  return { startMs: midnightMs - CHINA_OFFSET_MS, endMs: midnightMs - CHINA_OFFSET_MS + DAY_MS };
}

/** What happened at a wallet on a day, in order, with the differences that were asked for. */
export function billEntries(
  ledger: LedgerSnapshot,
  seeds: readonly BillSeed[],
  channel: LedgerChannel,
  bounds: { startMs: number; endMs: number },
): BillEntry[] {
  const isIn = (ms: number | null): ms is number => ms !== null && ms >= bounds.startMs && ms < bounds.endMs;
  const trades = new Map(
    ledger.trades.filter((trade) => trade.channel === channel).map((trade) => [trade.tradeNo, trade]),
  );
  const entries: BillEntry[] = [];
  for (const trade of trades.values())
    if (isIn(trade.paidAtMs))
      entries.push({
        kind: 'payment',
        tradeNo: trade.tradeNo,
        providerTradeNo: trade.providerTradeNo ?? '',
        refundNo: null,
        providerRefundNo: null,
        amountFen: trade.amountFen,
        totalFen: trade.amountFen,
        atMs: trade.paidAtMs,
        subject: trade.subject,
      });
  for (const refund of ledger.refunds) {
    const trade = trades.get(refund.tradeNo);
    if (refund.channel !== channel || !trade || !isIn(refund.refundedAtMs)) continue;
    entries.push({
      kind: 'refund',
      tradeNo: refund.tradeNo,
      providerTradeNo: trade.providerTradeNo ?? '',
      refundNo: refund.refundNo,
      providerRefundNo: refund.providerRefundNo,
      amountFen: refund.amountFen,
      totalFen: trade.amountFen,
      atMs: refund.refundedAtMs,
      subject: trade.subject,
    });
  }
  return seeds
    .reduce((kept, { change }) => seeded(kept, change, bounds.startMs), entries)
    .sort((a, b) => a.atMs - b.atMs);
}

function seeded(entries: BillEntry[], change: BillSeed['change'], dayMs: number): BillEntry[] {
  switch (change.kind) {
    case 'omit':
      return entries.filter((entry) => numberOf(entry) !== change.no);
    case 'amount':
      return entries.map((entry) =>
        numberOf(entry) === change.no ? { ...entry, amountFen: change.amountFen } : entry,
      );
    case 'add':
      return [...entries, added('payment', change.tradeNo, change.amountFen, dayMs)];
    case 'withdraw':
      return [...entries, added('withdrawal', change.no, change.amountFen, dayMs)];
  }
}

function added(kind: BillEntry['kind'], no: string, amountFen: number, dayMs: number): BillEntry {
  return {
    kind,
    tradeNo: no,
    providerTradeNo: kind === 'withdrawal' ? no : `4200${no}`,
    refundNo: null,
    providerRefundNo: null,
    amountFen,
    totalFen: amountFen,
    atMs: dayMs + DAY_MS / 2,
    subject: '账单差异',
  };
}

function numberOf(entry: BillEntry): string {
  return entry.refundNo ?? entry.tradeNo;
}
