import { z } from 'zod';
import { OutboxEntry, OutboxState, SetAsideInput } from '../outbox.ts';
import { CreateRefundInput, GiveBackInput, KeepInput, Refund } from '../refund.ts';
import { KnownRefundNo, RefundState } from '../refund-state.ts';
import { Trade } from '../trade.ts';
import { Page, procedure } from './procedure.ts';

/* What goes back, and what must still be said to a wallet. */

export const refunds = {
  create: procedure('refund', { lock: 'tradeNo', approval: 'refund' })
    .route({
      method: 'POST',
      path: '/trades/{tradeNo}/refunds',
      successStatus: 201,
      summary: 'Give part or all of a paid trade back: the same refund number again is the same refund',
    })
    .input(CreateRefundInput)
    .output(Refund),
  list: procedure('look')
    .route({ method: 'GET', path: '/refunds', summary: 'Refunds, newest first' })
    .input(z.object({ state: RefundState.optional(), ...Page }))
    .output(z.object({ items: z.array(Refund), nextCursor: z.string().nullable() })),
  get: procedure('look')
    .route({ method: 'GET', path: '/refunds/{refundNo}', summary: 'One refund' })
    .input(z.object({ refundNo: KnownRefundNo }))
    .output(Refund),
  withdraw: procedure('refund', { lock: 'refundNo' })
    .route({
      method: 'POST',
      path: '/refunds/{refundNo}/withdraw',
      summary: 'Take a refund back that was not sent yet',
    })
    .input(z.object({ refundNo: KnownRefundNo }))
    .output(Refund),
  check: procedure('look')
    .route({
      method: 'POST',
      path: '/refunds/{refundNo}/check',
      summary: 'Ask the wallet about a refund now instead of when it is due',
    })
    .input(z.object({ refundNo: KnownRefundNo }))
    .output(Refund),
  giveBack: procedure('refund', { lock: 'tradeNo', approval: 'refund' })
    .route({
      method: 'POST',
      path: '/trades/{tradeNo}/give-back',
      successStatus: 201,
      summary: 'Decide that a late or surplus payment goes back',
    })
    .input(GiveBackInput)
    .output(Refund),
  keep: procedure('resolve', { lock: 'tradeNo', approval: 'always' })
    .route({
      method: 'POST',
      path: '/trades/{tradeNo}/keep',
      summary: 'Decide that a late or surplus payment is kept',
    })
    .input(KeepInput)
    .output(Trade),
};

export const outbox = {
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
  setAside: procedure('resolve', { approval: 'always' })
    .route({
      method: 'POST',
      path: '/outbox/{entryId}/set-aside',
      summary: 'End a parked entry by hand, with a reason; nothing is said to the wallet',
    })
    .input(SetAsideInput)
    .output(OutboxEntry),
};
