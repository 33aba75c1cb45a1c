import type { Fen } from './money.ts';

/**
 * A verified statement by the wallet about one trade. Only a provider makes one, and only from bytes whose
 * signature it has checked. `status` is the provider's word in ours:
 * `unpaid` it can still be paid · `paying` the customer is at it · `paid` · `closed` unpaid, and never
 * payable again · `refunded` it was paid and money went back, in part or whole.
 */
export interface Evidence {
  tradeNo: string;
  status: 'unpaid' | 'paying' | 'paid' | 'closed' | 'refunded';
  /** The wallet's own number; absent before it has one. */
  providerTradeNo: string | null;
  /** The order's total as the wallet holds it (never what the payer paid after coupons); absent where the answer has none. */
  amountFen: Fen | null;
  /** Masked by the wallet, or an open id. */
  payer: string | null;
  /** When the wallet says it was paid, milliseconds since the epoch. */
  paidAtMs: number | null;
  /** The wallet's own status word, for the timeline. */
  providerStatus: string;
}
