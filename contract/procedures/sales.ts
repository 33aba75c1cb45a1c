import { z } from 'zod';
import { IncidentFileInput } from '../incident-file.ts';
import { Charge, CreateChargeInput, CreateOrderInput, Order, OrderNo } from '../order.ts';
import { Refund } from '../refund.ts';
import { Cashier } from '../report.ts';
import { DaySummary, Till, TillStatus } from '../till.ts';
import { Channel, TimelineEntry, Trade, TradeNo, TradeState } from '../trade.ts';
import { Page, procedure } from './procedure.ts';

/* What is collected: orders, charges, trades, and the till that collects them. */

export const till = {
  get: procedure('see_till')
    .route({ method: 'GET', path: '/till', summary: 'Who this till is' })
    .output(Till),
  status: procedure('see_till')
    .route({ method: 'GET', path: '/status', summary: 'What the till can do right now' })
    .output(TillStatus),
  today: procedure('look')
    .route({ method: 'GET', path: '/today', summary: "The accounting day's takings so far" })
    .output(DaySummary),
};

export const orders = {
  create: procedure('collect', { lock: 'orderNo' })
    .route({ method: 'POST', path: '/orders', successStatus: 201, summary: 'Send an order ahead' })
    .input(CreateOrderInput)
    .output(Order),
  list: procedure('look')
    .route({ method: 'GET', path: '/orders', summary: 'Orders, newest first' })
    .input(
      z.object({
        state: z.enum(['open', 'paid', 'cancelled']).optional(),
        source: z.enum(['till', 'integrator']).optional(),
        /** Finds order numbers, subjects, notes and amounts in yuan. */
        q: z.string().max(100).optional(),
        ...Page,
      }),
    )
    .output(z.object({ items: z.array(Order), nextCursor: z.string().nullable() })),
  get: procedure('look')
    .route({ method: 'GET', path: '/orders/{orderNo}', summary: 'One order with its charge' })
    .input(z.object({ orderNo: OrderNo }))
    .output(Order),
  cancel: procedure('collect', { lock: 'orderNo' })
    .route({
      method: 'POST',
      path: '/orders/{orderNo}/cancel',
      summary: 'Cancel an order and close its codes',
    })
    .input(z.object({ orderNo: OrderNo }))
    .output(Order),
  incidentFile: procedure('report')
    .route({
      method: 'GET',
      path: '/orders/{orderNo}/incident-file',
      summary: 'Everything that is known of an order, as one file to hand on; payers masked, no keys',
    })
    .input(IncidentFileInput)
    .output(z.file()),
};

export const charges = {
  create: procedure('collect', { lock: 'orderNo', awaitsCodes: true })
    .route({
      method: 'POST',
      path: '/charges',
      summary: 'Collect an order: the same order number again gives the same charge',
    })
    .input(CreateChargeInput)
    .output(Charge),
  cancel: procedure('collect', { lock: 'chargeId' })
    .route({
      method: 'POST',
      path: '/charges/{chargeId}/cancel',
      summary: 'Stop collecting: close the codes, leave the order open',
    })
    .input(z.object({ chargeId: z.string().max(64) }))
    .output(Charge),
  check: procedure('collect')
    .route({
      method: 'POST',
      path: '/charges/{chargeId}/check',
      summary: 'Ask the wallets now instead of at the next poll',
    })
    .input(z.object({ chargeId: z.string().max(64) }))
    .output(Charge),
  /** Charges that are not finished, oldest first: what a restarted screen shows in its tray. */
  live: procedure('look')
    .route({ method: 'GET', path: '/charges/live', summary: 'Charges that are not finished yet' })
    .output(z.array(Charge)),
};

export const trades = {
  list: procedure('look')
    .route({ method: 'GET', path: '/trades', summary: 'Trades, newest first' })
    .input(
      z.object({
        /** Finds trade, order and provider numbers and amounts in yuan: `12.50`, or `10~20`. */
        q: z.string().max(100).optional(),
        state: TradeState.optional(),
        channel: Channel.optional(),
        /** Who began the charge, as `GET /trades/cashiers` names them. */
        cashier: z.string().max(80).optional(),
        /** Begun then or later; before then. */
        from: z.iso.datetime({ offset: true }).optional(),
        to: z.iso.datetime({ offset: true }).optional(),
        /** Both included. */
        amountFromFen: z.coerce.number().int().min(0).optional(),
        amountToFen: z.coerce.number().int().min(0).optional(),
        ...Page,
      }),
    )
    .output(z.object({ items: z.array(Trade), nextCursor: z.string().nullable() })),
  cashiers: procedure('look')
    .route({ method: 'GET', path: '/trades/cashiers', summary: 'Who has ever begun a charge here' })
    .output(z.array(Cashier)),
  get: procedure('look')
    .route({ method: 'GET', path: '/trades/{tradeNo}', summary: 'One trade with its timeline' })
    .input(z.object({ tradeNo: TradeNo }))
    .output(
      z.object({
        trade: Trade,
        order: Order,
        /** Oldest first. */
        refunds: z.array(Refund),
        timeline: z.array(TimelineEntry),
      }),
    ),
};
