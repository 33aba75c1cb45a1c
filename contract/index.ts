import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import { TillEvent } from './events.ts';
import { Charge, CreateChargeInput, CreateOrderInput, Order, OrderNo } from './order.ts';
import { OutboxEntry, OutboxState, SetAsideInput } from './outbox.ts';
import type { Right } from './people.ts';
import { EnrolInput, RelayStatus, RelayTest } from './relay.ts';
import { DaySummary, Till, TillStatus } from './till.ts';
import { Channel, TimelineEntry, Trade, TradeNo, TradeState } from './trade.ts';

export type ProcedureMeta = {
  /** What the caller must have the right to: `backend/domain/rights.ts`. Checked for every call. */
  needs: Right;
  /** Which order the procedure locks, and how the dispatcher finds it in the input. Absent where it only reads. */
  lock?: 'orderNo' | 'chargeId';
  /** Answers with a charge once its codes are there, the lock already given back. */
  awaitsCodes?: boolean;
};

/** A procedure cannot be declared without saying what it needs. */
const procedure = (needs: Right, more: Omit<ProcedureMeta, 'needs'> = {}) =>
  oc.$meta<ProcedureMeta>({ needs, ...more });

/** Keyset pages: `nextCursor` is null on the last one. */
const Page = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export const contract = {
  till: {
    get: procedure('see_till')
      .route({ method: 'GET', path: '/till', summary: 'Who this till is' })
      .output(Till),
    status: procedure('see_till')
      .route({ method: 'GET', path: '/status', summary: 'What the till can do right now' })
      .output(TillStatus),
    today: procedure('look')
      .route({ method: 'GET', path: '/today', summary: "The accounting day's takings so far" })
      .output(DaySummary),
  },
  orders: {
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
  },
  charges: {
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
  },
  trades: {
    list: procedure('look')
      .route({ method: 'GET', path: '/trades', summary: 'Trades, newest first' })
      .input(
        z.object({
          /** Finds trade, order and provider numbers and amounts in yuan. */
          q: z.string().max(100).optional(),
          state: TradeState.optional(),
          channel: Channel.optional(),
          ...Page,
        }),
      )
      .output(z.object({ items: z.array(Trade), nextCursor: z.string().nullable() })),
    get: procedure('look')
      .route({ method: 'GET', path: '/trades/{tradeNo}', summary: 'One trade with its timeline' })
      .input(z.object({ tradeNo: TradeNo }))
      .output(z.object({ trade: Trade, order: Order, timeline: z.array(TimelineEntry) })),
  },
  outbox: {
    list: procedure('look')
      .route({ method: 'GET', path: '/outbox', summary: 'What is still to be done, oldest first' })
      .input(z.object({ state: OutboxState.default('parked'), ...Page }))
      .output(z.object({ items: z.array(OutboxEntry), nextCursor: z.string().nullable() })),
    retry: procedure('resolve')
      .route({
        method: 'POST',
        path: '/outbox/{entryId}/retry',
        summary: 'Let the machine try a parked entry again, now',
      })
      .input(z.object({ entryId: z.coerce.number().int().positive() }))
      .output(OutboxEntry),
    setAside: procedure('resolve')
      .route({
        method: 'POST',
        path: '/outbox/{entryId}/set-aside',
        summary: 'End a parked entry by hand, with a reason; nothing is said to the wallet',
      })
      .input(SetAsideInput)
      .output(OutboxEntry),
  },
  relay: {
    status: procedure('look')
      .route({ method: 'GET', path: '/relay', summary: 'Whether payments are pushed to this till' })
      .output(RelayStatus),
    enrol: procedure('set_up')
      .route({
        method: 'POST',
        path: '/relay/enrol',
        summary: 'Enrol at a relay with its operator’s one-time code; replaces an earlier enrolment',
      })
      .input(EnrolInput)
      .output(RelayStatus),
    test: procedure('set_up')
      .route({
        method: 'POST',
        path: '/relay/test',
        summary: 'Send a test notification through the relay: says which hop fails',
      })
      .output(RelayTest),
  },
  events: procedure('look')
    .route({ method: 'GET', path: '/events', summary: 'What happens, as server-sent events; resumable' })
    .output(eventIterator(TillEvent)),
};
export type Contract = typeof contract;
