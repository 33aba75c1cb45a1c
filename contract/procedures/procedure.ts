import { oc } from '@orpc/contract';
import { z } from 'zod';
import type { Right } from '../people.ts';

export type ProcedureMeta = {
  /** What the caller must have the right to: `backend/domain/rights.ts`. Checked for every call. */
  needs: Right;
  /**
   * Asks for a second person besides, by `approval` in the input: `always`, or for a `refund` that is above
   * the limit: of `amountFen`, or of all that is left. Not at a till without people; a machine cannot be given it.
   */
  approval?: 'always' | 'refund';
  /** Which order the procedure locks, and how the dispatcher finds it in the input. Absent where it only reads. */
  lock?: 'orderNo' | 'chargeId' | 'tradeNo' | 'refundNo';
  /** Answers with a charge once its codes are there, the lock already given back. */
  awaitsCodes?: boolean;
};

/** A procedure cannot be declared without saying what it needs. */
export const procedure = (needs: Right, more: Omit<ProcedureMeta, 'needs'> = {}) =>
  oc.$meta<ProcedureMeta>({ needs, ...more });

/** Keyset pages: `nextCursor` is null on the last one. */
export const Page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};
