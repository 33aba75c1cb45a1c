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
  refund: { tradeNo: string; amountFen: number; isDone: boolean } | undefined;
  /** The same payment or refund was on an earlier line. */
  isRepeated: boolean;
}

export interface Verdict {
  class: LineClass;
  why: string | null;
  /** In this till's ledger, integer fen; null when it is not here. */
  hereFen: number | null;
}

/**
 * What a line of a bill of `channel` means to the till `tillId`. A payment is matched by our number alone, since
 * the wallet's may not have reached us; an amount is matched to the fen.
 */
export function classify(line: Billed, here: Here, channel: Channel, tillId: string): Verdict {
  switch (line.kind) {
    case 'fee':
      return { class: 'fee', why: null, hereFen: null };
    case 'other':
      return { class: 'unlisted', why: null, hereFen: null };
    case 'payment':
      return payment(line, here, channel, tillId);
    case 'refund':
      return refund(line, here, tillId);
  }
}

function payment(line: Billed, { trade, isRepeated }: Here, channel: Channel, tillId: string): Verdict {
  if (!trade)
    return stranger(line.tradeNo, tillId) ?? { class: 'missing_here', why: 'unknown_number', hereFen: null };
  if (isRepeated) return { class: 'missing_here', why: 'twice_on_bill', hereFen: null };
  if (trade.channel !== channel) return { class: 'missing_here', why: 'other_channel', hereFen: null };
  if (trade.state !== 'paid') return { class: 'missing_here', why: 'not_paid_here', hereFen: null };
  const hereFen = trade.amountFen;
  if (trade.amountFen !== line.amountFen) return { class: 'amount_differs', why: null, hereFen };
  if (trade.providerTradeNo !== null && trade.providerTradeNo !== line.providerTradeNo)
    return { class: 'missing_here', why: 'other_wallet_number', hereFen };
  return { class: 'matched', why: null, hereFen };
}

function refund(line: Billed, { trade, refund: known, isRepeated }: Here, tillId: string): Verdict {
  const differs = (why: string, hereFen: number | null): Verdict => ({
    class: 'refund_differs',
    why,
    hereFen,
  });
  if (!known) {
    if (!trade) return stranger(line.tradeNo, tillId) ?? differs('unknown_number', null);
    return differs('refund_unknown', null);
  }
  if (isRepeated) return differs('twice_on_bill', known.amountFen);
  if (known.tradeNo !== line.tradeNo) return differs('other_trade', known.amountFen);
  if (known.amountFen !== line.amountFen) return differs('refund_amount', known.amountFen);
  if (!known.isDone) return differs('refund_not_done', known.amountFen);
  return { class: 'matched', why: null, hereFen: known.amountFen };
}

/** Another till's number says whose it is; one that no till made is another system's. */
function stranger(tradeNo: string, tillId: string): Verdict | null {
  const number = readNumber(tradeNo);
  if (number?.tillId === tillId) return null;
  return { class: 'other_till', why: number ? number.tillId : 'other_system', hereFen: null };
}
