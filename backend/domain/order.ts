import type { Fen } from './money.ts';

/** What the merchant wants to be paid for. Times are milliseconds since the epoch. */
export interface Order {
  orderNo: string;
  amountFen: Fen;
  subject: string;
  note: string | null;
  state: 'open' | 'paid' | 'cancelled';
  /** Typed at the till, or sent ahead by a shop's or dispatch system. */
  source: 'till' | 'integrator';
  createdAtMs: number;
  paidAtMs: number | null;
}

/** The running attempt to collect an order. `endedAtMs` is set once none of its trades can be paid any more. */
export interface Charge {
  chargeId: string;
  orderNo: string;
  createdAtMs: number;
  expiresAtMs: number;
  endedAtMs: number | null;
}
