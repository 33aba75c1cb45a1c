import { z } from 'zod';
import { Instant } from './money.ts';
import { Order } from './order.ts';
import { Refund } from './refund.ts';
import { Trade } from './trade.ts';

/**
 * What the shop's systems are told:
 * `order.paid` · `order.cancelled` · `charge.ended` nobody paid and no code of it can be paid any more ·
 * `trade.late` paid after the till had stopped asking · `trade.surplus` a second payment of the order ·
 * `trade.incident` the wallet's evidence contradicts us · `trade.set_aside` a person ended the asking ·
 * `trade.kept` a person decided that a late or surplus payment is kept · `refund.requested` ·
 * `refund.succeeded` the money is back · `refund.abnormal` the wallet cannot hand it over, a person must act there ·
 * `refund.ended` nothing went back: refused, closed by the wallet, or withdrawn.
 */
export const SHOP_MESSAGE_TYPES = [
  'order.paid',
  'order.cancelled',
  'charge.ended',
  'trade.late',
  'trade.surplus',
  'trade.incident',
  'trade.set_aside',
  'trade.kept',
  'refund.requested',
  'refund.succeeded',
  'refund.abnormal',
  'refund.ended',
] as const;
export type ShopMessageType = (typeof SHOP_MESSAGE_TYPES)[number];

/**
 * The body of one message, as it was when what it tells of was committed. It is sent at least once, with
 * the same bytes each time, and the messages of one order in their order.
 */
export const ShopMessage = z.object({
  /** The same whenever this message is sent again; also the header `webhook-id`. */
  id: z.string(),
  type: z.enum(SHOP_MESSAGE_TYPES),
  at: Instant,
  tillId: z.string(),
  /** Counts the messages about this order from 1: what is not greater than the last one seen is old. */
  version: z.int().min(1),
  order: Order,
  /** The trade that it is about; of `order.paid` the one that paid. */
  trade: Trade.nullable(),
  /** Of what concerns a refund. */
  refund: Refund.nullable(),
  /** What is to be given back of that trade, in fen; 0 when nothing is. */
  dueBackFen: z.int().min(0),
  /** Of an incident its kind, of a decision the person's reason. */
  what: z.string().nullable(),
});
export type ShopMessage = z.infer<typeof ShopMessage>;
