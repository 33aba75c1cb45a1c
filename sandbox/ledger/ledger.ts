import { z } from 'zod';
import { type Fen, fen } from '../../backend/domain/money.ts';
import { wechatTime } from '../../wire/china-time.ts';
import {
  holdsItsPart,
  type LedgerRefund,
  newRefund,
  RefundBook,
  type RefundStatus,
  type RefundWish,
  refundShape,
  refundView,
} from './refund.ts';
import {
  aged,
  hastened,
  type LedgerCode,
  type LedgerTrade,
  type PhoneRefusal,
  paid,
  phoneRefusal,
  scanned,
  step,
  tradeShape,
} from './trade.ts';

export type LedgerChannel = LedgerTrade['channel'];

export const ledgerShape = z.object({ trades: z.array(tradeShape), refunds: z.array(refundShape) });
export type LedgerSnapshot = z.infer<typeof ledgerShape>;

export interface Found {
  trade: LedgerTrade;
  code: LedgerCode;
}

export type PhoneOutcome =
  | { ok: true; trade: LedgerTrade }
  | { ok: false; why: PhoneRefusal | 'unknown_code' };

/** Everything the two wallets hold: the truth. Changes come through here alone; each one is seen at once. */
export class Ledger {
  readonly #trades = new Map<string, LedgerTrade>();
  readonly #byCode = new Map<string, string>();
  readonly #byProviderNo = new Map<string, string>();
  readonly #refunds: RefundBook;
  readonly #nowMs: () => number;
  readonly #freshNo: (channel: LedgerChannel) => string;
  readonly #onChange: () => void;
  readonly #onPaid: (trade: LedgerTrade) => void;
  readonly #onRefund: (refund: LedgerRefund, trade: LedgerTrade) => void;

  constructor(options: {
    nowMs: () => number;
    freshNo: (channel: LedgerChannel) => string;
    onChange?: () => void;
    /** Told in the same turn as the change itself. */
    onPaid?: (trade: LedgerTrade) => void;
    /** As `onPaid`: a refund was made, or has become another. */
    onRefund?: (refund: LedgerRefund, trade: LedgerTrade) => void;
    snapshot?: LedgerSnapshot | undefined;
  }) {
    this.#nowMs = options.nowMs;
    this.#freshNo = options.freshNo;
    this.#onChange = options.onChange ?? (() => {});
    this.#onPaid = options.onPaid ?? (() => {});
    this.#onRefund = options.onRefund ?? (() => {});
    for (const trade of options.snapshot?.trades ?? []) this.#index(trade);
    this.#refunds = new RefundBook(options.snapshot?.refunds ?? []);
  }

  find(channel: LedgerChannel, tradeNo: string): LedgerTrade | undefined {
    const trade = this.#trades.get(key(channel, tradeNo));
    return trade && this.#age(trade);
  }

  findByProviderNo(channel: LedgerChannel, providerTradeNo: string): LedgerTrade | undefined {
    const found = this.#byProviderNo.get(key(channel, providerTradeNo));
    const trade = found === undefined ? undefined : this.#trades.get(found);
    return trade && this.#age(trade);
  }

