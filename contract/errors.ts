import { z } from 'zod';

/**
 * Every error that leaves the backend, by its stable code. Over HTTP each is an RFC 9457 problem
 * (`application/problem+json`); over the MessagePort the same code and data. Screens look the words up
 * by code; `title` is for logs and integrators.
 */
export const ERRORS = {
  invalid_input: { status: 400, title: 'The request is not valid.' },
  amount_invalid: { status: 400, title: 'The amount must be whole fen, from 1 up to the limit.' },
  subject_invalid: {
    status: 400,
    title: 'The subject is empty, too long, or holds characters that wallets refuse.',
  },
  order_no_invalid: { status: 400, title: 'The order number must be 1 to 32 letters, digits, _ or -.' },
  unauthorized: { status: 401, title: 'Send an API key, or open the till through its link.' },
  sign_in_needed: { status: 401, title: 'Nobody is signed in at this window.' },
  session_over: { status: 401, title: 'The session has ended; sign in again.' },
  screen_locked: { status: 403, title: 'The screen is locked.' },
  not_allowed: { status: 403, title: 'This person may not do that; nothing was changed.' },
  sign_in_refused: { status: 401, title: 'Name and PIN do not belong together, or nobody has this name.' },
  sign_in_locked: { status: 429, title: 'Too many wrong PINs. Nothing was looked at; try again later.' },
  approval_needed: {
    status: 403,
    title: 'A manager has to approve this: send `approval`. Nothing was changed.',
  },
  approval_refused: { status: 403, title: 'This approval does not hold. Nothing was changed.' },
  approval_by_person: {
    status: 403,
    title: 'A person has to approve this at the till; an API key cannot. Nothing was changed.',
  },
  device_missing: {
    status: 400,
    title: 'Send the header Mianfu-Device: at least 22 random characters that this device keeps.',
  },
  people_exist: { status: 409, title: 'This till has people already; sign in as one of them.' },
  person_not_found: { status: 404, title: 'There is no such person, or they are disabled.' },
  person_name_taken: { status: 409, title: 'Another person has this name.' },
  last_owner: { status: 409, title: 'The last owner stays; name another one first.' },
  pin_too_simple: { status: 400, title: 'This PIN is one of the first that anybody would try.' },
  sessions_unavailable: {
    status: 503,
    title: 'The place where sessions are kept does not answer. Try again.',
  },
  host_forbidden: { status: 403, title: 'This host name is not the till.' },
  origin_forbidden: { status: 403, title: 'Pages of other origins may not call the till.' },
  not_found: { status: 404, title: 'There is no such thing here.' },
  order_not_found: { status: 404, title: 'There is no order with this number.' },
  trade_not_found: { status: 404, title: 'There is no trade with this number.' },
  charge_not_found: { status: 404, title: 'There is no charge with this number.' },
  refund_not_found: { status: 404, title: 'There is no refund with this number.' },
  entry_not_found: { status: 404, title: 'There is no such entry in the outbox.' },
  entry_not_parked: { status: 409, title: 'This entry does not wait for a person; nothing was changed.' },
  order_busy: { status: 409, title: 'Another request is working on this order. Try again shortly.' },
  order_elsewhere: { status: 409, title: 'Another till is collecting this order.' },
  order_paid: { status: 409, title: 'This order is already paid.' },
  order_cancelled: { status: 409, title: 'This order was cancelled.' },
  order_differs: { status: 409, title: 'An order with this number exists with another amount or subject.' },
  order_closing: {
    status: 409,
    title: 'An earlier code of this order can still be paid; wait until it is dead.',
  },
  trade_not_paid: { status: 409, title: 'This trade is not paid; there is nothing to give back.' },
  refund_too_large: { status: 409, title: 'More than what is left of this payment cannot be given back.' },
  refund_differs: {
    status: 409,
    title: 'A refund with this number exists with another trade, amount or reason.',
  },
  refund_sent: { status: 409, title: 'This refund may have reached the wallet; it cannot be taken back.' },
  refund_not_due: { status: 409, title: 'Nothing of this payment is waiting to be decided about.' },
  channel_unavailable: { status: 409, title: 'This channel is not configured at this till.' },
  relay_url_missing: { status: 400, title: 'No relay is named: give its address.' },
  relay_url_unusable: {
    status: 400,
    title: 'A relay needs an https address; plain http is only for this machine.',
  },
  relay_url_fixed: { status: 409, title: 'The settings of this till name another relay.' },
  relay_not_enrolled: { status: 409, title: 'This till is not enrolled at a relay.' },
  relay_refused: {
    status: 409,
    title: 'The relay did not take the code: it is wrong, old or used, or made for another till.',
  },
  relay_unreachable: { status: 503, title: 'The relay does not answer.' },
  relay_odd: { status: 502, title: 'What answers at this address is no relay that this till can use.' },
  bill_not_found: { status: 404, title: 'There is no such bill here.' },
  bill_line_not_open: { status: 409, title: 'This line does not wait for a person; nothing was changed.' },
  bill_busy: { status: 409, title: 'A bill is being read; wait until it is done.' },
  bill_unavailable: { status: 409, title: 'This channel has no such bill.' },
  bill_not_open: { status: 409, title: 'No file is being taken for this bill; begin again.' },
  bill_piece_misplaced: { status: 409, title: 'This piece does not follow the one before it.' },
  shift_open: { status: 409, title: 'A shift is open already; close it first.' },
  shift_not_open: { status: 409, title: 'No shift is open.' },
  shift_not_closed: { status: 409, title: 'The shift is still open; close it first.' },
  shift_not_found: { status: 404, title: 'There is no such shift.' },
  shift_unfinished: {
    status: 409,
    title: 'Some outcomes are unknown; say why the shift is closed with them.',
  },
  body_too_large: { status: 413, title: 'The request body is too large.' },
  storage_full: { status: 507, title: 'The disk is full. Nothing was saved; free some space and try again.' },
  storage_readonly: { status: 503, title: 'The data folder cannot be written. Nothing was saved.' },
  lock_unavailable: {
    status: 503,
    title: 'The place where tills lock orders does not answer. Nothing was charged; try again.',
  },
  storage_damaged: {
    status: 503,
    title: 'The database is damaged. Nothing was saved; stop the till and restore a backup.',
  },
  restoring: {
    status: 503,
    title: 'A backup was restored; charging opens once the wallets have answered about what is newer.',
  },
  stopping: { status: 503, title: 'The till is shutting down.' },
  internal: { status: 500, title: 'Something went wrong inside the till.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** Codes that only the window's side of the link makes: the backend could not be asked or did not answer in time. */
export const LINK_ERROR_CODES = ['link_timeout', 'link_down'] as const;

/** What an error carries besides its code. */
export const ErrorData = z.object({
  /** Of an input error: where and why. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  orderNo: z.string().optional(),
  /** Of a refund that is too large: what is left, in fen. */
  leftFen: z.int().optional(),
  /** When it makes sense to try again, RFC 3339. */
  retryAt: z.string().optional(),
  /** The till that has the order, by its id. */
  holder: z.string().optional(),
  /** Until when it has it at the longest, unless that till prolongs it; RFC 3339. */
  until: z.string().optional(),
  /** Finds the log line of an internal error. */
  incidentId: z.string().optional(),
});
export type ErrorData = z.infer<typeof ErrorData>;

export const Problem = ErrorData.extend({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string().optional(),
});
export type Problem = z.infer<typeof Problem>;
