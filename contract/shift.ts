import { z } from 'zod';
import { Instant } from './money.ts';
import { Approval } from './people.ts';
import { Channel } from './trade.ts';

export const ShiftTotals = z.object({
  paidFen: z.int(),
  paidCount: z.int(),
  /** Given back in it, whenever it was paid. */
  refundedFen: z.int(),
  refundedCount: z.int(),
  byChannel: z.array(
    z.object({
      channel: Channel,
      paidFen: z.int(),
      paidCount: z.int(),
      refundedFen: z.int(),
      refundedCount: z.int(),
    }),
  ),
});
export type ShiftTotals = z.infer<typeof ShiftTotals>;

export const Shift = z.object({
  shiftId: z.int(),
  openedAt: Instant,
  /** The person's name; null where nobody was signed in. */
  openedBy: z.string().nullable(),
  closedAt: Instant.nullable(),
  closedBy: z.string().nullable(),
  /** What was taken in it; of an open one so far. */
  totals: ShiftTotals,
  /** Charges and refunds whose outcome is not known yet; of a closed one as it was then. */
  unfinished: z.int(),
  /** Why it was closed with some of them. */
  reason: z.string().nullable(),
  /** The end of the ledger when it was closed: proves later that nothing was cut off. */
  ledgerHead: z.object({ seq: z.int(), hash: z.string() }).nullable(),
});
export type Shift = z.infer<typeof Shift>;

export const ShiftRef = z.object({ shiftId: z.coerce.number().int().positive() });

export const CloseShiftInput = z.object({
  /** Needed where outcomes are unknown. */
  reason: z.string().trim().min(1).max(200).optional(),
});

export const HandOverShiftInput = CloseShiftInput.extend({
  /** Who goes on, and their PIN; absent where nobody signs in. */
  to: Approval.optional(),
});

/** Both sides of a hand-over: it is one step. */
export const ShiftHandedOver = z.object({ closed: Shift, opened: Shift });
export type ShiftHandedOver = z.infer<typeof ShiftHandedOver>;
