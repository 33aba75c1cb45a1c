import type { BillLine as BillLineView, LineClass } from '../../contract/bill.ts';
import { readNumber } from './numbers.ts';
import type { Channel, TradeState } from './trade.ts';

/** A line as a wallet's bill has it; amounts in integer fen. */
interface Billed {
  kind: BillLineView['kind'];
  tradeNo: string;
  providerTradeNo: string;
  refundNo: string | null;
  amountFen: number;
}

/** What this till's ledger knows about the line's number; undefined where it knows nothing. */
export interface Here {
  trade:
    | { state: TradeState; channel: Channel; amountFen: number; providerTradeNo: string | null }
    | undefined;
  refund: { tradeNo: string; amountFen: number; isDone: boolean | 0 | 1 } | undefined;
  /** The same payment or refund was on an earlier line. */
  isRepeated: boolean;
  /**
   * Of a movement of the account, which names no till: whether the day's trade bill has it as somebody else's; null
   * when that bill was not read, or says nothing about it.
   */
  isOthers: boolean | null;
}

export interface Verdict {
  class: LineClass;
  why: string | null;
  /** In this till's ledger, integer fen; null when it is not here. */
  hereFen: number | null;
}

/**
 * What a line of a bill of `channel` means to the till `tillId`. A payment is matched by our number alone, since
 * the wallet's may not have reached us; an amount is matched to the fen. A refund by hand at the wallet's own site
 * is as much missing here as a payment.
 */
export function classify(line: Billed, here: Here, channel: Channel, tillId: string): Verdict {
  switch (line.kind) {
    case 'fee':
      return plain('fee');
    case 'withdrawal':
      return plain('withdrawal');
    case 'other':
      return plain('unlisted');
    case 'payment':
      return payment(line, here, channel, tillId);
    case 'refund':
      return refund(line, here, tillId);
  }
}

function payment(
  line: Billed,
  { trade, isRepeated, isOthers }: Here,
  channel: Channel,
  tillId: string,
): Verdict {
  if (!trade && isOthers === false) return missingHere('not_on_trade_bill');
  if (!trade) return stranger(line.tradeNo, tillId) ?? missingHere('unknown_number');
  if (isRepeated) return missingHere('twice_on_bill');
  if (trade.channel !== channel) return missingHere('other_channel');
  if (trade.state !== 'paid') return missingHere('not_paid_here');
  const hereFen = trade.amountFen;
  if (trade.amountFen !== line.amountFen) return { class: 'amount_differs', why: null, hereFen };
  if (trade.providerTradeNo !== null && trade.providerTradeNo !== line.providerTradeNo)
    return missingHere('other_wallet_number', hereFen);
  return { class: 'matched', why: null, hereFen };
}

function refund(line: Billed, { trade, refund: known, isRepeated }: Here, tillId: string): Verdict {
  if (!known) {
    if (!trade) return stranger(line.tradeNo, tillId) ?? missingHere('unknown_number');
    // A bill of movements has only the wallet's own number, under which nobody can ask.
    return missingHere(line.refundNo === null ? 'refund_unnamed' : 'refund_unknown');
  }
  const hereFen = known.amountFen;
  if (known.tradeNo !== line.tradeNo) return { class: 'refund_differs', why: 'other_trade', hereFen };
  if (isRepeated) return missingHere('twice_on_bill', hereFen);
  if (known.amountFen !== line.amountFen) return { class: 'refund_differs', why: 'refund_amount', hereFen };
  if (!known.isDone) return missingHere('refund_not_done', hereFen);
  return { class: 'matched', why: null, hereFen };
}

/** Another till's number says whose it is; one that no till made is another system's. */
function stranger(tradeNo: string, tillId: string): Verdict | null {
  const number = readNumber(tradeNo);
  if (number?.tillId === tillId) return null;
  return { class: 'other_till', why: number ? number.tillId : 'other_system', hereFen: null };
}

function plain(name: LineClass): Verdict {
  return { class: name, why: null, hereFen: null };
}

function missingHere(why: string, hereFen: number | null = null): Verdict {
  return { class: 'missing_here', why, hereFen };
}
