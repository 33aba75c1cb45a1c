import { eventIterator, oc } from '@orpc/contract';
import { z } from 'zod';
import {
  Bill,
  BillLine,
  BillRef,
  DropBillInput,
  FetchBillInput,
  LINE_CLASSES,
  ResolveLineInput,
  ResolveLinesInput,
  UploadPieceInput,
} from './bill.ts';
import { TillEvent } from './events.ts';
import { IncidentFileInput } from './incident-file.ts';
import { Charge, CreateChargeInput, CreateOrderInput, Order, OrderNo } from './order.ts';
import { OutboxEntry, OutboxState, SetAsideInput } from './outbox.ts';
import {
  AddPersonInput,
  ChangePersonInput,
  ChangePinInput,
  DisablePersonInput,
  LoginInput,
  NamesInput,
  Person,
  Policy,
  RefreshInput,
  ResetPinInput,
  type Right,
  SetPolicyInput,
  SetUpOwnerInput,
  SignedIn,
  Tokens,
  UnlockInput,
} from './people.ts';
import { CreateRefundInput, GiveBackInput, KeepInput, Refund } from './refund.ts';
import { KnownRefundNo, RefundState } from './refund-state.ts';
import { EnrolInput, RelayStatus, RelayTest } from './relay.ts';
import { Cashier, Report, ReportCsvInput, ReportInput } from './report.ts';
import { CloseShiftInput, HandOverShiftInput, Shift, ShiftHandedOver, ShiftRef } from './shift.ts';
import { DaySummary, Till, TillStatus } from './till.ts';
import { Channel, TimelineEntry, Trade, TradeNo, TradeState } from './trade.ts';

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
    incidentFile: procedure('report')
      .route({
        method: 'GET',
        path: '/orders/{orderNo}/incident-file',
        summary: 'Everything that is known of an order, as one file to hand on; payers masked, no keys',
      })
      .input(IncidentFileInput)
      .output(z.file()),
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
  },
  refunds: {
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
    setAside: procedure('resolve', { approval: 'always' })
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
  auth: {
    login: procedure('sign_in')
      .route({ method: 'POST', path: '/auth/login', summary: 'Sign in with name and PIN' })
      .input(LoginInput)
      .output(Tokens),
    refresh: procedure('sign_in')
      .route({
        method: 'POST',
        path: '/auth/refresh',
        summary: 'Trade a refresh token for fresh tokens, once',
      })
      .input(RefreshInput)
      .output(Tokens),
    logout: procedure('sign_in')
      .route({ method: 'POST', path: '/auth/logout', summary: 'End the session and all its tokens' })
      .output(SignedIn),
    session: procedure('see_till')
      .route({ method: 'GET', path: '/auth/session', summary: 'Who is signed in, and what they may' })
      .output(SignedIn),
    names: procedure('see_names')
      .route({ method: 'GET', path: '/auth/names', summary: 'Who can sign in at this till' })
      .input(NamesInput)
      .output(z.array(z.string())),
    present: procedure('sign_in')
      .route({
        method: 'POST',
        path: '/auth/present',
        summary: 'Somebody is there: a session that is left alone locks itself',
      })
      .output(SignedIn),
    lock: procedure('sign_in')
      .route({ method: 'POST', path: '/auth/lock', summary: 'Lock the screen; the session stays' })
      .output(SignedIn),
    unlock: procedure('sign_in')
      .route({ method: 'POST', path: '/auth/unlock', summary: 'Open the locked screen with the PIN' })
      .input(UnlockInput)
      .output(SignedIn),
  },
  people: {
    list: procedure('manage_people')
      .route({ method: 'GET', path: '/people', summary: 'The people of this till' })
      .output(z.array(Person)),
    setUpOwner: procedure('manage_people')
      .route({
        method: 'POST',
        path: '/people/owner',
        summary: 'The first person of a till without people; from then on everybody signs in',
      })
      .input(SetUpOwnerInput)
      .output(Tokens),
    add: procedure('manage_people')
      .route({ method: 'POST', path: '/people', successStatus: 201, summary: 'Add a person' })
      .input(AddPersonInput)
      .output(Person),
    change: procedure('manage_people')
      .route({ method: 'POST', path: '/people/{personId}', summary: 'Change a name or a role' })
      .input(ChangePersonInput)
      .output(Person),
    resetPin: procedure('manage_people')
      .route({ method: 'POST', path: '/people/{personId}/pin', summary: 'Give a person a new PIN' })
      .input(ResetPinInput)
      .output(Person),
    disable: procedure('manage_people')
      .route({
        method: 'POST',
        path: '/people/{personId}/disable',
        summary: 'End all sessions of a person, at once and for good',
      })
      .input(DisablePersonInput)
      .output(Person),
    changePin: procedure('change_own_pin')
      .route({ method: 'POST', path: '/auth/pin', summary: 'Change one’s own PIN' })
      .input(ChangePinInput)
      .output(SignedIn),
  },
  policy: {
    get: procedure('look')
      .route({ method: 'GET', path: '/policy', summary: 'What the shop has decided' })
      .output(Policy),
    set: procedure('set_up', { approval: 'always' })
      .route({ method: 'POST', path: '/policy', summary: 'Change what the shop has decided' })
      .input(SetPolicyInput)
      .output(Policy),
  },
  shifts: {
    current: procedure('work_shift')
      .route({ method: 'GET', path: '/shifts/current', summary: 'The open shift, or null' })
      .output(Shift.nullable()),
    list: procedure('work_shift')
      .route({ method: 'GET', path: '/shifts', summary: 'Shifts, newest first' })
      .input(z.object(Page))
      .output(z.object({ items: z.array(Shift), nextCursor: z.string().nullable() })),
    open: procedure('work_shift')
      .route({ method: 'POST', path: '/shifts', successStatus: 201, summary: 'Open a shift' })
      .output(Shift),
    close: procedure('work_shift')
      .route({ method: 'POST', path: '/shifts/close', summary: 'Close the open shift' })
      .input(CloseShiftInput)
      .output(Shift),
    handOver: procedure('work_shift')
      .route({
        method: 'POST',
        path: '/shifts/hand-over',
        summary: 'Close the open shift and open the next one, for the person who goes on, in one step',
      })
      .input(HandOverShiftInput)
      .output(ShiftHandedOver),
    csv: procedure('work_shift')
      .route({ method: 'GET', path: '/shifts/{shiftId}/csv', summary: 'A closed shift’s slip as CSV' })
      .input(ShiftRef)
      .output(z.object({ fileName: z.string(), text: z.string() })),
  },
  bills: {
    list: procedure('close_day')
      .route({
        method: 'GET',
        path: '/bills',
        summary: 'The wallets’ bills held against the ledger, newest day first',
      })
      .input(z.object(Page))
      .output(z.object({ items: z.array(Bill), nextCursor: z.string().nullable() })),
    get: procedure('close_day')
      .route({
        method: 'GET',
        path: '/bills/{billId}',
        summary: 'One bill: how far it is, and what came of it',
      })
      .input(BillRef)
      .output(Bill),
    fetch: procedure('close_day')
      .route({
        method: 'POST',
        path: '/bills/fetch',
        summary: 'Fetch a day’s bill at the wallet and reconcile it',
      })
      .input(FetchBillInput)
      .output(Bill),
    drop: procedure('close_day')
      .route({
        method: 'POST',
        path: '/bills/files',
        summary: 'Reconcile a bill that comes as a file, in pieces',
      })
      .input(DropBillInput)
      .output(Bill),
    piece: procedure('close_day')
      .route({ method: 'POST', path: '/bills/{billId}/pieces', summary: 'The next piece of the file' })
      .input(UploadPieceInput)
      .output(Bill),
    lines: procedure('close_day')
      .route({
        method: 'GET',
        path: '/bills/{billId}/lines',
        summary: 'Lines of a bill, each with what it means',
      })
      .input(
        BillRef.extend({
          /** One class, or `open`: what waits for a person. */
          class: z.enum([...LINE_CLASSES, 'open']).optional(),
          ...Page,
        }),
      )
      .output(z.object({ items: z.array(BillLine), nextCursor: z.string().nullable() })),
    ask: procedure('close_day')
      .route({
        method: 'POST',
        path: '/bills/{billId}/ask',
        summary: 'Ask the wallet again about what differs',
      })
      .input(BillRef)
      .output(Bill),
    resolve: procedure('close_day', { approval: 'always' })
      .route({
        method: 'POST',
        path: '/bills/{billId}/lines/{line}/resolve',
        summary: 'End a difference by hand, with a reason; no money state changes',
      })
      .input(ResolveLineInput)
      .output(Bill),
    resolveLines: procedure('close_day', { approval: 'always' })
      .route({
        method: 'POST',
        path: '/bills/{billId}/resolve',
        summary: 'End several differences by hand for one reason: all of them, or none',
      })
      .input(ResolveLinesInput)
      .output(Bill),
    stop: procedure('close_day')
      .route({
        method: 'POST',
        path: '/bills/{billId}/stop',
        summary: 'Stop reading a bill, or asking about it; what an earlier reading found stays',
      })
      .input(BillRef)
      .output(Bill),
    csv: procedure('close_day')
      .route({
        method: 'GET',
        path: '/bills/{billId}/csv',
        summary: 'The result for a spreadsheet, in parts',
      })
      .input(BillRef.extend({ cursor: Page.cursor }))
      .output(z.object({ fileName: z.string(), text: z.string(), nextCursor: z.string().nullable() })),
  },
  reports: {
    takings: procedure('report')
      .route({
        method: 'GET',
        path: '/reports/takings',
        summary: 'Takings of a range of days by hour, day, wallet and cashier, beside the range before it',
      })
      .input(ReportInput)
      .output(Report),
    csv: procedure('report')
      .route({ method: 'GET', path: '/reports/takings/csv', summary: 'The same for a spreadsheet' })
      .input(ReportCsvInput)
      .output(z.file()),
  },
  events: procedure('look')
    .route({ method: 'GET', path: '/events', summary: 'What happens, as server-sent events; resumable' })
    .output(eventIterator(TillEvent)),
};
export type Contract = typeof contract;
