import type { BillLine } from '../../wire/bill.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { Fen } from '../domain/money.ts';
import type { RefundEvidence } from '../domain/refund.ts';
import type { Channel } from '../domain/trade.ts';

/**
 * The one interface between the core and a wallet. A provider is stateless: no database, no retry, no
 * timer. It signs, sends once, verifies the answer's bytes and says what they prove. The core persists
 * first and repeats later, always under the same number.
 *
 * No method throws for anything the network or the wallet does: what went wrong is in the outcome.
 */
export interface Provider {
  readonly channel: Channel;
  /** The largest amount of one trade here. */
  readonly amountMaxFen: Fen;
  /**
   * Makes the trade payable and gets its code. Safe to repeat with the same request: the same trade
   * gives a code again. All that is sent is derived from the request, so that a repeat is identical.
   */
  open(request: OpenRequest, at: Asked): Promise<Answered<OpenOutcome>>;
  /** What the wallet holds about a trade. */
  query(request: TradeRef, at: Asked): Promise<Answered<QueryOutcome>>;
  /** Makes an unpaid trade unpayable. Never refunds. Safe to repeat. */
  close(request: TradeRef, at: Asked): Promise<Answered<CloseOutcome>>;
  /**
   * Undoes a trade whose code nobody has ever seen (its `open` was never answered). Where the wallet has
   * a reversal it may refund; elsewhere the same as `close`. Safe to repeat.
   */
  cancel(request: TradeRef, at: Asked): Promise<Answered<CloseOutcome>>;
  /**
   * Between two requests to give back of one trade this must pass, a repeat of the same one included, ms.
   */
  readonly refundGapMs: number;
  /**
   * Gives back part or all of a paid trade. Safe to repeat with the same request: one number is given back once.
   */
  refund(request: RefundRequest, at: Asked): Promise<Answered<RefundOutcome>>;
  /** What the wallet holds about a refund. */
  refundQuery(request: RefundLookUp, at: Asked): Promise<Answered<RefundQueryOutcome>>;
  /**
   * What a notification proves, whoever brought it: verified on the bytes as they were posted, then compared
   * with our merchant and app. The amount is compared when it is settled. Never throws.
   */
  readNotification(posted: Posted, at: Asked): Promise<Notified>;
  /** Its bills; absent where the network at hand cannot bring them. */
  bills?: Bills;
  /** Frees connections. */
  stop(): Promise<void>;
}

export { BillError, type BillLine } from '../../wire/bill.ts';

/** `trade`: payments and refunds by our numbers · `fund_flow`: movements of the merchant's account, with fees. */
export type BillKind = 'trade' | 'fund_flow';

export interface BillRequest {
  /** `yyyy-MM-dd` in China, where both wallets end their days. */
  day: string;
  kind: BillKind;
}

/** A wallet's statements. Reading the lines throws `BillError` for the file's faults and `HttpFault` for the network's. */
export interface Bills {
  readonly kinds: readonly BillKind[];
  fetch(request: BillRequest, at: Asked): Promise<Answered<BillOutcome>>;
  /** The lines of a bill that a person dropped in, packed or not; of another day or merchant it is refused. */
  read(bytes: AsyncIterable<Uint8Array>, request: BillRequest): AsyncIterable<BillLine[]>;
}

/** Bytes of a bill's file so far; `of` is null where nobody said how long it is. */
export interface FileRead {
  done: number;
  of: number | null;
}

export type BillOutcome =
  /** To be read at once: the address behind it lives for seconds. `read` says how much of the file has come. */
  | { kind: 'lines'; lines: AsyncIterable<BillLine[]>; read(): FileRead }
  /** Nothing happened on that day. */
  | { kind: 'empty' }
  | { kind: 'not_ready' }
  /** Not ready, or nothing happened: the wallet has one word for both. */
  | { kind: 'not_there' }
  | Unanswered;

/** A notification as somebody received it from the wallet, byte for byte. */
export interface Posted {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  /** When it was received, by the clock of whoever did: ms since the epoch. Not trusted further than its use. */
  receivedMs: number;
}

export type Notified =
  /**
   * Genuine, and about a trade. `signedMs`: when the wallet says it signed. `refundNo`: it came because of this
   * refund, about which it proves nothing by itself.
   */
  | {
      kind: 'trade';
      tradeNo: string;
      signedMs: number | null;
      outcome: QueryOutcome;
      refundNo: string | null;
      shown?: Shown;
    }
  /** Genuine, and about a refund. */
  | {
      kind: 'refund';
      tradeNo: string;
      refundNo: string;
      signedMs: number | null;
      outcome: RefundQueryOutcome;
      shown?: Shown;
    }
  /** Genuine, and about something else, which no table here knows. */
  | { kind: 'other'; tradeNo: string | null; what: string }
  /** It cannot be judged just now: the wallet's keys could not be fetched. To be read again later. */
  | { kind: 'not_now' }
  /** Nothing is proven; `why` for whoever runs the relay. */
  | { kind: 'refused'; why: 'not_genuine' | 'unreadable' };

/** What a notification said, as it may be kept. */
export interface Shown {
  /** Masked, at most 4,000 characters. */
  answer: string;
  seal: Seal;
}

export interface TradeRef {
  tradeNo: string;
  amountFen: Fen;
  /** When the trade was written here, ms since the epoch: before the first request. */
  createdAtMs: number;
  /** The last moment at which we want it payable, ms since the epoch. */
  expiresAtMs: number;
}

