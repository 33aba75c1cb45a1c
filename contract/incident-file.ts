import { z } from 'zod';
import { AmountFen, Instant } from './money.ts';
import { OrderNo } from './order.ts';
import { RefundState } from './refund-state.ts';
import { Channel, TradeState } from './trade.ts';

export const IncidentFileInput = z.object({
  orderNo: OrderNo,
  /** `html`: one page to read and print, complete in itself. `json`: the same as data ({@link IncidentFile}). */
  format: z.enum(['html', 'json']).default('html'),
  lang: z.enum(['zh', 'en']).default('zh'),
});

/** Who brought something about, and from where. */
const IncidentBy = z.object({
  actor: z.enum(['person', 'integrator', 'till']),
  /** Of a person the id, of another system its name. */
  id: z.string().nullable(),
  /** Of a person. */
  name: z.string().nullable(),
  via: z.string(),
  reason: z.string().nullable(),
  /** The name of whoever allowed it. */
  approvedBy: z.string().nullable(),
});

const Exchange = z.object({
  step: z.string(),
  /** What was sent; null where it was not kept, or the wallet spoke first. */
  request: z
    .object({
      method: z.string(),
      url: z.string(),
      body: z.string().nullable(),
      signature: z.string().nullable(),
      serial: z.string().nullable(),
    })
    .nullable(),
  outcome: z.string(),
  durationMs: z.int(),
  httpStatus: z.int().nullable(),
  providerCode: z.string().nullable(),
  requestId: z.string().nullable(),
  answer: z.string().nullable(),
  /** How the answer was signed; `digest` is the SHA-256 of its bytes before anything was masked. */
  seal: z
    .object({
      signature: z.string().nullable(),
      serial: z.string().nullable(),
      verdict: z.string(),
      digest: z.string(),
    })
    .nullable(),
});

/** Everything that is known of an order, for whoever has to judge it. Payers are masked; there are no keys in it. */
export const IncidentFile = z.object({
  madeAt: Instant,
  till: z.object({ tillId: z.string(), shopName: z.string(), version: z.string(), mode: z.string() }),
  order: z.object({
    orderNo: OrderNo,
    amountFen: AmountFen,
    subject: z.string(),
    state: z.enum(['open', 'paid', 'cancelled']),
    source: z.enum(['till', 'integrator']),
    createdAt: Instant,
    paidAt: Instant.nullable(),
  }),
  trades: z.array(
    z.object({
      tradeNo: z.string(),
      channel: Channel,
      state: TradeState,
      amountFen: AmountFen,
      providerTradeNo: z.string().nullable(),
      payer: z.string().nullable(),
      createdAt: Instant,
      paidAt: Instant.nullable(),
      closedAt: Instant.nullable(),
      late: z.boolean(),
      surplus: z.boolean(),
      incident: z.string().nullable(),
    }),
  ),
  /** Oldest first. */
  refunds: z.array(
    z.object({
      refundNo: z.string(),
      tradeNo: z.string(),
      channel: Channel,
      state: RefundState,
      amountFen: AmountFen,
      reason: z.string(),
      /** `asked` somebody wanted it · `late`, `surplus` the payment was one that goes back. */
      why: z.enum(['asked', 'late', 'surplus']),
      /** `lost`, `elsewhere`: not asked for here, found at the wallet. */
      origin: z.enum(['here', 'lost', 'elsewhere']),
      providerRefundNo: z.string().nullable(),
      /** By whom it was asked for, and who allowed it; null where that was not yet recorded. */
      by: IncidentBy.nullable(),
      requestedAt: Instant,
      /** When the money was with the customer, by the wallet's word. */
      succeededAt: Instant.nullable(),
      incident: z.string().nullable(),
    }),
  ),
  /** Oldest first. Of an event `seq` and `hash` are its place in the ledger. */
  entries: z.array(
    z.object({
      at: Instant,
      kind: z.enum(['event', 'exchange']),
      /** An event's kind, e.g. `trade.changed`; of an exchange who spoke first: `asked` or `notified`. */
      type: z.string(),
      tradeNo: z.string().nullable(),
      refundNo: z.string().nullable(),
      fromState: z.string().nullable(),
      toState: z.string().nullable(),
      what: z.string().nullable(),
      by: IncidentBy.nullable(),
      data: z.record(z.string(), z.unknown()).nullable(),
      seq: z.int().nullable(),
      hash: z.string().nullable(),
      exchange: Exchange.nullable(),
    }),
  ),
  /** Where the till's whole ledger had come to, as `hash@seq`. */
  ledgerHead: z.string(),
});
export type IncidentFile = z.infer<typeof IncidentFile>;
