import { z } from 'zod';
import { Instant } from './money.ts';
import { Order } from './order.ts';
import { Refund } from './refund.ts';
import { RefundState } from './refund-state.ts';
import { TillStatus } from './till.ts';
import { TradeState } from './trade.ts';

/**
 * What happened, in the order in which it was committed. The SSE event id is the position to resume
 * from (`Last-Event-ID`). `trade.checked`, `status` and `ready` say how things stand now: they carry no
 * id and are not repeated. `ready` is the first event of every stream.
 */
export const TillEvent = z.discriminatedUnion('type', [
  z.object({
    /** `charge.ended`: none of its codes can be paid any more. */
    type: z.enum(['order.created', 'order.cancelled', 'order.paid', 'charge.started', 'charge.ended']),
    at: Instant,
    order: Order,
  }),
  z.object({
    type: z.enum(['trade.changed', 'trade.incident', 'trade.set_aside', 'trade.kept']),
    at: Instant,
    tradeNo: z.string(),
    fromState: TradeState.nullable(),
    toState: TradeState,
    /** A word of ours for the cause, as in the timeline. */
    what: z.string(),
    order: Order,
  }),
  z.object({
    type: z.enum(['refund.changed', 'refund.incident', 'refund.set_aside']),
    at: Instant,
    refund: Refund,
    fromState: RefundState.nullable(),
    toState: RefundState,
    /** As above. */
    what: z.string(),
    order: Order,
  }),
  z.object({
    type: z.literal('trade.checked'),
    at: Instant,
    tradeNo: z.string(),
    order: Order,
  }),
  z.object({ type: z.literal('status'), at: Instant, status: TillStatus }),
  z.object({ type: z.literal('ready'), at: Instant, status: TillStatus }),
]);
export type TillEvent = z.infer<typeof TillEvent>;