export interface OpenRequest extends TradeRef {
  subject: string;
  /** Where the wallet is told to post what happens; absent: as its configuration says. */
  notifyUrl?: string;
}

interface RefundRef {
  refundNo: string;
  /** What goes back; the trade's own amount is beside it. */
  amountFen: Fen;
  trade: { tradeNo: string; amountFen: Fen };
}

/** A refund whose amount may not be known here: the wallet says it. */
export type RefundLookUp = Omit<RefundRef, 'amountFen'>;

export interface RefundRequest extends RefundRef {
  /** Shown to the customer by the wallet. */
  reason: string;
  /** As of {@link OpenRequest}. */
  notifyUrl?: string;
}

/** The core's clock when it asks, so that the provider needs none. */
export interface Asked {
  nowMs: number;
  signal?: AbortSignal;
}

export type OpenOutcome =
  | { kind: 'code'; codeUrl: string }
  /** The wallet refused for good: nothing is payable under this number. */
  | { kind: 'refused'; reason: RefusalReason; code: string; message: string }
  /** The number is known to the wallet in another state (already paid, closed): ask by query. */
  | { kind: 'query_first'; code: string; message: string }
  | Unanswered;

export type QueryOutcome = { kind: 'evidence'; evidence: Evidence } | Mismatch | Unanswered;

export type CloseOutcome =
  /** The wallet took it: ask by query for the evidence. */
  | { kind: 'accepted' }
  /**
   * The wallet cannot close it before `payableUntilMs`, because it knows no trade under this number yet
   * while a code for it may be about. Keep watching until then; a query afterwards settles it.
   */
  | { kind: 'not_yet'; payableUntilMs: number }
  /** It is not in a state to be closed (perhaps just paid): ask by query. */
  | { kind: 'query_first'; code: string; message: string }
  | Unanswered;

export type RefundOutcome =
  | { kind: 'evidence'; evidence: RefundEvidence }
  /** The wallet took the question: what came of it is asked by query. */
  | { kind: 'accepted' }
  /** The merchant's account has too little money. Nothing was done; the same number again once it has. */
  | { kind: 'held'; why: 'balance'; code: string; message: string }
  /** The wallet refused for good: under this number nothing goes back. */
  | { kind: 'refused'; reason: RefundRefusal; code: string; message: string }
  /** A refusal, unless a query finds the refund: the number may be known there. */
  | { kind: 'query_first'; code: string; message: string }
  | Mismatch
  | Unanswered;

export type RefundQueryOutcome =
  | { kind: 'evidence'; evidence: RefundEvidence }
  /** The wallet knows no refund under this number, or not yet. */
  | { kind: 'unseen'; code: string }
  | Mismatch
  | Unanswered;

export type RefundRefusal =
  | 'merchant_rejected'
  | 'invalid_parameter'
  | 'exceeds_payment'
  | 'not_refundable'
  | 'account_unusable'
  | 'other';

/** A genuine answer about something else than what was asked: wrong merchant, app or number. Never money. */
export interface Mismatch {
  kind: 'mismatch';
  field: 'tradeNo' | 'refundNo' | 'appId' | 'merchantId' | 'currency';
  expected: string;
  received: string;
}

/**
 * Nothing is proven. `cause` says why, for screens and back-off:
 * `network` no connection, certainly not sent · `no_answer` sent, and no whole answer came ·
 * `server_error` 5xx or the wallet's own "system error" · `not_genuine` the answer's signature is missing
 * or wrong · `unreadable` not the format at all (HTML from a captive portal) · `throttled` not executed,
 * slow down · `misconfigured` not executed, our keys or ids are wrong · `clock` not executed, our clock is
 * off · `unlisted` a genuine word that no table here knows.
 */
export interface Unanswered {
  kind: 'unknown';
  cause:
    | 'network'
    | 'no_answer'
    | 'server_error'
    | 'not_genuine'
    | 'unreadable'
    | 'throttled'
    | 'misconfigured'
    | 'clock'
    | 'unlisted';
  code: string;
  message: string;
}

export type RefusalReason =
  | 'merchant_rejected'
  | 'signature_rejected'
  | 'invalid_parameter'
  | 'amount_exceeds_limit'
  | 'forbidden_word'
  | 'order_number_used'
  | 'other';

/** A request as it was sent: payer data masked, cut at 2,000 characters, and no key. */
export interface Said {
  method: string;
  /** With its query, without its signature. */
  url: string;
  body: string | null;
  /** The merchant's, in Base64. */
  signature: string | null;
  /** Of the key or certificate that it was made with; null where the wallet goes by the app alone. */
  serial: string | null;
}

/** How an answer or a notification was signed, and what the till found. */
export interface Seal {
  /** The wallet's, in Base64; null when it had none. */
  signature: string | null;
  /** Of the wallet's key, as far as it names one. */
  serial: string | null;
  /** `OK`, or a word for why it proves nothing. */
  verdict: string;
  /** SHA-256 of the body as it came, hexadecimal: what is kept of it is masked. */
  digest: string;
}

/** An outcome with what the wire showed, kept for the timeline and for support. */
export interface Answered<O> {
  outcome: O;
  exchange: {
    httpStatus: number | null;
    providerCode: string | null;
    requestId: string | null;
    /** The answer's text as received, at most 4,000 characters; null when none came. Payer data is masked. */
    answer: string | null;
    /** The wallet's clock from its `Date` header, ms since the epoch. */
    providerDateMs: number | null;
    /** Null or absent when nothing was sent. */
    said?: Said | null;
    /** Absent when nothing came. */
    seal?: Seal;
  };
}
