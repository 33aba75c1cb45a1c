import type { RefundStep } from '../domain/refund-steps.ts';
import type { Channel, Step } from '../domain/trade.ts';

/** Who is spoken to: a wallet, or the shop's systems. */
export type OutboxQueue = Channel | 'shop';

/** One durable intent; see the table. Times are milliseconds since the epoch. */
export interface OutboxEntry {
  entryId: number;
  kind: Step | RefundStep | 'refund_find' | 'give_back' | 'tell';
  queue: OutboxQueue;
  lane: string;
  orderNo: string;
  tradeNo: string | null;
  /** Of kinds `refund` and `refund_query`. */
  refundNo: string | null;
  /**
   * Of kind `tell`: what is to be told. Of `refund_find`: the wallet's number of the refund. Of a wallet's others: the
   * address for notifications that its request names.
   */
  payload: string | null;
  state: 'due' | 'parked' | 'set_aside';
  why: ParkedWhy | null;
  /** 0: a customer waits for it. */
  priority: 0 | 1;
  createdAtMs: number;
  dueAtMs: number;
  attempts: number;
  puzzles: number;
  /** The last outcome's word, by kind. */
  lastOutcomes: Record<string, string>;
  lastOutcome: string | null;
  lastAttemptAtMs: number | null;
  lastAnswerAtMs: number | null;
  unansweredSinceMs: number | null;
  setAside: { atMs: number; reason: string } | null;
  /** It was under way when whoever carried it out vanished: what they sent may have arrived. */
  interrupted: boolean;
}

export type ParkedWhy =
  | 'not_understood'
  | 'incident'
  | 'refund_late'
  | 'refund_surplus'
  | 'refund_abnormal'
  | 'refund_unnamed'
  | 'refund_unfit'
  | 'refused_by_receiver';

/** A row of the table `outbox`. */
export interface OutboxRow {
  entry_id: number;
  kind: string;
  queue: string;
  lane: string;
  order_no: string;
  trade_no: string | null;
  refund_no: string | null;
  payload: string | null;
  state: string;
  parked_why: string | null;
  priority: number;
  created_at_ms: number;
  due_at_ms: number;
  attempts: number;
  puzzles: number;
  last_outcomes: string;
  last_outcome: string | null;
  last_attempt_at_ms: number | null;
  last_answer_at_ms: number | null;
  unanswered_since_ms: number | null;
  lease_holder: string | null;
  lease_until_ms: number | null;
  set_aside_at_ms: number | null;
  set_aside_reason: string | null;
}

export function entryOf(row: OutboxRow): OutboxEntry {
  return {
    entryId: row.entry_id,
    kind: row.kind as OutboxEntry['kind'],
    queue: row.queue as OutboxQueue,
    lane: row.lane,
    orderNo: row.order_no,
    tradeNo: row.trade_no,
    refundNo: row.refund_no,
    payload: row.payload,
    state: row.state as OutboxEntry['state'],
    why: row.parked_why as ParkedWhy | null,
    priority: row.priority as 0 | 1,
    createdAtMs: row.created_at_ms,
    dueAtMs: row.due_at_ms,
    attempts: row.attempts,
    puzzles: row.puzzles,
    lastOutcomes: JSON.parse(row.last_outcomes) as Record<string, string>,
    lastOutcome: row.last_outcome,
    lastAttemptAtMs: row.last_attempt_at_ms,
    lastAnswerAtMs: row.last_answer_at_ms,
    unansweredSinceMs: row.unanswered_since_ms,
    setAside:
      row.set_aside_at_ms === null ? null : { atMs: row.set_aside_at_ms, reason: row.set_aside_reason ?? '' },
    interrupted: row.lease_holder !== null,
  };
}
