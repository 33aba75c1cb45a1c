import type { BillLine, LineClass } from '../../contract/bill.ts';
import type { Verdict } from '../domain/reconcile.ts';

/** A line as it is kept; amounts in fen, the fee in thousandths of a fen. */
export interface StoredLine extends Verdict {
  line: number;
  kind: BillLine['kind'];
  tradeNo: string | null;
  providerTradeNo: string | null;
  refundNo: string | null;
  amountFen: number | null;
  feeMilliFen: number;
  atMs: number | null;
  status: string;
  said: BillLine['said'];
  resolution: BillLine['resolution'];
  reason: string | null;
}

/** A line as reading it makes it; what became of it comes later. */
export type KeptLine = Omit<StoredLine, 'said' | 'resolution' | 'reason'>;

export interface BillSums {
  counts: { class: LineClass; count: number }[];
  open: number;
  paidFen: number;
  refundedFen: number;
  feeMilliFen: number;
}