  findByCode(code: string): Found | undefined {
    const found = this.#byCode.get(code);
    const trade = found === undefined ? undefined : this.#trades.get(found);
    const held = trade?.codes.find((one) => one.code === code);
    return trade && held && { trade: this.#age(trade), code: held };
  }

  /** Keeps a trade: a new one, or one that a transition has changed. */
  put(trade: LedgerTrade): LedgerTrade {
    this.#index(trade);
    this.#onChange();
    return trade;
  }

  /** The customer scans a code. */
  scan(code: string): PhoneOutcome {
    return this.#onPhone(code, (trade, nowMs) => this.#scanned(trade, nowMs));
  }

  /** The customer pays; scans first where that was not done. */
  pay(code: string): PhoneOutcome {
    const outcome = this.#onPhone(code, (trade, nowMs) =>
      paid(this.#scanned(trade, nowMs), () => this.#freshNo(trade.channel), nowMs),
    );
    if (outcome.ok) this.#onPaid(outcome.trade);
    return outcome;
  }

  /** The customer types the password (`type`) or turns back. Alipay shows no difference. */
  typing(code: string, event: 'type' | 'turn_back'): PhoneOutcome {
    return this.#onPhone(code, (trade, nowMs) => {
      const after = this.#scanned(trade, nowMs);
      return trade.channel === 'wechat' ? step(after, event) : after;
    });
  }

  /** Returns the whole payment to the customer and closes the trade (Alipay's cancel). */
  cancelPaid(trade: LedgerTrade, refundNo: string): LedgerTrade {
    const nowMs = this.#nowMs();
    this.#refunds.put(
      refundShape.parse({
        channel: trade.channel,
        tradeNo: trade.tradeNo,
        refundNo,
        amountFen: trade.amountFen,
        refundedAtMs: nowMs,
      }),
    );
    return this.put({ ...step(trade, 'cancel'), refundedFen: trade.amountFen, closedAtMs: nowMs });
  }

  findRefund(channel: LedgerChannel, tradeNo: string, refundNo: string): LedgerRefund | undefined {
    return this.#refunds.find(channel, tradeNo, refundNo);
  }

  /** In the order of making. */
  refundsOf(trade: LedgerTrade): LedgerRefund[] {
    return this.#refunds.of(trade);
  }

  /** What can still be given back of a trade, fen. */
  leftFen(trade: LedgerTrade): number {
    const held = this.refundsOf(trade).filter(holdsItsPart);
    return held.reduce((left, { amountFen }) => left - amountFen, paidSoFar(trade) as number);
  }

  /** Gives part or all of a paid trade back. Only call when that much is left. */
  refund(trade: LedgerTrade, wish: RefundWish): LedgerRefund {
    if (wish.amountFen > this.leftFen(trade)) throw new Error('More would go back than was paid.');
    const refund = this.#refunds.put(newRefund(trade, wish, this.#nowMs()));
    const after = this.#summedUp({ ...trade, ...step(trade, 'refund') });
    this.#onRefund(refund, after);
    return refund;
  }

  /** The merchant asked for it once more. */
  refundAgain(refund: LedgerRefund): LedgerRefund {
    this.#onChange();
    return this.#refunds.put({ ...refund, requests: refund.requests + 1 });
  }

  /** A refund becomes another: paid out, ended, or stuck. */
  refundBecomes(refund: LedgerRefund, status: RefundStatus): LedgerRefund {
    const trade = this.find(refund.channel, refund.tradeNo);
    if (!trade) throw new Error(`The refund ${refund.refundNo} is of no trade of the ledger.`);
    const refundedAtMs = status === 'SUCCESS' ? (refund.refundedAtMs ?? this.#nowMs()) : null;
    const after = this.#refunds.put({ ...refund, status, refundedAtMs, endsAtMs: null });
    this.#onRefund(after, this.#summedUp(trade));
    return after;
  }

  /** Refunds that are still being paid out. */
  paidOutLater(): LedgerRefund[] {
    return this.#refunds.all().filter(({ status, endsAtMs }) => status === 'PROCESSING' && endsAtMs !== null);
  }

  /** Every refund under this number, whichever wallet's. */
  refundsNamed(refundNo: string): LedgerRefund[] {
    return this.#refunds.all().filter((refund) => refund.refundNo === refundNo);
  }

  /** What a customer could still scan, newest first. */
  scannable(): Found[] {
    const nowMs = this.#nowMs();
    return this.#all()
      .flatMap((trade) => {
        const code = trade.codes.at(-1);
        return code && phoneRefusal(trade, code, nowMs) === null ? [{ trade, code }] : [];
      })
      .reverse();
  }

  /** Lets all that is still to end come `ms` nearer; returns how many trades there are. */
  hasten(ms: number): number {
    const trades = this.#all();
    for (const trade of trades) this.put(hastened(trade, ms));
    for (const refund of this.paidOutLater())
      this.#refunds.put({ ...refund, endsAtMs: (refund.endsAtMs ?? 0) - ms });
    return trades.length;
  }

  refusalOf(found: Found): PhoneRefusal | null {
    return phoneRefusal(found.trade, found.code, this.#nowMs());
  }

  snapshot(): LedgerSnapshot {
    return { trades: this.#all(), refunds: this.#refunds.all() };
  }

  /** What `GET /ledger` shows, in the order of making; `beside` adds what others know of a trade. */
  view(beside: (trade: LedgerTrade) => object = () => ({})): {
    trades: object[];
    refunds: object[];
    totals: { paidFen: number; refundedFen: number };
  } {
    const trades = this.#all();
    const paidFen = trades.reduce((sum, trade) => sum + paidSoFar(trade), 0);
    return {
      trades: trades.map((trade) => ({ ...tradeView(trade), ...beside(trade) })),
      refunds: this.#refunds.all().map(refundView),
      totals: { paidFen, refundedFen: this.#givenBack(this.#refunds.all()) },
    };
  }

  /** The trade with what was given back of it by now; Alipay closes one that is given back whole. */
  #summedUp(trade: LedgerTrade): LedgerTrade {
    const refundedFen = fen(this.#givenBack(this.refundsOf(trade)));
    const isWhole = trade.channel === 'alipay' && refundedFen === trade.amountFen;
    const closing = isWhole && trade.state === 'TRADE_SUCCESS';
    return this.put({
      ...(closing ? { ...step(trade, 'refund_in_full'), closedAtMs: this.#nowMs() } : trade),
      refundedFen,
    });
  }

  #givenBack(refunds: readonly LedgerRefund[]): number {
    return refunds
      .filter(({ status }) => status === 'SUCCESS')
      .reduce((sum, { amountFen }) => sum + amountFen, 0);
  }

  #onPhone(code: string, act: (trade: LedgerTrade, nowMs: number) => LedgerTrade): PhoneOutcome {
    const found = this.findByCode(code);
    if (!found) return { ok: false, why: 'unknown_code' };
    const why = this.refusalOf(found);
    if (why) return { ok: false, why };
    const trade = act(found.trade, this.#nowMs());
    return { ok: true, trade: trade === found.trade ? trade : this.put(trade) };
  }

  #scanned(trade: LedgerTrade, nowMs: number): LedgerTrade {
    return scanned(trade, () => this.#freshNo(trade.channel), nowMs);
  }

  #age(trade: LedgerTrade): LedgerTrade {
    const after = aged(trade, this.#nowMs());
    return after === trade ? trade : this.put(after);
  }

  #all(): LedgerTrade[] {
    return [...this.#trades.values()].map((trade) => this.#age(trade));
  }

  #index(trade: LedgerTrade): void {
    const at = key(trade.channel, trade.tradeNo);
    for (const { code } of this.#trades.get(at)?.codes ?? []) this.#byCode.delete(code);
    this.#trades.set(at, trade);
    for (const { code } of trade.codes) this.#byCode.set(code, at);
    if (trade.providerTradeNo) this.#byProviderNo.set(key(trade.channel, trade.providerTradeNo), at);
  }
}

function paidSoFar(trade: LedgerTrade): Fen | 0 {
  return trade.paidAtMs === null ? 0 : trade.amountFen;
}

function tradeView(trade: LedgerTrade): object {
  const code = trade.codes.at(-1);
  return {
    channel: trade.channel,
    tradeNo: trade.tradeNo,
    providerTradeNo: trade.providerTradeNo,
    state: trade.state,
    paid: trade.paidAtMs !== null,
    amountFen: trade.amountFen,
    refundedFen: trade.refundedFen,
    subject: trade.subject,
    code: code?.code ?? null,
    codeExpiresAt: code ? wechatTime(code.expiresAtMs) : null,
    createdAt: wechatTime(trade.createdAtMs),
    scannedAt: timeOrNull(trade.scannedAtMs),
    paidAt: timeOrNull(trade.paidAtMs),
    closedAt: timeOrNull(trade.closedAtMs),
    expiresAt: timeOrNull(trade.payableUntilMs),
    notifyUrl: trade.notifyUrl,
  };
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : wechatTime(ms);
}

function key(channel: LedgerChannel, no: string): string {
  return `${channel} ${no}`;
}
